//! Every scenario has an experiment in `configs/scenarios/`, which plays; here each is cut short.

use std::path::PathBuf;

use serde_json::Value;

use crate::lab::{Lab, text};

fn config(id: &str) -> PathBuf {
    let name = format!("../../configs/scenarios/{id}.toml");
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The scenarios that the program lists, but for files of one's own.
fn ids(lab: &Lab) -> Vec<String> {
    let listed = lab.output("scenarios --format json").stdout;
    let listed: Value = serde_json::from_slice(&listed).unwrap();
    let ids = listed.as_array().unwrap().iter();
    let ids = ids.map(|info| text(info, "id"));
    ids.filter(|id| id != "csv").collect()
}

/// A command on the experiment of `id`, cut to two rounds and, where it has hospitals, to three of them.
fn short(verb: &str, id: &str) -> String {
    let path = config(id);
    let own = std::fs::read_to_string(&path).unwrap();
    let population = match own.contains("wearers") || own.contains("doctors") {
        true => String::new(),
        false => format!("--set data.{id}.population=ward-3"),
    };
    let path = path.display();
    let alone = "--set baselines.alone=false --set baselines.pooled=false";
    format!("{verb} {path} --set rounds=2 {population} {alone}")
}

/// Value and standard error of everybody's `metric` under `model`.
fn score(run: &Value, model: &str, metric: &str) -> Option<(f64, f64)> {
    let is =
        |row: &&Value| row["model"] == model && row["metric"] == metric && row["group"] == "all";
    let row = run["results"].as_array()?.iter().find(is)?;
    let number = |key: &str| row[key].as_f64();
    let width = number("ci_high")? - number("ci_low")?;
    Some((number("value")?, width / (2.0 * 1.96)))
}

#[test]
fn each_plays_and_stays_below_its_ceiling() {
    let lab = Lab::new("");
    let ids = ids(&lab);
    assert!(ids.len() >= 8, "{ids:?}");
    for id in ids {
        let run = lab.summary(&short("run", &id));
        assert_eq!(text(&run, "scenario"), id);
        let metrics = ["auc", "accuracy", "balanced_accuracy", "top_3_accuracy"];
        let bounded = metrics.into_iter().filter_map(|metric| {
            let (value, error) = score(&run, "federated", metric)?;
            let (ceiling, of_ceiling) = score(&run, "ceiling", metric)?;
            let room = 3.0 * error.hypot(of_ceiling);
            assert!(
                value <= ceiling + room,
                "{id}: {metric} {value} above {ceiling}"
            );
            Some(metric)
        });
        assert!(bounded.count() > 0, "{id} has no ceiling");
    }
}

#[test]
fn processes_end_with_the_simulation_s_bits() {
    let lab = Lab::new("");
    for id in ids(&lab) {
        // People and doctors are three, too: each is a process.
        let few = format!("--set data.{id}.population=ward-3");
        let asked = match id.as_str() {
            "wearables" => "--set sampler.uniform.count=3",
            _ => "",
        };
        let of = |verb| lab.summary(&format!("{} {few} {asked}", short(verb, &id)));
        let [simulated, deployed] = ["run", "up"].map(of);
        let digest = |run: &Value| text(run, "model_digest");
        assert_eq!(digest(&simulated), digest(&deployed), "{id}");
        assert_eq!(simulated["results"], deployed["results"], "{id}");
    }
}
