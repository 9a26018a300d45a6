//! What is asked of a model: it changes no bit, is told everywhere, and can be required.

use std::fs;

use serde_json::Value;

use crate::lab::{Lab, SMALL, text};

/// Everything that can be asked of a model that everybody trained.
const ASKED: &str = "--set evaluation.clinical={} --set evaluation.reading_queue.cases=500 \
                     --set evaluation.edge={} --set evaluation.membership={} --set release.class=II";

fn examination<'a>(summary: &'a Value, id: &str) -> &'a Value {
    let all = summary["examinations"].as_array().unwrap();
    let found = all.iter().find(|examination| examination["id"] == id);
    found.unwrap_or_else(|| panic!("no {id} in {all:?}"))
}

fn value(examination: &Value, group: &str, metric: &str) -> f64 {
    let rows = examination["results"].as_array().unwrap();
    let found = rows.iter().find(|row| {
        row["group"] == group && row["metric"] == metric && row["model"] == "federated"
    });
    let row = found.unwrap_or_else(|| panic!("no {metric} of {group} in {rows:?}"));
    row["value"].as_f64().unwrap()
}

#[test]
fn questions_change_no_bit_and_are_answered_in_run_and_up() {
    let lab = Lab::new(SMALL);
    let plain = lab.summary("run e.toml");
    assert_eq!(plain["examinations"], Value::Array(Vec::new()));
    let mut answers = Vec::new();
    for verb in ["run", "up"] {
        let asked = lab.summary(&format!("{verb} e.toml {ASKED}"));
        assert_eq!(asked["model_digest"], plain["model_digest"], "{verb}");
        assert_eq!(asked["results"], plain["results"], "{verb}");
        let clinical = examination(&asked, "clinical");
        let error = value(clinical, "all", "calibration_error");
        assert!((0.0..0.5).contains(&error), "{error}");
        assert!(value(clinical, "all", "tier_gap_auc") >= 0.0);
        let queue = examination(&asked, "reading-queue");
        let waits = |way: &str| value(queue, "all", &format!("wait_of_positives_{way}"));
        assert!(waits("with_triage") < waits("without_ai"));
        assert!(waits("with_triage_and_short_reads") < waits("with_triage"));
        let edge = examination(&asked, "edge");
        // Twelve weights and an intercept, in two tensors.
        assert_eq!(value(edge, "f32", "bytes"), 52.0);
        assert_eq!(value(edge, "int8", "bytes"), 21.0);
        assert!(value(edge, "int8", "auc_drop").abs() < 0.01);
        assert!(value(edge, "f32", "measured_micros_a_case_alone") > 0.0);
        let attack = value(examination(&asked, "membership"), "all", "membership_auc");
        assert!((0.4..0.6).contains(&attack), "{attack}");
        let mut told = asked["examinations"].clone();
        // Times are measured; all else is the same bits wherever it is computed.
        for examination in told.as_array_mut().unwrap() {
            if examination["id"] == "edge" {
                examination["words"].take();
                let rows = examination["results"].as_array_mut().unwrap();
                rows.retain(|row| !row["metric"].as_str().unwrap().starts_with("measured"));
            }
        }
        answers.push(told);
    }
    assert_eq!(answers[0], answers[1]);
}

#[test]
fn a_gate_fails_the_command_only_where_it_must() {
    let lab = Lab::new(SMALL);
    let line = "run e.toml --quiet --set release.least_auc=0.99";
    let output = lab.output(line);
    assert_eq!(output.status.code(), Some(0));
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(
        page.contains("Release gate, class II (advisory): failed"),
        "{page}"
    );
    assert!(
        page.contains("not met: the lower bound of the AUC"),
        "{page}"
    );
    for required in ["--require-release", "--set release.require=true"] {
        let output = lab.output(&format!("{line} {required}"));
        assert_eq!(output.status.code(), Some(1), "{required}");
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(errors.contains("WR0509"), "{errors}");
    }
    let loose = "run e.toml --quiet --require-release --set release.least_auc=0.5 \
                 --set release.most_calibration_error=0.5";
    assert_eq!(lab.output(loose).status.code(), Some(0));
    let without = lab.output("run e.toml --require-release");
    assert_eq!(without.status.code(), Some(2));
}

#[test]
fn hospitals_kept_outside_give_nothing_and_are_scored() {
    let lab = Lab::new(SMALL);
    let outside = "--set evaluation.external.hospitals=['township-01']";
    let run = lab.summary(&format!("run e.toml {outside}"));
    let up = lab.summary(&format!("up e.toml {outside}"));
    assert_eq!(run["model_digest"], up["model_digest"]);
    assert_ne!(
        run["model_digest"],
        lab.summary("run e.toml")["model_digest"]
    );
    let external = examination(&run, "external");
    let [out, inside, apart] = [
        "external_auc",
        "internal_auc",
        "external_minus_internal_auc",
    ]
    .map(|metric| value(external, "all", metric));
    assert!((out - inside - apart).abs() < 1e-12);
    assert_eq!(value(external, "township-01", "external_auc"), out);
    // Nothing of its rows goes into the model: other rows there give the same one. Its labels are
    // the only ones that this changes.
    let other = "--set data.emr-risk.misdiagnosis={rates={tertiary=0.05,county=0.15,township=0.0}}";
    let changed = lab.summary(&format!("run e.toml {outside} {other}"));
    assert_eq!(run["model_digest"], changed["model_digest"]);
    let dir = lab.path(&text(&run, "run_dir"));
    let summed = crate::lab::of_kind(&dir, "scaling_agreed");
    assert_eq!(summed[0]["reporters"], 2);
    let card: Value =
        serde_json::from_str(&fs::read_to_string(dir.join("model-card.json")).unwrap()).unwrap();
    assert_eq!(card["external"], serde_json::json!(["township-01"]));
    assert_eq!(card["participants"].as_array().unwrap().len(), 2);
}

#[test]
fn a_run_plays_again_from_its_card() {
    let lab = Lab::new(SMALL);
    for verb in ["run", "up"] {
        let line = format!("{verb} e.toml --seed 5 --out first-{verb}");
        let run = lab.summary(&line);
        let dir = lab.path(&text(&run, "run_dir"));
        let replay = format!("runs replay {} --out again", dir.display());
        let again = lab.summary(&replay);
        assert_eq!(again["agrees"], true);
        assert_eq!(again["same_data"], true);
        assert_eq!(again["model_digest"], run["model_digest"]);
        let card = dir.join("model-card.json");
        let said = fs::read_to_string(&card).unwrap();
        assert!(dir.join("model-card.md").is_file());
        // Another seed in the card: the digest of the configuration gives it away.
        fs::write(&card, said.replace("seed = 5", "seed = 6")).unwrap();
        let output = lab.output(&replay);
        assert_eq!(output.status.code(), Some(1));
        assert!(
            String::from_utf8(output.stderr)
                .unwrap()
                .contains("configuration")
        );
        // Another model: it does not come out.
        let digest = text(&run, "model_digest");
        let other: String = digest.chars().rev().collect();
        fs::write(&card, said.replace(&digest, &other)).unwrap();
        let output = lab.output(&replay);
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8(output.stderr).unwrap().contains("WR0510"));
    }
}
