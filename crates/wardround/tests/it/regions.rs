//! Two regions with an aggregator each, and a trunk that stays as it is, played by the real program.

use safetensors::SafeTensors;
use serde_json::Value;

use crate::lab::{Lab, SMALL, text};

const BORDER: &str = "--set border={regions={east=\"tier=='tertiary'\",west=\"tier!='tertiary'\"}}";

/// The numbers of a run's tensors whose names begin with `prefix`.
fn numbers(lab: &Lab, run: &Value, prefix: &str) -> Vec<f32> {
    let path = lab.path(&text(run, "run_dir")).join("model.safetensors");
    let bytes = std::fs::read(path).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let mut names: Vec<&str> = tensors.names().into_iter().collect();
    names.sort_unstable();
    let of = names.into_iter().filter(|name| name.starts_with(prefix));
    let bytes = of.flat_map(|name| tensors.tensor(name).unwrap().data().to_vec());
    let bytes: Vec<u8> = bytes.collect();
    let words = bytes.chunks_exact(4);
    words
        .map(|word| f32::from_le_bytes(word.try_into().unwrap()))
        .collect()
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

#[test]
fn without_an_exchange_a_region_is_a_federation_of_its_own() {
    let lab = Lab::new(SMALL);
    let exact = "--set preprocessing.scaling=local --set ring.fraction_bits=24";
    let line = format!("run e.toml {exact} {BORDER} --set border.exchange=nothing");
    let apart = lab.summary(&line);
    assert_eq!(examined(&apart, "all", "bytes_crossing"), 0.0);
    for (region, condition) in [("east", "tier=='tertiary'"), ("west", "tier!='tertiary'")] {
        let alone = format!("run e.toml {exact} --set sampler={{all={{where=\"{condition}\"}}}}");
        let alone = lab.summary(&alone);
        let own = numbers(&lab, &apart, region);
        assert!(
            own.len() == 13 && own == numbers(&lab, &alone, ""),
            "{region}"
        );
    }
}

#[test]
fn an_exchange_in_every_round_is_one_federation() {
    let lab = Lab::new(SMALL);
    let [run, up] = ["run", "up"]
        .map(|verb| lab.summary(&format!("{verb} e.toml {BORDER} --set border.every=1")));
    assert_eq!(run["model_digest"], up["model_digest"]);
    assert_eq!(run["results"], up["results"]);
    let one = lab.summary("run e.toml");
    let whole = numbers(&lab, &one, "");
    for region in ["east", "west"] {
        let own = numbers(&lab, &run, region);
        let apart = own.iter().zip(&whole).map(|(a, b)| (a - b).abs());
        assert!(apart.fold(0.0, f32::max) < 1e-5, "{region}");
    }
    // Six exchanges of thirteen numbers and a weight, each way.
    assert_eq!(examined(&run, "all", "bytes_crossing"), 6.0 * 2.0 * 60.0);
    assert!(examined(&run, "all", "bytes_crossing_with_one_aggregator") > 1_000.0);
    let seldom = lab.summary(&format!("run e.toml {BORDER} --set border.every=4"));
    assert_eq!(examined(&seldom, "all", "exchanges"), 1.0);
    assert_ne!(
        numbers(&lab, &seldom, "east"),
        numbers(&lab, &seldom, "west")
    );
    // Threads change nothing.
    let line = format!("run e.toml {BORDER} --set border.every=2");
    let threads = ["1", "2"].map(|threads| lab.digest(&format!("{line} --threads {threads}")));
    assert_eq!(threads[0], threads[1]);
}

#[test]
fn noise_from_the_public_seed_is_for_simulations() {
    let lab = Lab::new(SMALL);
    let noised =
        "--set border.exchange={noised={clip_norm=0.5,noise_multiplier=0.1}} --set border.every=2";
    let run = lab.summary(&format!("run e.toml {BORDER} {noised}"));
    assert_eq!(numbers(&lab, &run, "east"), numbers(&lab, &run, "west"));
    let refused = lab.output(&format!("up e.toml {BORDER} {noised}"));
    assert_eq!(refused.status.code(), Some(3));
}

const PRETRAINED: &str = "--set preprocessing.scaling=none --set model={mlp={hidden=[16]}} \
    --set pretraining={rows=500,training={epochs=5,batch_size=32,optimizer={adam={learning_rate=0.01}}}}";

#[test]
fn hospitals_train_and_send_the_last_layer_of_a_pretrained_model() {
    let lab = Lab::new(SMALL);
    let [run, up] = ["run", "up"].map(|verb| lab.summary(&format!("{verb} e.toml {PRETRAINED}")));
    assert_eq!(run["model_digest"], up["model_digest"]);
    assert_eq!(run["results"], up["results"]);
    assert_eq!(run["examinations"], up["examinations"]);
    // Sixteen weights and an intercept, of 12 x 16 + 16 + 16 x 2 + 2.
    assert_eq!(numbers(&lab, &run, "").len(), 17);
    assert_eq!(examined(&run, "head", "numbers"), 17.0);
    assert_eq!(examined(&run, "whole model", "numbers"), 242.0);
    assert!(examined(&run, "all", "times_fewer_bytes") > 4.0);
    assert!(examined(&run, "all", "auc_before") > 0.7);
    // Everything that left was searched for the rows as they are stored.
    let dir = lab.path(&text(&run, "run_dir"));
    let searched = crate::lab::of_kind(&dir, "egress_audited");
    assert_eq!(searched.len(), 3);
    assert!(searched.iter().all(|audit| audit["found"] == 0));
    // No hospital's row is in the trunk: other labels there change the head alone.
    let other = "--set data.emr-risk.misdiagnosis={rates={tertiary=0.3,county=0.3,township=0.3}}";
    let changed = lab.summary(&format!("run e.toml {PRETRAINED} {other}"));
    assert_ne!(run["model_digest"], changed["model_digest"]);
    let before = |run: &Value| examined(run, "all", "auc_before");
    assert_eq!(before(&run), before(&changed));
    let closed = "--set simulation.keep_open=0 --threads 1";
    let closed = lab.digest(&format!("run e.toml {PRETRAINED} {closed}"));
    assert_eq!(text(&run, "model_digest"), closed);
}
