//! Obstacles as switches, played by the real program: patients who do not consent or who withdraw,
//! doctors who miss more than they alarm, a law that drifts, hubs that draw the patients.

use std::path::PathBuf;

use serde_json::Value;

use crate::lab::{Lab, SMALL, text};

/// The rows that `run` says of `group`: present, then used from round to round.
fn rows(run: &Value, group: &str) -> (u64, Vec<(u64, u64)>) {
    let all = run["rows"].as_array().unwrap();
    let of = all.iter().find(|rows| rows["group"] == group).unwrap();
    let number = |value: &Value| value.as_u64().unwrap();
    let used = of["used"].as_array().unwrap().iter();
    let used = used.map(|used| (number(&used["from_round"]), number(&used["rows"])));
    (number(&of["present"]), used.collect())
}

/// Everybody's value of `metric` under `model`.
fn value(run: &Value, model: &str, metric: &str) -> f64 {
    let rows = run["results"].as_array().unwrap();
    let is =
        |row: &&Value| row["group"] == "all" && row["model"] == model && row["metric"] == metric;
    rows.iter().find(is).unwrap()["value"].as_f64().unwrap()
}

/// The weights of the updates of `hospital` by round, as the event log tells them.
fn weights(lab: &Lab, node: u64) -> Vec<u64> {
    let events = std::fs::read_to_string(lab.run_dir().join("events.jsonl")).unwrap();
    let events = events
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let accepted = events.filter_map(|event: Value| {
        let accepted = event["event"].get("report_accepted")?.clone();
        (accepted["node"] == node).then(|| accepted["weight"].as_u64().unwrap())
    });
    accepted.collect()
}

#[test]
fn rows_without_consent_are_not_used_and_rows_that_leave_weigh_no_more() {
    let lab = Lab::new(SMALL);
    let sets = "--set data.emr-risk.consent=true \
                --set data.emr-risk.withdrawal={share=0.5,rounds=[2,4]}";
    let run = lab.summary(&format!("run e.toml {sets}"));
    let (present, used) = rows(&run, "tertiary");
    assert_eq!(present, 1_500);
    let turns: Vec<u64> = used.iter().map(|(round, _)| *round).collect();
    assert_eq!(turns, [1, 3, 5]);
    for ((_, rows), share) in used.iter().zip([0.9, 0.45, 0.225]) {
        let found = *rows as f64 / 1_500.0;
        assert!((found - share).abs() < 0.05, "{found} is not {share}");
    }
    // What counts is what is used: a round has as many rows as the report says.
    let known: Vec<u64> = [0, 0, 1, 1, 2, 2].map(|turn: usize| used[turn].1).to_vec();
    assert_eq!(weights(&lab, 0), known);
    let tiers = ["tertiary", "county", "township"].map(|tier| rows(&run, tier));
    let (present, used) = rows(&run, "all");
    assert_eq!(
        present,
        tiers.iter().map(|(present, _)| present).sum::<u64>()
    );
    assert_eq!(
        used[2].1,
        tiers.iter().map(|(_, used)| used[2].1).sum::<u64>()
    );
    let report = std::fs::read_to_string(lab.run_dir().join("report.html")).unwrap();
    assert!(report.contains("Rows present, rows used") && report.contains("from round 5"));
}

#[test]
fn processes_and_wards_opened_again_meet_the_same_obstacles() {
    let lab = Lab::new(SMALL);
    let plain = lab.digest("run e.toml");
    let mut seen = vec![plain.clone()];
    for (key, setting) in [
        ("consent", "0.7"),
        ("withdrawal", "{share=0.3,rounds=[2,4]}"),
        ("drift", "{prevalence=0.2,features={glucose=0.1},every=2}"),
        (
            "misdiagnosis",
            "{rates={county={miss=0.4,false_alarm=0.2}}}",
        ),
    ] {
        let set = format!("--set data.emr-risk.{key}={setting}");
        let [run, up] = ["run", "up"].map(|verb| lab.summary(&format!("{verb} e.toml {set}")));
        let digest = text(&run, "model_digest");
        assert_eq!(digest, text(&up, "model_digest"), "{key}");
        for told in ["results", "rows", "access"] {
            assert_eq!(run[told], up[told], "{key}: {told}");
        }
        // Wards that are closed after each job are opened in the middle of the run.
        let closed = lab.digest(&format!(
            "run e.toml {set} --set simulation.keep_open=0 --threads 1"
        ));
        assert_eq!(digest, closed, "{key}");
        assert!(!seen.contains(&digest), "{key} changes nothing");
        seen.push(digest);
    }
    // A switch that is on and does nothing leaves every bit in place.
    assert_eq!(
        plain,
        lab.digest("run e.toml --set data.emr-risk.consent=1.0")
    );
    let late = "--set data.emr-risk.drift={prevalence=0.2,every=6}";
    assert_eq!(plain, lab.digest(&format!("run e.toml {late}")));
}

#[test]
fn a_frozen_model_falls_behind_a_law_that_drifts() {
    let lab = Lab::new("");
    let of = |name: &str| {
        let path = config(name);
        let few = "--set baselines.alone=false --set baselines.pooled=false";
        lab.summary(&format!("run {} {few}", path.display()))
    };
    let [trained, frozen] = ["drift", "drift-frozen"].map(of);
    let gap = |metric| value(&trained, "federated", metric) - value(&frozen, "federated", metric);
    assert!(gap("accuracy") > 0.01, "{}", gap("accuracy"));
    assert!(gap("loss") < -0.02, "{}", gap("loss"));
    assert!(gap("auc").abs() < 0.01, "{}", gap("auc"));
}

#[test]
fn hubs_draw_the_patients_away_from_the_country() {
    let lab = Lab::new("");
    let path = config("urban-concentration");
    let few = "--set rounds=10 --set baselines.alone=false --set baselines.pooled=false";
    let line = format!("run {} {few}", path.display());
    let hubs = lab.summary(&line);
    let evenly = lab.summary(&format!("{line} --set sampler.uniform.count=8"));
    let rural = |run: &Value| run["access"]["rural_participation"].as_f64().unwrap();
    assert!(
        rural(&hubs) < rural(&evenly),
        "{} {}",
        rural(&hubs),
        rural(&evenly)
    );
    let known = |run: &Value| run["access"]["rural_patients"].as_f64().unwrap();
    assert!(known(&hubs) > rural(&hubs));
    assert_eq!(known(&hubs), known(&evenly));
    let served = &hubs["access"]["models"][0];
    assert_eq!(served["model"], "federated");
    assert!((0.9..1.1).contains(&served["ratio"].as_f64().unwrap()));
}

fn config(name: &str) -> PathBuf {
    let name = format!("../../configs/obstacles/{name}.toml");
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[test]
fn every_example_has_a_plan() {
    let lab = Lab::new("");
    let folder = config("consent");
    let files = std::fs::read_dir(folder.parent().unwrap()).unwrap();
    let files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 6);
    for path in files {
        let plan = lab.output(&format!("plan {}", path.display()));
        let said = String::from_utf8_lossy(&plan.stderr);
        assert!(plan.status.success(), "{}: {said}", path.display());
    }
    let plan = lab
        .output(&format!("plan {}", config("withdrawal").display()))
        .stdout;
    let plan = String::from_utf8(plan).unwrap();
    assert!(plan.contains("7,860 of 7,860 present, "), "{plan}");
    assert!(plan.contains("from round 11 on, "), "{plan}");
}
