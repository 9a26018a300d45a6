//! Who takes part, played by the real program: a federation that grows, hospitals that cannot afford it, and
//! ten thousand phones.

use std::path::PathBuf;

use serde_json::Value;

use crate::lab::{Lab, SMALL, of_kind, text};

fn config(name: &str) -> PathBuf {
    let name = format!("../../configs/obstacles/{name}.toml");
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// What the only examination says of `group`.
fn examined(run: &Value, group: &str, metric: &str) -> f64 {
    let rows = run["examinations"][0]["results"].as_array().unwrap();
    let is = |row: &&Value| row["group"] == group && row["metric"] == metric;
    let row = rows.iter().find(is);
    row.unwrap_or_else(|| panic!("no {metric} of {group} in {rows:?}"))["value"]
        .as_f64()
        .unwrap()
}

/// A result of `group` under `model`.
fn auc(run: &Value, group: &str, model: &str) -> f64 {
    let rows = run["results"].as_array().unwrap();
    let is =
        |row: &&Value| row["group"] == group && row["model"] == model && row["metric"] == "auc";
    rows.iter().find(is).unwrap()["value"].as_f64().unwrap()
}

/// How many hospitals each round asked.
fn asked(lab: &Lab, run: &Value) -> Vec<usize> {
    let opened = of_kind(&lab.path(&text(run, "run_dir")), "round_opened");
    let cohort = |event: &Value| event["cohort"].as_array().unwrap().len();
    opened.iter().map(cohort).collect()
}

#[test]
fn hospitals_that_have_not_joined_give_nothing() {
    let lab = Lab::new(SMALL);
    let grows = "--set adoption={start=0.3,full_by=4}";
    let [run, up] = ["run", "up"].map(|verb| lab.summary(&format!("{verb} e.toml {grows}")));
    assert_eq!(run["model_digest"], up["model_digest"]);
    assert_eq!(run["reach"], up["reach"]);
    // .3, .53, .77 of three hospitals, then all.
    assert_eq!(asked(&lab, &run), [1, 2, 2, 3, 3, 3]);
    let dir = lab.path(&text(&run, "run_dir"));
    assert_eq!(of_kind(&dir, "scaling_agreed")[0]["reporters"], 1);
    let by_round = run["reach"]["by_round"].as_array().unwrap();
    let column = |key: &str| -> Vec<f64> {
        let values = by_round.iter().map(|by| by[key].as_f64().unwrap());
        values.map(|value| (value * 1_980.0).round()).collect()
    };
    // Scored after rounds 2, 4 and 6; 1,500, 400 and 80 patients.
    assert_eq!(column("joined_patients"), [1_900.0, 1_980.0, 1_980.0]);
    assert_eq!(column("patients"), column("joined_patients"));
    assert!(by_round[0]["auc"].as_f64().unwrap() > 0.5);
    let report = std::fs::read_to_string(dir.join("report.html")).unwrap();
    assert!(report.contains("Hospitals that have joined"));
    let plain = lab.digest("run e.toml");
    assert_ne!(text(&run, "model_digest"), plain);
    // A switch that is on and does nothing leaves every bit in place.
    let all = "--set adoption={start=1.0,full_by=1,order='random'}";
    assert_eq!(plain, lab.digest(&format!("run e.toml {all}")));
    let sampled = lab.summary(&format!("run e.toml {grows} --set sampler.uniform.count=2"));
    assert_eq!(asked(&lab, &sampled), [1, 2, 2, 2, 2, 2]);
    let lonely = "--set secure_aggregation={min_survivors=3} --set preprocessing.scaling=local";
    let refused = lab.output(&format!("run e.toml {grows} {lonely}"));
    assert_eq!(refused.status.code(), Some(3));
}

#[test]
fn who_cannot_afford_it_stays_out_and_keeps_its_own_model() {
    let lab = Lab::new(SMALL);
    let fee = |verb: &str, fee: &str| {
        let sets = format!("--set reimbursement={{fee={fee},spread=0}} --set baselines.alone=true");
        lab.summary(&format!("{verb} e.toml {sets}"))
    };
    let [run, up] = ["run", "up"].map(|verb| fee(verb, "0"));
    assert_eq!(run["model_digest"], up["model_digest"]);
    assert_eq!(run["examinations"], up["examinations"]);
    assert_eq!(asked(&lab, &run), [1; 6]);
    let joined =
        |run: &Value| ["tertiary", "county", "township"].map(|tier| examined(run, tier, "joined"));
    assert_eq!(joined(&run), [1.0, 0.0, 0.0]);
    for (tier, model) in [("tertiary", "federated"), ("township", "alone")] {
        assert_eq!(examined(&run, tier, "auc_in_use"), auc(&run, tier, model));
    }
    // A township breaks even at 46,000 yuan for 38,800 visits and .188, a county at 62,000 for 2,400.
    assert_eq!(joined(&fee("run", "7")), [1.0, 0.0, 1.0]);
    let everybody = fee("run", "26");
    assert_eq!(joined(&everybody), [1.0; 3]);
    let plain = lab.digest("run e.toml");
    assert_eq!(text(&everybody, "model_digest"), plain);
    let out =
        lab.output("plan e.toml --set reimbursement={fee=7,spread=0} --set baselines.alone=true");
    let plan = String::from_utf8(out.stdout).unwrap();
    assert!(
        plan.contains("tertiary 1 of 1, county 0 of 1, township 1 of 1"),
        "{plan}"
    );
}

#[test]
fn one_in_a_hundred_of_ten_thousand_phones_takes_part() {
    let lab = Lab::new("");
    let line = format!("run {} --set rounds=3", config("cross-device").display());
    let run = lab.summary(&line);
    assert_eq!(asked(&lab, &run), [100; 3]);
    assert_eq!(run["reporters"], 300);
    let hospitals = run["reach"]["hospitals"].as_f64().unwrap();
    assert!((0.028..=0.03).contains(&hospitals), "{hospitals}");
    assert_eq!(run["results"].as_array().unwrap()[0]["group"], "all");
}
