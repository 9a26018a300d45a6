//! What hospitals that misbehave do to FedAvg, and that nobody misbehaves over a network.

use serde_json::Value;

use crate::lab::{Lab, of_kind, text};

/// Twenty-one hospitals that count the same, a third of quickstart's rounds.
const FEDERATION: &str = r#"
name = "attacked"
rounds = 20

[data.emr-risk]
population = "province-21"

[preprocessing]
scaling = "federated"

[model.logistic]

[training]
steps = 10
batches = "replacement"

[training.optimizer.sgd]
learning_rate = 0.3

[round]
weight = "uniform"
evaluate_every = 10

[baselines]
alone = false
pooled = false
"#;

fn attacked(attack: &str) -> Lab {
    Lab::new(&format!("{FEDERATION}\n[adversaries]\ncount = 4\n{attack}"))
}

const SIGN_FLIP: &str = "[adversaries.attack.sign-flip]\nscale = 5.0\n";

/// A metric of the federated model over all hospitals.
fn federated(summary: &Value, metric: &str) -> f64 {
    let results = summary["results"].as_array().unwrap();
    let row = results.iter().find(|row| {
        row["group"] == "all" && row["model"] == "federated" && row["metric"] == metric
    });
    row.unwrap()["value"].as_f64().unwrap()
}

#[test]
fn four_of_twenty_one_that_flip_five_times_over_overturn_fedavg() {
    let honest = Lab::new(FEDERATION).summary("run e.toml");
    assert!(federated(&honest, "auc") > 0.80, "{honest}");
    let lab = attacked(SIGN_FLIP);
    let summary = lab.summary("run e.toml");
    let auc = federated(&summary, "auc");
    assert!(auc < 0.70, "AUC {auc}");

    let dir = lab.path(&text(&summary, "run_dir"));
    let named = of_kind(&dir, "adversaries_named");
    assert_eq!(named.len(), 1);
    assert_eq!(named[0]["attack"], "sign-flip (scale 5)");
    let manifest = std::fs::read_to_string(dir.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let hospitals = manifest["adversaries"]["hospitals"].as_array().unwrap();
    assert_eq!(hospitals.len(), 4);
    let report = std::fs::read_to_string(dir.join("report.html")).unwrap();
    assert!(report.contains("4 of 21 hospitals misbehave from round 1 on: sign-flip (scale 5)"));
    assert_eq!(report.matches(">adversary<").count(), 4);
}

#[test]
fn the_default_robust_rule_bears_what_overturns_fedavg() {
    let honest = federated(&Lab::new(FEDERATION).summary("run e.toml"), "auc");
    let ipm = "[adversaries.attack.ipm]\ntau = 5.0\n";
    let alie = "[adversaries.attack.alie]\ntau = 1.5\n";
    for (attack, overturns) in [(SIGN_FLIP, true), (ipm, true), (alie, false)] {
        let lab = attacked(attack);
        let auc = |strategy: &str| {
            let summary = lab.summary(&format!("run e.toml --set strategy={strategy}"));
            federated(&summary, "auc")
        };
        let robust = auc("{robust={f=4}}");
        assert!(
            (robust - honest).abs() <= 0.02,
            "{attack}: {robust}, not {honest}"
        );
        let mean = auc("{fedavg={}}");
        assert_eq!(mean < 0.70, overturns, "{attack}: {mean}");
    }
}

#[test]
fn without_adversaries_the_bits_are_those_that_the_readme_tells() {
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../../configs/quickstart.toml");
    let lab = Lab::new("");
    let off = "--set baselines.alone=false --set baselines.pooled=false";
    let digest = lab.digest(&format!("run {config} {off}"));
    assert!(digest.starts_with("ea51146137c9"), "{digest}");
}

#[test]
fn colluders_bits_depend_on_nothing_but_the_plan() {
    let lab = attacked("[adversaries.attack.alie]\ntau = 1.5\n");
    let one = lab.digest("run e.toml --threads 1");
    assert_eq!(one, lab.digest("run e.toml --threads 2"));
    assert_eq!(
        one,
        lab.digest("run e.toml --threads 8 --set simulation.keep_open=0")
    );
    assert_ne!(one, lab.digest("run e.toml --set adversaries.count=3"));
}

#[test]
fn a_backdoor_s_success_is_told_beside_the_model_s_scores() {
    let backdoor = "[adversaries.attack.backdoor]\ntarget = 0\nboost = 5.0\n\
                    [adversaries.attack.backdoor.trigger.feature]\nindex = 0\nvalue = 1000.0\n";
    let success = |lab: &Lab, line: &str| federated(&lab.summary(line), "attack_success");
    let lab = attacked(backdoor);
    let attacked = success(&lab, "run e.toml");
    // From a round that is never reached in time, the trigger means nothing to the model.
    let hardly = success(&lab, "run e.toml --set adversaries.from_round=19");
    assert!(attacked > hardly + 0.2, "{attacked} after {hardly}");
}

#[test]
fn nobody_misbehaves_over_a_network() {
    let lab = attacked(SIGN_FLIP);
    for verb in ["up", "coordinator"] {
        let output = lab.output(&format!("{verb} e.toml"));
        assert_eq!(output.status.code(), Some(3));
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(told.contains("WR0213"), "{told}");
        assert!(told.contains("are for simulations only"), "{told}");
        assert!(!lab.path("runs").exists());
    }
    let planned = lab.output("plan e.toml");
    let planned = String::from_utf8_lossy(&planned.stdout).into_owned();
    let told = "sign-flip (scale 5) from round 1 on: ";
    assert!(planned.contains(told), "{planned}");
}
