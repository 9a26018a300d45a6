//! Hospitals' own CSV files, simulated and deployed; and four real hospitals.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::lab::{Lab, of_kind, summary, text, until};

const EXPERIMENT: &str = r#"
name = "own-files"
rounds = 4

[data.csv]
folder = "files"
label = "grade > 1"
missing_values = "median"
features = [{ column = "age" }, { column = "dose" }]
hospitals = [{ name = "north", file = "north.csv" }, { name = "south", file = "south.csv" }]

[preprocessing]
scaling = "federated"

[model.logistic]

[training]
epochs = 2

[baselines]
pooled_real_data = true
"#;

fn lab() -> Lab {
    let lab = Lab::new(EXPERIMENT);
    fs::create_dir(lab.path("files")).unwrap();
    for (name, shift) in [("north", 0), ("south", 3)] {
        let mut file = String::from("age,dose,grade\n");
        for row in 0..60 {
            let dose = (row * 7 + shift) % 13;
            let age = if row % 11 == 0 {
                "?".to_owned()
            } else {
                (40 + row % 30).to_string()
            };
            writeln!(file, "{age},{dose},{}", dose / 4).unwrap();
        }
        fs::write(lab.path(&format!("files/{name}.csv")), file).unwrap();
    }
    lab
}

#[test]
fn a_coordinator_s_own_file_is_read_by_it_alone() {
    let lab = lab();
    let trusting = EXPERIMENT.replace(
        "[baselines]",
        "[strategy.fltrust]\nroot_file = \"root.csv\"\n[baselines]",
    );
    fs::write(lab.path("e.toml"), &trusting).unwrap();
    let absent = lab.output("run e.toml");
    assert_eq!(absent.status.code(), Some(4));
    let told = String::from_utf8_lossy(&absent.stderr).into_owned();
    assert!(told.contains("root.csv"), "{told}");
    let rows = "age,dose,grade\n50,12,3\n?,1,0\n61,9,2\n44,2,0\n";
    fs::write(lab.path("files/root.csv"), rows).unwrap();
    let one = lab.digest("run e.toml");
    assert_eq!(one, lab.digest("up e.toml"));
    let turned = rows
        .replace("12,3", "12,0")
        .replace("9,2", "9,0")
        .replace("1,0\n61", "1,3\n61");
    fs::write(lab.path("files/root.csv"), turned).unwrap();
    assert_ne!(one, lab.digest("run e.toml"));
    fs::write(
        lab.path("e.toml"),
        trusting.replace("root_file = \"root.csv\"", ""),
    )
    .unwrap();
    let refused = lab.output("run e.toml");
    assert_eq!(refused.status.code(), Some(3));
}

#[test]
fn own_files_give_the_same_bits_simulated_and_deployed() {
    let lab = lab();
    let simulated = lab.summary("run e.toml");
    let deployed = lab.summary("up e.toml");
    assert_eq!(
        text(&simulated, "model_digest"),
        text(&deployed, "model_digest")
    );
    assert_eq!(simulated["results"], deployed["results"]);
}

#[test]
fn a_coordinator_needs_no_hospital_s_file() {
    let lab = lab();
    let whole = lab.digest("run e.toml");
    fs::remove_dir_all(lab.path("runs")).unwrap();
    // Each hospital has its file where nobody else has it.
    for name in ["north", "south"] {
        fs::create_dir(lab.path(name)).unwrap();
        let from = lab.path(&format!("files/{name}.csv"));
        fs::rename(from, lab.path(&format!("{name}/{name}.csv"))).unwrap();
    }
    let coordinator = lab.start("coordinator e.toml --announce there.json --format json");
    let address = until("the address", || {
        let text = fs::read_to_string(lab.path("there.json")).ok()?;
        let there: Value = serde_json::from_str(&text).ok()?;
        there["address"].as_str().map(str::to_owned)
    });
    let data = &EXPERIMENT[EXPERIMENT.find("[data.csv]").unwrap()..];
    let data = &data[..data.find("[preprocessing]").unwrap()];
    let hospitals = ["north", "south"].map(|name| {
        let data = data.replace("\"files\"", &format!("\"{name}\""));
        let file = format!(
            "name = \"{name}\"\ncoordinator = \"{address}\"\nexperiment = \"e.toml\"\n{data}"
        );
        fs::write(lab.path(&format!("{name}.toml")), file).unwrap();
        lab.start(&format!("hospital {name}.toml"))
    });
    assert_eq!(text(&summary(&coordinator.output()), "model_digest"), whole);
    for hospital in hospitals {
        assert_eq!(hospital.output().status.code(), Some(0));
    }
}

#[test]
fn a_wrong_cell_ends_a_hospital_and_a_run_with_its_place() {
    let lab = lab();
    let file = lab.path("files/south.csv");
    let text = fs::read_to_string(&file)
        .unwrap()
        .replacen("42,", "fortytwo,", 1);
    fs::write(&file, text).unwrap();
    let output = lab.output("run e.toml");
    assert_eq!(output.status.code(), Some(4));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    for word in ["south.csv", "line 4", "fortytwo", "age"] {
        assert!(told.contains(word), "no {word} in {told}");
    }
}

#[test]
fn a_run_on_own_files_is_resumed_from_anywhere() {
    let lab = lab();
    let whole = lab.digest("run e.toml");
    let lab = self::lab();
    let killed = lab.start("run e.toml --set rounds=4");
    let run = lab.run_dir();
    until("a closed round", || {
        (!of_kind(&run, "round_closed").is_empty()).then_some(())
    });
    drop(killed);
    fs::create_dir(lab.path("elsewhere")).unwrap();
    let mut command = lab.command(&format!("run --resume {} --format json", run.display()));
    let output = command.current_dir(lab.path("elsewhere")).output().unwrap();
    // It may have been over before it could be killed.
    if output.status.code() == Some(0) {
        assert_eq!(text(&summary(&output), "model_digest"), whole);
    } else {
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("played all its rounds"), "{told}");
    }
}

/// A run of `config` on four real hospitals; `None`, said aloud, where their files are not.
fn heart(config: &str) -> Option<Value> {
    let folder = crate::heart::folder()?;
    let configs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let lab = Lab::new("");
    Some(lab.summary(&format!(
        "run {} --set data.csv.folder={}",
        configs.join(config).display(),
        folder.display()
    )))
}

/// A result of a run, by model, metric and group.
fn result(run: &Value, model: &str, metric: &str, group: &str) -> f64 {
    let is =
        |row: &&Value| row["model"] == model && row["metric"] == metric && row["group"] == group;
    let rows = run["results"].as_array().unwrap();
    rows.iter().find(is).unwrap()["value"].as_f64().unwrap()
}

#[test]
fn a_private_intercept_serves_four_real_hospitals_best() {
    let Some(run) = heart("heart-private-intercept.toml") else {
        return;
    };
    let mean = |model: &str| result(&run, model, "accuracy_mean_of_hospitals", "all");
    assert!(mean("personal") >= 0.80, "{}", mean("personal"));
    assert!(mean("personal") > mean("federated") + 0.05);
    assert!(mean("personal") > mean("pooled") + 0.05);
}

#[test]
fn four_real_hospitals_land_on_the_known_figures() {
    let Some(run) = heart("heart.toml") else {
        return;
    };
    let mean = |model: &str| result(&run, model, "accuracy_mean_of_hospitals", "all");
    let auc = |model: &str| result(&run, model, "auc_all_cases", "all");
    assert!(
        (mean("federated") - 0.712).abs() <= 0.015,
        "{}",
        mean("federated")
    );
    assert!(
        (auc("federated") - 0.802).abs() <= 0.01,
        "{}",
        auc("federated")
    );
    assert!((mean("federated") - mean("pooled")).abs() <= 0.005);
    assert!((auc("federated") - auc("pooled")).abs() <= 0.005);
    let known = [
        ("cleveland", 0.853),
        ("hungarian", 0.867),
        ("switzerland", 0.933),
        ("va", 0.746),
    ];
    for (hospital, known) in known {
        let found = result(&run, "federated", "auc", hospital);
        assert!(
            (found - known).abs() <= 0.005,
            "{hospital}: {found}, not {known}"
        );
    }
}
