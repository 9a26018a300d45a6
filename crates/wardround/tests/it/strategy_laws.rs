//! What must hold of strategies, whatever they are: held by whole runs of the program.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value;

use crate::lab::{Lab, text};

/// Hospitals with files of their own; the strategy is given on the command line.
const EXPERIMENT: &str = r#"
name = "laws"
rounds = 4

[data.csv]
folder = "files"
label = "grade > 1"
test_share = 0.2
features = [{ column = "age" }, { column = "dose" }]
hospitals = [HOSPITALS]

[preprocessing]
scaling = "federated"

[model.logistic]

[training]
steps = 8
batch_size = 16
batches = "stream"

[training.optimizer.sgd]
learning_rate = 0.2

[round]
weight = "uniform"
checkpoint_every = 1

[baselines]
alone = false
pooled = false
"#;

/// `count` hospitals, all with the same rows or each with its own.
fn lab(count: usize, alike: bool) -> Lab {
    let mut hospitals = String::new();
    for i in 0..count {
        write!(hospitals, "{{ name = \"h{i}\", file = \"{i}.csv\" }},").unwrap();
    }
    let lab = Lab::new(&EXPERIMENT.replace("HOSPITALS", &hospitals));
    fs::create_dir(lab.path("files")).unwrap();
    for i in 0..count {
        let shift = if alike { 0 } else { 5 * i };
        let mut file = String::from("age,dose,grade\n");
        for row in 0..80 {
            let (age, dose) = (40 + row % 30 + shift, (row * 7 + shift) % 13);
            writeln!(file, "{age},{dose},{}", (dose + row % 3) / 4).unwrap();
        }
        fs::write(lab.path(&format!("files/{i}.csv")), file).unwrap();
    }
    lab
}

impl Lab {
    /// The parameters that a run ends with.
    fn params(&self, line: &str) -> Vec<f32> {
        let run = text(&self.summary(line), "run_dir");
        let bytes = fs::read(self.path(&run).join("model.safetensors")).unwrap();
        let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let mut tensors = file.tensors();
        tensors.sort_by(|(one, _), (other, _)| one.cmp(other));
        let words = tensors
            .iter()
            .flat_map(|(_, view)| view.data().as_chunks::<4>().0);
        words.map(|word| f32::from_le_bytes(*word)).collect()
    }

    /// Every strategy that the program lists.
    fn strategies(&self) -> Vec<String> {
        let listed: Value =
            serde_json::from_slice(&self.output("strategies --format json").stdout).unwrap();
        let listed = listed.as_array().unwrap().iter();
        let strategies = listed.filter(|entry| entry["kind"] == "strategy");
        strategies.map(|strategy| text(strategy, "id")).collect()
    }
}

fn close(one: &[f32], other: &[f32], tolerance: f32, what: &str) {
    assert_eq!(one.len(), other.len(), "{what}");
    assert!(
        one.iter().any(|w| w.abs() > 0.1),
        "{what}: nothing was learned: {one:?}"
    );
    for (one, other) in one.iter().zip(other) {
        assert!(
            (one - other).abs() <= tolerance,
            "{what}: {one} is not {other}"
        );
    }
}

#[test]
fn one_hospital_is_centralised_training() {
    let lab = lab(1, true);
    let rounds = lab.params("run e.toml");
    let at_once = lab.params("run e.toml --set rounds=1 --set training.steps=32");
    close(&rounds, &at_once, 1e-6, "4 rounds of 8 steps and 1 of 32");
}

#[test]
fn hospitals_that_are_alike_make_every_rule_the_mean() {
    let lab = lab(7, true);
    // Batches and test rows are drawn at the address of a hospital, so there must be none to draw.
    let alike = "run e.toml --set training.batch_size=0 --set data.csv.test_share=0";
    let mean = lab.params(alike);
    for strategy in [
        "fedprox={mu=0}",
        "scaffold={}",
        "fednova={}",
        "fedexp={}",
        "qfedavg={q=0}",
        "robust={}",
        "median={}",
        "trimmed-mean={}",
        "meamed={}",
        "krum={}",
        "multi-krum={}",
        "bulyan={}",
        "geometric-median={}",
        "centred-clipping={radius=1000}",
        "mda={}",
        "caf={}",
        "norm-bounding={radius=1000}",
    ] {
        let params = lab.params(&format!("{alike} --set strategy={{{strategy}}}"));
        close(&params, &mean, 2e-6, strategy);
    }
}

#[test]
fn what_is_turned_off_is_the_mean_to_the_bit() {
    let lab = lab(3, false);
    let mean = lab.digest("run e.toml");
    for strategy in ["fedprox={mu=0}", "qfedavg={q=0}", "fedavgm={momentum=0}"] {
        let digest = lab.digest(&format!("run e.toml --set strategy={{{strategy}}}"));
        assert_eq!(digest, mean, "{strategy}");
    }
    let on = lab.digest("run e.toml --set strategy={qfedavg={q=1}}");
    assert_ne!(on, mean);
}

#[test]
fn fed_nova_is_the_mean_where_steps_are_equal_and_not_where_rows_differ() {
    let lab = lab(3, false);
    let [mean, nova] = ["fedavg={}", "fednova={}"]
        .map(|s| lab.params(&format!("run e.toml --set strategy={{{s}}}")));
    close(&nova, &mean, 1e-6, "equal steps");
    // Half the rows are half the steps of an epoch.
    let file = fs::read_to_string(lab.path("files/0.csv")).unwrap();
    let half: Vec<&str> = file.lines().take(41).collect();
    fs::write(lab.path("files/0.csv"), half.join("\n") + "\n").unwrap();
    let epochs = "run e.toml --set training={epochs=2,batch_size=16}";
    let [mean, nova] = ["fedavg={}", "fednova={}"]
        .map(|s| lab.params(&format!("{epochs} --set strategy={{{s}}}")));
    assert!(mean.iter().zip(&nova).any(|(m, n)| (m - n).abs() > 1e-3));
}

#[test]
fn scaffold_with_everybody_and_one_step_is_sgd() {
    let lab = lab(3, false);
    let step = "run e.toml --set training.steps=1 --set rounds=30";
    let [mean, scaffold] =
        ["fedavg={}", "scaffold={}"].map(|s| lab.params(&format!("{step} --set strategy={{{s}}}")));
    close(&scaffold, &mean, 1e-5, "one step");
    let [mean, scaffold] = ["fedavg={}", "scaffold={}"]
        .map(|s| lab.params(&format!("run e.toml --set strategy={{{s}}}")));
    assert!(
        mean.iter()
            .zip(&scaffold)
            .any(|(m, s)| (m - s).abs() > 1e-4)
    );
}

/// Six hospitals of two groups that contradict each other: where rows of an even one are positive,
/// those of an odd one are not. In `half.toml` there are the even ones alone.
fn opposites() -> Lab {
    let name = |i: usize| format!("{{ name = \"h{i}\", file = \"{i}.csv\" }},");
    let experiment = |hospitals: String| {
        EXPERIMENT
            .replace("HOSPITALS", &hospitals)
            .replace("rounds = 4", "rounds = 20")
            .replace("pooled = false", "pooled = true\npooled_real_data = true")
    };
    let lab = Lab::new(&experiment((0..6).map(name).collect()));
    let half = experiment([0, 2, 4].map(name).concat());
    fs::write(lab.path("half.toml"), half).unwrap();
    fs::create_dir(lab.path("files")).unwrap();
    for i in 0..6 {
        let mut file = String::from("age,dose,grade\n");
        for row in 0..200 {
            let (age, dose) = (
                (row * 37 + i * 11) % 101,
                (row * row * 13 + row * 29 + i * 7) % 97,
            );
            let positive = age + dose > 98;
            let grade = if positive == (i % 2 == 0) { 2 } else { 0 };
            writeln!(file, "{age},{dose},{grade}").unwrap();
        }
        fs::write(lab.path(&format!("files/{i}.csv")), file).unwrap();
    }
    lab
}

/// The accuracy of `model` at the hospitals of each group, by their numbers.
fn accuracies(summary: &Value, model: &str, hospitals: [usize; 3]) -> [f64; 3] {
    hospitals.map(|hospital| {
        let rows = summary["results"].as_array().unwrap().iter();
        let mut rows = rows.filter(|row| {
            row["group"] == format!("h{hospital}")
                && row["model"] == model
                && row["metric"] == "accuracy"
        });
        rows.next().unwrap()["value"].as_f64().unwrap()
    })
}

#[test]
fn ifca_tells_two_groups_apart_and_serves_each_as_its_own_rows_would() {
    let lab = opposites();
    let pooled = accuracies(&lab.summary("run half.toml"), "pooled", [0, 2, 4]);
    assert!(pooled.iter().all(|a| *a > 0.9), "{pooled:?}");
    let together = lab.summary("run e.toml");
    let apart = lab.summary("run e.toml --set strategy.ifca.clusters=2");
    for group in [[0, 2, 4], [1, 3, 5]] {
        let mean = accuracies(&together, "federated", group);
        assert!(mean.iter().all(|a| *a < 0.75), "{mean:?}");
        let own = accuracies(&apart, "federated", group);
        for (own, pooled) in own.iter().zip(pooled) {
            assert!((own - pooled).abs() < 0.06, "{own} is not {pooled}");
        }
    }
    // Who has which model is said beside the data, and the model file holds both.
    let run = lab.path(&text(&apart, "run_dir"));
    let cards: Value =
        serde_json::from_slice(&fs::read(run.join("hospitals.json")).unwrap()).unwrap();
    let cluster = |hospital: usize| {
        let mut facts = cards[hospital]["facts"].as_array().unwrap().iter();
        let fact = facts.find(|fact| fact[0] == "cluster").unwrap();
        fact[1].as_str().unwrap().to_owned()
    };
    assert!(cluster(0) == cluster(2) && cluster(2) == cluster(4));
    assert!(cluster(1) == cluster(3) && cluster(3) == cluster(5));
    assert!(cluster(0) != cluster(1));
    let bytes = fs::read(run.join("model.safetensors")).unwrap();
    let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
    let mut names = file.names();
    names.sort();
    let expected = ["cluster1.dense1.bias", "cluster1.dense1.weight"];
    assert_eq!(names[..2], expected);
    assert_eq!(names.len(), 4);
    let report = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(report.contains("the one of 2 models that fits its training rows best"));
}

#[test]
fn every_strategy_ends_with_the_same_bits_simulated_and_deployed() {
    let lab = lab(7, false);
    for strategy in lab.strategies() {
        // With files, the coordinator's own rows are a file too.
        let settings = match strategy.as_str() {
            "fltrust" => "root_file=\"6.csv\"",
            _ => "",
        };
        let set = format!("e.toml --set strategy={{{strategy}={{{settings}}}}} --set rounds=2");
        let one = lab.digest(&format!("run {set} --threads 1"));
        assert_eq!(
            one,
            lab.digest(&format!("run {set} --threads 8")),
            "{strategy}"
        );
        assert_eq!(one, lab.digest(&format!("up {set}")), "{strategy}");
    }
}
