//! The lecture's ten demonstrations plan, in order; and several runs of one file are told together.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::lab::{Lab, SMALL, summary, text};

/// The experiments of the lecture, by name.
fn demonstrations() -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../configs/lecture");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    paths
}

#[test]
fn the_ten_demonstrations_plan() {
    let lab = Lab::new("");
    let paths = demonstrations();
    assert_eq!(paths.len(), 10);
    for (number, path) in (1..).zip(&paths) {
        let name = path.file_name().unwrap().to_string_lossy();
        assert!(name.starts_with(&format!("{number:02}-")), "{name}");
        let plan = summary(&lab.output(&format!("plan {} --format json", path.display())));
        let plans = match plan {
            Value::Array(plans) => plans,
            one => vec![one],
        };
        for plan in &plans {
            let named = text(&plan["config"], "name");
            assert!(
                named.starts_with(&format!("lecture-{number:02}")),
                "{named}"
            );
            assert!(plan["forecast"]["rounds"].as_u64().unwrap() > 0);
        }
        // What the class is to look for stands in the file.
        let own = fs::read_to_string(path).unwrap();
        assert!(
            own.contains("# Look at:") && own.contains("# Number:"),
            "{name}"
        );
    }
}

#[test]
fn variants_are_played_in_turn_each_as_by_itself() {
    let variants = "\n[[variants]]\nname = \"mean\"\n\n[[variants]]\nname = \"prox\"\n\
                    set = [\"strategy={fedprox={mu=1.0}}\", \"rounds=3\"]\n";
    let lab = Lab::new(&format!("{SMALL}{variants}"));
    let series = lab.summary("run e.toml --seed 5");
    let runs = series["runs"].as_array().unwrap();
    let names: Vec<String> = runs.iter().map(|run| text(run, "name")).collect();
    assert_eq!(names, ["mean", "prox"]);
    assert_eq!(runs[1]["summary"]["rounds"], 3);
    // The same bits as without variants.
    fs::write(lab.path("one.toml"), SMALL).unwrap();
    let prox = "--set strategy={fedprox={mu=1.0}} --set rounds=3";
    for (run, set) in runs.iter().zip(["", prox]) {
        let alone = lab.digest(&format!("run one.toml --seed 5 {set}"));
        assert_eq!(text(&run["summary"], "model_digest"), alone);
        // Its directory is a run like any other, which can be played again.
        let config = format!("{}/config.resolved.toml", text(&run["summary"], "run_dir"));
        assert_eq!(lab.digest(&format!("run {config}")), alone);
    }
    assert!(lab.path("runs/small.comparison.html").exists());
    let table = String::from_utf8(lab.output("run e.toml --quiet").stdout).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(
        lines[0].starts_with("variant  metric  federated"),
        "{table}"
    );
    assert!(lines[2].starts_with("prox     auc     0."), "{table}");
}

#[test]
fn a_lost_quorum_is_told_and_the_others_are_played() {
    let deaf = "simulation={silent=0.99}\", \"round={quorum=1.0, most_abandoned=1}";
    let variants = format!(
        "\n[[variants]]\nname = \"deaf\"\nset = [\"{deaf}\"]\n[[variants]]\nname = \"well\"\n"
    );
    let lab = Lab::new(&format!("{SMALL}{variants}"));
    let output = lab.output("run e.toml --quiet");
    assert_eq!(output.status.code(), Some(6));
    let table = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].contains("ended early"), "{table}");
    assert!(
        lines[1].starts_with("deaf") && lines[1].contains("after "),
        "{table}"
    );
    assert!(
        lines[2].starts_with("well") && lines[2].contains("auc"),
        "{table}"
    );
}

#[test]
fn several_runs_are_refused_where_one_is_meant() {
    let lab = Lab::new(&format!("{SMALL}\n[[variants]]\nname = \"a\"\n"));
    let output = lab.output("up e.toml");
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("`variants` are 1 runs"), "{said}");
    assert!(!lab.path("runs").exists());
}

#[test]
fn all_scenarios_are_found_from_any_folder_and_take_settings() {
    let lab = Lab::new("");
    let output = lab.output("run --all-scenarios --set rounds=0");
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("`rounds` must be at least 1"), "{said}");
    assert!(!lab.path("runs").exists());
    // No data of one's own: each file names its scenario.
    let output = lab.output("run --all-scenarios --set data.emr-risk.population=ward-33");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("ward-33"), "{said}");
}
