//! Sums of groups, and narrow words, in processes.

use std::fs;

use serde_json::Value;

use crate::lab::{Lab, of_kind, text};

const FEDERATION: &str = r#"
name = "grouped"
rounds = 3

[data.emr-risk]
population = "province-21"

[preprocessing]
scaling = "local"

[model.logistic]

[training]
steps = 10
batches = "replacement"

[training.optimizer.sgd]
learning_rate = 0.3

[ring]
range = 4.0
fraction_bits = 24

[round]
weight = "uniform"
evaluate_every = 0
checkpoint_every = 1

[baselines]
alone = false
pooled = false
"#;

fn with(tables: &str) -> Lab {
    Lab::new(&format!("{FEDERATION}\n{tables}"))
}

const GROUPS: &str = "[strategy.median]\nf = 2\n[secure_aggregation]\ngroups = 5\n";

#[test]
fn a_rule_over_groups_gives_the_same_bits_in_one_process_and_in_many() {
    let lab = with(GROUPS);
    let one = lab.summary("run e.toml");
    let digest = text(&one, "model_digest");
    assert_eq!(lab.digest("run e.toml --threads 8"), digest);
    assert_eq!(lab.digest("up e.toml"), digest);
    let run = lab.path(&text(&one, "run_dir"));
    let dealt = of_kind(&run, "groups_dealt");
    assert_eq!(dealt.len(), 3);
    for round in &dealt {
        let sizes = round["groups"].as_array().unwrap().iter();
        let sizes: Vec<usize> = sizes.map(|g| g.as_array().unwrap().len()).collect();
        assert_eq!((sizes.len(), sizes.iter().sum::<usize>()), (5, 21));
        assert!(sizes.iter().all(|size| [4, 5].contains(size)));
    }
    assert_ne!(dealt[0]["groups"], dealt[1]["groups"]);
    assert!(of_kind(&run, "report_accepted").is_empty());
    let report = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(report.contains("It learned 5 sums, one of each group of 4 or 5 hospitals"));
    assert!(report.contains("What the coordinator saw of one hospital"));
    assert_eq!(of_kind(&run, "update_sighted").len(), 1);
}

/// Which update is seen depends on no thread, and its masks on no run.
#[test]
fn what_the_coordinator_saw_is_masks() {
    let lab = with("[secure_aggregation]\n");
    let seen = |line: &str| -> Value {
        let summary = lab.summary(line);
        let run = lab.path(&text(&summary, "run_dir"));
        of_kind(&run, "update_sighted")[0].clone()
    };
    let (one, other) = (seen("run e.toml"), seen("run e.toml --threads 8"));
    assert_eq!(one["node"], other["node"]);
    let (one, other) = (&one["sighting"], &other["sighting"]);
    assert_eq!(one["clear"], other["clear"]);
    assert_ne!(one["correlation"], other["correlation"]);
    let words = one["words"].as_f64().unwrap();
    // Six standard deviations of the correlation of independent words.
    let correlation = one["correlation"].as_f64().unwrap();
    assert!(correlation.abs() < 6.0 / words.sqrt(), "{one}");
}

#[test]
fn narrow_words_give_the_bits_of_wide_ones_and_of_the_clear() {
    let clear = with("").digest("run e.toml");
    let lab = with("[secure_aggregation]\nword_bits = 32\n");
    assert_eq!(lab.digest("run e.toml"), clear);
    assert_eq!(lab.digest("up e.toml"), clear);
    let wide = "run e.toml --set secure_aggregation.word_bits=64";
    assert_eq!(lab.digest(wide), clear);
}

#[test]
fn a_plan_says_what_the_coordinator_sees() {
    let planned = |lab: &Lab| {
        let output = lab.output("plan e.toml");
        String::from_utf8(output.stdout).unwrap()
    };
    let groups = planned(&with(GROUPS));
    assert!(
        groups.contains("the mean of each of 5 groups of 4 or 5 hospitals, of 3 updates at least"),
        "{groups}"
    );
    let narrow = planned(&with("[secure_aggregation]\nword_bits = 32\n"));
    assert!(narrow.contains("the sum of a round's updates, of 15 at least"));
    // 21 x 2^2 x 2^24 is .6 bits below 2^31.
    assert!(
        narrow.contains("words of 32 bits, steps of 2^-24, updates up to 4, 0.6 bits of headroom"),
        "{narrow}"
    );
}

/// Two flip their updates twenty times over: they spoil two of five groups at most.
#[test]
fn the_median_of_groups_bears_what_overturns_the_sum() {
    let attack = "[adversaries]\ncount = 2\n[adversaries.attack.sign-flip]\nscale = 20.0\n";
    let auc = |tables: &str| {
        let sets = "--set rounds=20 --set round.evaluate_every=20 --set ring.range=64.0";
        let summary = with(tables).summary(&format!("run e.toml {sets}"));
        let results = summary["results"].as_array().unwrap().clone();
        let row = results.iter().find(|row| {
            row["group"] == "all" && row["model"] == "federated" && row["metric"] == "auc"
        });
        row.unwrap()["value"].as_f64().unwrap()
    };
    let honest = auc(GROUPS);
    assert!(honest > 0.78, "{honest}");
    let summed = auc(&format!("[secure_aggregation]\n{attack}"));
    assert!(summed < 0.60, "{summed}");
    let grouped = auc(&format!("{GROUPS}{attack}"));
    assert!(grouped > honest - 0.03, "{grouped}, not {honest}");
}
