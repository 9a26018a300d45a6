//! Same cohorts everywhere: on any number of threads, simulated or deployed, at once or resumed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::lab::{Lab, SMALL, of_kind, rounds_closed, slow, text};

/// One of each that does not ask everybody.
const SAMPLERS: [&str; 7] = [
    "uniform={count=2}",
    "poisson={rate=0.5}",
    "volume={count=2}",
    "round-robin={count=2}",
    "tier={quota={tertiary=1,township=1}}",
    "power-of-choice={count=1}",
    "importance={count=2}",
];

/// Who was asked, round by round; of a round that was played again, the last time.
fn cohorts(dir: &Path) -> BTreeMap<u64, Value> {
    let opened = of_kind(dir, "round_opened").into_iter();
    opened
        .map(|event| (event["round"].as_u64().unwrap(), event["cohort"].clone()))
        .collect()
}

fn played(lab: &Lab, line: &str) -> (String, BTreeMap<u64, Value>) {
    let summary = lab.summary(line);
    let dir = lab.path(&text(&summary, "run_dir"));
    (text(&summary, "model_digest"), cohorts(&dir))
}

#[test]
fn every_sampler_asks_the_same_hospitals_everywhere() {
    let lab = Lab::new(&SMALL.replace("[round]", "[round]\nquorum = 1.0"));
    let mut digests = Vec::new();
    for sampler in SAMPLERS {
        let set = format!("--set sampler={{{sampler}}}");
        let one = played(&lab, &format!("run e.toml --threads 1 {set}"));
        let many = format!("run e.toml --threads 8 --set simulation.jitter_ms=500 {set}");
        assert_eq!(one, played(&lab, &many), "{sampler}");
        assert_eq!(one, played(&lab, &format!("up e.toml {set}")), "{sampler}");
        digests.push(one.0);
    }
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), SAMPLERS.len(), "two samplers did the same");
}

#[test]
fn what_a_sampler_learned_survives_a_kill() {
    for sampler in [
        "round-robin={count=2}",
        "power-of-choice={count=1}",
        "importance={count=2}",
    ] {
        let lab = Lab::new(&slow());
        let set = format!("--set sampler={{{sampler}}}");
        let whole = played(&lab, &format!("run e.toml --out whole {set}"));
        let mut running = lab.start(&format!("run e.toml {set}"));
        let run = lab.run_dir();
        rounds_closed(&run, 5);
        running.kill();
        let resumed = played(&lab, &format!("run --resume {}", run.display()));
        assert_eq!(resumed, whole, "{sampler}");
        assert_eq!(whole.1.len(), 60);
    }
}

#[test]
fn silent_and_late_hospitals_hang_no_sampler() {
    let lab = Lab::new(
        &SMALL
            .replace("ward-3", "province-21")
            // Sums are waited for from everybody.
            .replace("\"federated\"", "\"local\"")
            .replace("[round]", "[round]\nquorum = 0.2\nmost_abandoned = 6"),
    );
    let faults =
        "--set simulation.silent=0.3 --set simulation.late=0.2 --set simulation.late_by_s=90";
    for sampler in SAMPLERS {
        let over = match sampler.starts_with("poisson") {
            true => "1.0",
            false => "1.5",
        };
        let set = format!("--set sampler={{{sampler}}} --set round.over_selection={over} {faults}");
        let one = played(&lab, &format!("run e.toml --threads 1 {set}"));
        let other = played(&lab, &format!("run e.toml --threads 3 {set}"));
        assert_eq!(one, other, "{sampler}");
        assert!(!one.1.is_empty());
    }
}

/// Three hospitals with 10, 40 and 200 rows, two of them in the west.
fn own_files() -> Lab {
    let lab = Lab::new(
        "rounds = 8\n[data.csv]\nlabel = \"sick\"\nfeatures = [{ column = \"dose\" }]\nhospitals = [\n\
         { name = \"a\", file = \"a.csv\", tags = { region = \"west\" } },\n\
         { name = \"b\", file = \"b.csv\", tags = { region = \"west\" } },\n\
         { name = \"c\", file = \"c.csv\", tags = { region = \"east\" } }]\n\
         [preprocessing]\nscaling = \"federated\"\n[model.logistic]\n[training]\nepochs = 1\n\
         [baselines]\nalone = false\npooled = false\n",
    );
    for (name, rows) in [("a", 10), ("b", 40), ("c", 200)] {
        let mut file = String::from("dose,sick\n");
        for row in 0..rows {
            writeln!(file, "{},{}", row * 7 % 13, row % 2).unwrap();
        }
        fs::write(lab.path(&format!("{name}.csv")), file).unwrap();
    }
    lab
}

#[test]
fn volumes_that_sums_told_and_tags_are_the_same_everywhere() {
    let lab = own_files();
    for (sampler, barred) in [
        ("volume={count=1}", None),
        ("power-of-choice={count=1}", None),
        ("uniform={count=1,where=\"region=='west'\"}", Some(2)),
        ("volume={count=1,where=\"!(region=='west')\"}", Some(0)),
    ] {
        let set = format!("--set sampler={{{sampler}}}");
        let simulated = played(&lab, &format!("run e.toml {set}"));
        assert_eq!(
            simulated,
            played(&lab, &format!("up e.toml {set}")),
            "{sampler}"
        );
        let asked = |node: u32| simulated.1.values().any(|cohort| cohort[0] == node);
        assert!(barred.is_none_or(|node| !asked(node)), "{sampler}");
        assert_eq!(simulated.1.len(), 8);
    }
    let refused =
        lab.output("plan e.toml --set sampler.volume.count=1 --set preprocessing.scaling=local");
    assert_eq!(refused.status.code(), Some(3));
}

#[test]
fn the_committed_experiments_play() {
    let lab = Lab::new("");
    let configs = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../configs");
    let off = "--set baselines.alone=false --set baselines.pooled=false --set rounds=6";
    for (name, asks) in [("sampler-tiers", 7), ("sampler-worst-served", 6)] {
        let config = configs.join(format!("{name}.toml"));
        let (_, cohorts) = played(&lab, &format!("run {} {off}", config.display()));
        assert_eq!(cohorts.len(), 6);
        let sizes = cohorts
            .values()
            .map(|cohort| cohort.as_array().unwrap().len());
        assert!(sizes.eq([asks; 6]), "{name}: {cohorts:?}");
    }
}
