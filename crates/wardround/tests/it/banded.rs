//! Noise that cancels between rounds, through the program: who is asked how often, what that costs, and
//! the same bits everywhere.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::lab::{Lab, of_kind, text, until};

const BANDED: &str = r#"
name = "banded"
rounds = 20

[data.emr-risk]
population = "province-21"

[model.logistic]

[training]
steps = 20

[round]
weight = "uniform"
evaluate_every = 0
checkpoint_every = 1

[baselines]
alone = false
pooled = false

[sampler.round-robin]
count = 5

[privacy]
delta = 1e-2

[privacy.hospital]
noise_multiplier = 2.0
bands = 4
"#;

/// What an update moves noise over four rounds by, squared: 1 and the squares of 1/2, 3/8 and 5/16.
const MOVED: f64 = 1.0 + 1.0 / 4.0 + 9.0 / 64.0 + 25.0 / 256.0;

/// The rounds in which each hospital was asked.
fn asked(run: &Path) -> BTreeMap<u64, Vec<u64>> {
    let mut asked: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for opened in of_kind(run, "round_opened") {
        for node in opened["cohort"].as_array().unwrap() {
            let rounds = asked.entry(node.as_u64().unwrap()).or_default();
            rounds.push(opened["round"].as_u64().unwrap());
        }
    }
    asked
}

fn apart(rounds: &[u64]) -> u64 {
    let gaps = rounds.windows(2).map(|pair| pair[1] - pair[0]);
    gaps.min().unwrap_or(u64::MAX)
}

#[test]
fn nobody_is_asked_more_often_than_the_noise_covers() {
    let lab = Lab::new(BANDED);
    let summary = lab.summary("run e.toml");
    let run = lab.path(&text(&summary, "run_dir"));
    assert_eq!(of_kind(&run, "round_closed").len(), 20);
    assert!(of_kind(&run, "report_declined").is_empty());
    let asked = asked(&run);
    assert_eq!(asked.len(), 21);
    assert_eq!(asked.values().map(|rounds| apart(rounds)).min(), Some(4));
    // Five rounds of twenty at most, each with the noise over what an update moves.
    let most = asked.values().map(Vec::len).max().unwrap();
    assert_eq!(most, 5);
    let line = format!(
        "privacy epsilon --sampler full --noise-multiplier {} --steps 5 --delta 1e-2 --format json",
        2.0 / MOVED.sqrt()
    );
    let told: Value = serde_json::from_slice(&lab.output(&line).stdout).unwrap();
    let epsilon = summary["epsilon"].as_f64().unwrap();
    assert!(
        (told["epsilon"].as_f64().unwrap() - epsilon).abs() < 1e-6,
        "{told} {epsilon}"
    );
    // An epsilon that is aimed at is reached.
    let aimed = lab.summary("run e.toml --set privacy.hospital={epsilon=3,bands=4}");
    let aimed = aimed["epsilon"].as_f64().unwrap();
    assert!(aimed <= 3.0 && aimed > 2.99, "{aimed}");
}

#[test]
fn noise_that_cancels_has_the_same_bits_everywhere() {
    let lab = Lab::new(BANDED);
    let digest = lab.digest("run e.toml");
    let alone = lab.digest("run e.toml --set privacy.hospital.bands=1");
    assert_ne!(alone, digest);
    assert_eq!(lab.digest("run e.toml --threads 8"), digest);
    assert_eq!(
        lab.digest("run e.toml --set secure_aggregation.min_survivors=4"),
        digest
    );
    let slow = "--set training.steps=4000";
    let mut stopped = lab.start(&format!("run e.toml --out stopped {slow}"));
    let run = until("a checkpoint", || {
        let run = fs::read_dir(lab.path("stopped")).ok()?.next()?.ok()?.path();
        (!of_kind(&run, "checkpointed").is_empty()).then_some(run)
    });
    stopped.kill();
    let resumed = lab.digest(&format!("run --resume {}", run.display()));
    assert_eq!(resumed, lab.digest(&format!("run e.toml {slow}")));
}

#[test]
fn hospitals_enforce_what_their_noise_covers() {
    let small = BANDED
        .replace("province-21", "ward-3")
        .replace("rounds = 20", "rounds = 7")
        .replace("count = 5", "count = 1")
        .replace("bands = 4", "bands = 3");
    let lab = Lab::new(&small);
    let up = lab.summary("up e.toml");
    let run = lab.path(&text(&up, "run_dir"));
    assert_eq!(of_kind(&run, "round_closed").len(), 7);
    assert!(asked(&run).values().all(|rounds| apart(rounds) >= 3));
    assert_eq!(up["epsilon"], lab.summary("run e.toml")["epsilon"]);
    // A deployed coordinator leaves no noise on disk.
    let state = fs::read_dir(run.join("checkpoints")).unwrap();
    for file in state {
        let bytes = fs::read(file.unwrap().path()).unwrap_or_default();
        assert!(!bytes.windows(10).any(|name| name == b"noise_past"));
    }
}
