//! The scenario's published table, reproduced through the program: alone, pooled and federated, by
//! tier, under seven conditions.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::lab::{Lab, summary};

const SEEDS: u64 = 10;
const TIERS: [&str; 3] = ["tertiary", "county", "township"];
/// The table's words for the models, and ours.
const MODELS: [(&str, &str); 3] = [
    ("local", "alone"),
    ("pooled", "pooled"),
    ("fedavg", "federated"),
];
/// The table's words for the conditions, our configuration, and what is set on top.
const CONDITIONS: [(&str, &str, &str); 7] = [
    (
        "iid-clean/global-z",
        "quickstart",
        "data.emr-risk.misdiagnosis=none",
    ),
    ("misdiagnosis/global-z", "quickstart", "seed=1"),
    (
        "misdiagnosis+shift/global-z",
        "quickstart",
        "data.emr-risk.shift=true",
    ),
    ("misdiagnosis+shift+units/global-z", "emr-units", "seed=1"),
    (
        "misdiagnosis+shift+units/local-z",
        "emr-units-local",
        "seed=1",
    ),
    (
        "misdiagnosis+shift+units/harmonised",
        "emr-units-harmonised",
        "seed=1",
    ),
    (
        "misdiagnosis+shift+units/unlogged-global-z",
        "emr-units-raw",
        "seed=1",
    ),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The mean over hospitals of a model's AUC in a tier.
fn auc(run: &Value, model: &str, tier: &str) -> f64 {
    let is = |row: &&Value| {
        row["model"] == model && row["group"] == tier && row["metric"] == "auc_mean_of_hospitals"
    };
    run["results"].as_array().unwrap().iter().find(is).unwrap()["value"]
        .as_f64()
        .unwrap()
}

fn measured() -> BTreeMap<String, f64> {
    let lab = Lab::new("");
    let mut means = BTreeMap::new();
    for (condition, config, set) in CONDITIONS {
        let config = root().join(format!("configs/{config}.toml"));
        for seed in 1..=SEEDS {
            let line = format!(
                "run {} --set {set} --set seed={seed} --quiet --format json",
                config.display()
            );
            let run = summary(&lab.output(&line));
            for (theirs, ours) in MODELS {
                for tier in TIERS {
                    let id = format!("emr-risk/gap/{condition}/{theirs}/{tier}");
                    *means.entry(id).or_default() += auc(&run, ours, tier) / SEEDS as f64;
                }
            }
            let gap = TIERS
                .map(|tier| auc(&run, "federated", tier) - auc(&run, "pooled", tier))
                .iter()
                .sum::<f64>()
                / 3.0;
            let id = format!("emr-risk/gap/{condition}/fedavg-minus-pooled");
            *means.entry(id).or_default() += gap / SEEDS as f64;
        }
    }
    means
}

#[test]
fn every_cell_is_the_known_one_within_its_spread() {
    let text = std::fs::read_to_string(root().join("tests/vectors/emr_risk_table.json")).unwrap();
    let table: Vec<Value> = serde_json::from_str(&text).unwrap();
    let measured = measured();
    assert_eq!(table.len(), measured.len());
    let number = |cell: &Value, key: &str| cell[key].as_f64().unwrap();
    let wrong: Vec<String> = table
        .iter()
        .filter_map(|cell| {
            let id = cell["id"].as_str().unwrap();
            let (known, sd) = (number(cell, "value"), number(cell, "sd"));
            let room = 3.0 * sd * (1.0 / number(cell, "seeds") + 1.0 / SEEDS as f64).sqrt();
            let found = measured[id];
            ((found - known).abs() > room)
                .then(|| format!("{id}: {found:.4}, not {known} +- {room:.4}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
