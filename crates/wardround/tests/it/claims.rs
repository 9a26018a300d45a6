//! What the articles claim, each over ten seeds through the program: the figures of the scenarios'
//! descriptions. `emr_risk_table` has those of `emr-risk`.

use std::path::PathBuf;

use serde_json::Value;

use crate::lab::Lab;

const SEEDS: u64 = 10;
const TIERS: [&str; 3] = ["tertiary", "county", "township"];
const ALONE: &str = "--set baselines.alone=false --set baselines.pooled=false";

/// A mean over seeds and its standard error.
#[derive(Debug, Clone, Copy)]
struct Mean {
    value: f64,
    error: f64,
}

impl Mean {
    fn of(values: &[f64]) -> Self {
        let n = values.len() as f64;
        let value = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - value).powi(2)).sum::<f64>() / (n - 1.0);
        Self {
            value,
            error: (variance / n).sqrt(),
        }
    }

    /// Whether it is `expected` to within `room` and three standard errors.
    fn is_about(self, expected: f64, room: f64) -> bool {
        (self.value - expected).abs() <= room + 3.0 * self.error
    }
}

/// `line` played with each seed.
fn played(line: &str) -> Vec<Value> {
    let lab = Lab::new("");
    (1..=SEEDS)
        .map(|seed| lab.summary(&format!("run {line} --set seed={seed}")))
        .collect()
}

fn scenario(id: &str) -> String {
    let name = format!("../../configs/scenarios/{id}.toml");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    path.display().to_string()
}

fn value(rows: &Value, group: &str, model: &str, metric: &str) -> f64 {
    let is =
        |row: &&Value| row["group"] == group && row["model"] == model && row["metric"] == metric;
    let row = rows.as_array().unwrap().iter().find(is);
    let row = row.unwrap_or_else(|| panic!("no {metric} of {model} for {group}"));
    row["value"].as_f64().unwrap()
}

/// The mean over seeds of the federated model's `metric` in `group`.
fn federated(runs: &[Value], group: &str, metric: &str) -> Mean {
    let of = |run: &Value| value(&run["results"], group, "federated", metric);
    Mean::of(&runs.iter().map(of).collect::<Vec<_>>())
}

#[test]
fn a_linear_model_is_at_chance_on_two_textures() {
    let line = format!(
        "{} {ALONE} --set rounds=2 --set model={{logistic={{}}}} --set data.oesophageal-cancer.population=ward-3",
        scenario("oesophageal-cancer")
    );
    let balanced = federated(&played(&line), "all", "balanced_accuracy");
    assert!(balanced.is_about(0.5, 0.02), "{balanced:?}");
    assert!(balanced.error < 0.01, "{balanced:?}");
}

#[test]
fn the_federated_model_beats_its_readers_by_ten_points_in_counties() {
    let line = format!("{} {ALONE}", scenario("thyroid-ultrasound"));
    let runs = played(&line);
    for (tier, points) in TIERS.iter().zip([0.056, 0.100, 0.144]) {
        let minus = |run: &Value| {
            let rows = &run["examinations"][0]["results"];
            value(rows, tier, "federated", "balanced_accuracy_minus_reader")
        };
        let minus = Mean::of(&runs.iter().map(minus).collect::<Vec<_>>());
        assert!(
            minus.is_about(points, 0.005),
            "{tier}: {minus:?}, not {points}"
        );
    }
}

#[test]
fn missing_modalities_cost_what_they_carry() {
    let line = format!("{} {ALONE}", scenario("multimodal"));
    let runs = played(&line);
    // The ideal observer's, with what each tier lacks.
    for (tier, best) in TIERS.iter().zip([0.9095, 0.892, 0.808]) {
        let auc = federated(&runs, tier, "auc_mean_of_hospitals");
        assert!(
            auc.is_about(best - 0.005, 0.007),
            "{tier}: {auc:?}, at best {best}"
        );
        assert!(
            auc.value < best + 3.0 * auc.error,
            "{tier}: {auc:?}, at best {best}"
        );
    }
}

#[test]
fn a_noisy_wrist_costs_what_the_ideal_observer_loses() {
    let curve = [
        (0.05, 1.000),
        (0.10, 0.998),
        (0.15, 0.964),
        (0.20, 0.883),
        (0.25, 0.797),
        (0.30, 0.728),
    ];
    for (jitter, best) in curve {
        let line = format!(
            "{} {ALONE} --set data.wearables.jitter={jitter}",
            scenario("wearables")
        );
        let auc = federated(&played(&line), "all", "auc_all_cases");
        assert!(
            auc.is_about(best, 0.008),
            "jitter {jitter}: {auc:?}, at best {best}"
        );
        assert!(
            auc.value < best + 3.0 * auc.error,
            "jitter {jitter}: {auc:?}"
        );
    }
}

#[test]
fn outages_cost_less_than_a_hundredth() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../configs/emr-units-local.toml");
    let of = |silent: f64| {
        let outages = silent > 0.0;
        let line = format!(
            "{} {ALONE} --set simulation.outages={outages} --set simulation.silent={silent} \
             --set round.quorum=0.3",
            path.display()
        );
        played(&line)
    };
    let everybody = of(0.0);
    for silent in [0.2, 0.4] {
        let runs = of(silent);
        let lost = |run: &Value| run["silent"].as_u64().unwrap();
        assert!(runs.iter().all(|run| lost(run) > 100), "nobody was silent");
        for group in ["all", "township"] {
            let costs = everybody.iter().zip(&runs).map(|(all, some)| {
                let auc = |run: &Value| {
                    value(&run["results"], group, "federated", "auc_mean_of_hospitals")
                };
                auc(all) - auc(some)
            });
            let cost = Mean::of(&costs.collect::<Vec<_>>());
            assert!(
                cost.value + 3.0 * cost.error < 0.01,
                "{silent} {group}: {cost:?}"
            );
        }
    }
}
