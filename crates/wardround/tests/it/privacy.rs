//! Differential privacy as a user sees it: the forecast, the charge, the budget, and a hospital that
//! has rules of its own.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::lab::{Lab, of_kind, text, until};

const PRIVATE: &str = r#"
name = "private"
rounds = 4

[data.emr-risk]
population = "province-21"

[model.mlp]
hidden = [8]

[training]
steps = 5

[round]
weight = "uniform"
evaluate_every = 4

[baselines]
alone = false
pooled = false

[privacy]
delta = 1e-3

[privacy.patient]
noise_multiplier = 1.1
rate = 0.1
"#;

fn epsilon(summary: &Value) -> f64 {
    summary["epsilon"].as_f64().unwrap()
}

#[test]
fn a_private_run_has_the_same_bits_on_any_number_of_threads_and_costs_what_the_plan_said() {
    let lab = Lab::new(PRIVATE);
    let once = lab.summary("run e.toml");
    let digest = text(&once, "model_digest");
    assert_eq!(lab.digest("run e.toml --threads 8"), digest);
    let unnoised = PRIVATE.split("[privacy]").next().unwrap();
    assert_ne!(Lab::new(unnoised).digest("run e.toml"), digest);
    assert_eq!(text(&once, "privacy_unit"), "patient");
    let plan: Value =
        serde_json::from_slice(&lab.output("plan e.toml --format json").stdout).unwrap();
    let hospitals = plan["privacy"]["hospitals"].as_array().unwrap();
    assert_eq!(hospitals.len(), 21);
    let planned = hospitals[0]["epsilon"].as_f64().unwrap();
    assert!((epsilon(&once) - planned).abs() < 1e-9);
    // Twenty steps in all, as the command line has it.
    let line = "privacy epsilon --noise-multiplier 1.1 --sampling-rate 0.1 --steps 20 --delta 1e-3 \
                --format json";
    let told: Value = serde_json::from_slice(&lab.output(line).stdout).unwrap();
    assert!(epsilon(&told) <= planned + 1e-9);
    assert!(epsilon(&told) > planned * 0.5);
    // Without noise nothing is promised.
    let plain = Lab::new(unnoised).summary("run e.toml");
    assert!(plain["epsilon"].is_null() && plain["privacy_unit"].is_null());
}

#[test]
fn no_loss_of_training_rows_is_told() {
    let lab = Lab::new(PRIVATE);
    let run = lab.path(&text(&lab.summary("run e.toml"), "run_dir"));
    for kind in ["report_accepted", "round_closed"] {
        let told = of_kind(&run, kind);
        assert!(!told.is_empty() && told.iter().all(|event| event.get("loss").is_none()));
    }
    let promised = of_kind(&run, "privacy_promised");
    assert_eq!(promised[0]["terms"]["simulated"], true);
}

#[test]
fn a_budget_ends_a_run_when_it_is_spent_and_not_later() {
    // Two rounds fit and a third does not.
    let lab = Lab::new(PRIVATE);
    let two = epsilon(&lab.summary("run e.toml --set rounds=2"));
    let line = format!("run e.toml --set privacy.budget={}", two + 1e-6);
    let ended = lab.summary(&line);
    assert!((epsilon(&ended) - two).abs() < 1e-9);
    let run = lab.path(&text(&ended, "run_dir"));
    let closed = of_kind(&run, "round_closed");
    assert_eq!(closed.len(), 2);
    let declined = of_kind(&run, "report_declined");
    assert_eq!(declined.len(), 21);
    let reason = declined[0]["reason"].as_str().unwrap();
    assert!(
        reason.contains("budget is spent") && reason.contains("unit: patient"),
        "{reason}"
    );
    let finished = of_kind(&run, "run_finished");
    assert_eq!(finished[0]["outcome"], "hospitals-rest");
    // The model of the two rounds is the result.
    assert_eq!(
        text(&ended, "model_digest"),
        lab.digest("run e.toml --set rounds=2")
    );
}

#[test]
fn hospitals_have_operating_system_s_noise_and_ledgers_that_survive() {
    let small = PRIVATE.replace("province-21", "ward-3");
    let lab = Lab::new(&small);
    let (one, other) = (lab.summary("up e.toml"), lab.summary("up e.toml"));
    assert_ne!(text(&one, "model_digest"), text(&other, "model_digest"));
    assert!((epsilon(&one) - epsilon(&lab.summary("run e.toml"))).abs() < 1e-9);
    let nodes = lab.path(&text(&one, "run_dir")).join("nodes");
    let ledgers = fs::read_dir(&nodes).unwrap().filter_map(|file| {
        let path = file.unwrap().path();
        path.to_str()
            .unwrap()
            .ends_with(".privacy.jsonl")
            .then_some(path)
    });
    let lines: Vec<usize> = ledgers
        .map(|path| fs::read_to_string(path).unwrap().lines().count())
        .collect();
    // Four rounds, each reserved and committed.
    assert_eq!(lines, [8, 8, 8]);
}

/// What the coordinator hears of the one hospital with this rule of its own, in a run that ends at once.
fn declined(rule: &str) -> String {
    let lab = Lab::new(&PRIVATE.replace("province-21", "ward-3"));
    let line = "coordinator e.toml --announce there.json --quiet --set coordinator.listen=127.0.0.1:0 \
                --set privacy.when_spent=stop";
    let coordinator = lab.start(line);
    let there: Value = until("the announcement", || {
        serde_json::from_slice(&fs::read(lab.path("there.json")).ok()?).ok()
    });
    let names = ["tertiary-01", "county-01", "township-01"];
    let hospitals = names.map(|name| {
        let policy = if name == "county-01" { rule } else { "" };
        let file = format!(
            "name = \"{name}\"\ncoordinator = \"{}\"\nexperiment = \"e.toml\"\n[policy]\n{policy}\n",
            text(&there, "address")
        );
        fs::write(lab.path(&format!("{name}.toml")), file).unwrap();
        lab.start(&format!("hospital {name}.toml"))
    });
    let output = coordinator.output();
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for hospital in hospitals {
        hospital.output();
    }
    let declined = of_kind(&lab.run_dir(), "report_declined");
    assert_eq!(declined.len(), 1, "{declined:?}");
    assert_eq!(declined[0]["for_good"], true);
    text(&declined[0], "reason")
}

#[test]
fn a_hospital_s_own_rules_are_stricter_than_the_coordinator_s() {
    let rules = [
        ("require_noise = \"hospital\"", "hides a patient"),
        ("require_secure_aggregation = true", "update in the clear"),
        ("max_local_epochs = 0", "max_local_epochs"),
        ("algorithms = [\"scaffold\"]", "not `plain`"),
    ];
    for (rule, reason) in rules {
        let declined = declined(rule);
        assert!(declined.contains(reason), "{rule}: {declined}");
    }
}

#[test]
fn secure_aggregation_and_noise_in_shares_go_together() {
    let shared = PRIVATE
        .split("[privacy.patient]")
        .next()
        .unwrap()
        .to_owned()
        + "[privacy.hospital]\nnoise_multiplier = 1.0\nplacement = \"shared\"\n\n[secure_aggregation]\nmin_survivors = 11\n";
    let lab = Lab::new(&shared);
    let hidden = lab.summary("run e.toml");
    assert_eq!(text(&hidden, "privacy_unit"), "hospital");
    assert!(epsilon(&hidden) > 1.0);
    let up = lab.summary("up e.toml");
    assert!((epsilon(&up) - epsilon(&hidden)).abs() < 1e-9);
}

/// Updates noised as a whole, under a clip norm that starts where most updates are longer, and follows.
const ADAPTIVE: &str = r#"
name = "adaptive"
rounds = 30

[data.emr-risk]
population = "province-21"

[model.logistic]

[training]
steps = 20

[round]
weight = "uniform"
evaluate_every = 0
checkpoint_every = 10

[baselines]
alone = false
pooled = false

[privacy]
delta = 1e-2

[privacy.hospital]
clip_norm = 0.05
noise_multiplier = 1.0

[privacy.hospital.adaptive]
"#;

/// The clip norms of a run and the noised shares of updates that were within them.
fn clips(run: &Path) -> Vec<(f64, f64)> {
    let moved = of_kind(run, "clip_norm_moved").into_iter();
    moved
        .map(|moved| {
            ["norm", "within"]
                .map(|key| moved[key].as_f64().unwrap())
                .into()
        })
        .collect()
}

#[test]
fn a_clip_norm_follows_updates_at_no_further_cost() {
    let lab = Lab::new(ADAPTIVE);
    let fixed = ADAPTIVE.replace("[privacy.hospital.adaptive]", "");
    let moving = lab.summary("run e.toml");
    assert_eq!(
        epsilon(&moving),
        epsilon(&Lab::new(&fixed).summary("run e.toml"))
    );
    let run = lab.path(&text(&moving, "run_dir"));
    let clips = clips(&run);
    assert_eq!(clips.len(), 30);
    assert_eq!(clips[0].0 as f32, 0.05);
    for pair in clips.windows(2) {
        let [(norm, within), (next, _)] = pair else {
            unreachable!()
        };
        assert!((norm * (-0.2 * (within - 0.5)).exp() / next - 1.0).abs() < 1e-6);
    }
    // Every update is longer at first, and about half are in the end.
    let early = clips[..5].iter().map(|(_, within)| within).sum::<f64>() / 5.0;
    let late = clips[20..].iter().map(|(_, within)| within).sum::<f64>() / 10.0;
    assert!(early < 0.2 && (late - 0.5).abs() < 0.2, "{early} {late}");
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.contains("Clip norm by round"));
    // The same bits on more threads and from masked sums, and after a stop.
    let digest = text(&moving, "model_digest");
    assert_eq!(lab.digest("run e.toml --threads 8"), digest);
    assert_eq!(
        lab.digest("run e.toml --set secure_aggregation.min_survivors=11"),
        digest
    );
    let mut stopped = lab.start("run e.toml --out stopped --set training.steps=2000");
    let folder = until("a run to stop", || {
        let folder = fs::read_dir(lab.path("stopped")).ok()?.next()?.ok()?.path();
        (!of_kind(&folder, "checkpointed").is_empty()).then_some(folder)
    });
    stopped.kill();
    let resumed = lab.digest(&format!("run --resume {}", folder.display()));
    assert_eq!(resumed, lab.digest("run e.toml --set training.steps=2000"));
}

#[test]
fn a_clip_norm_follows_updates_over_grpc_too() {
    let small = ADAPTIVE
        .replace("province-21", "ward-3")
        .replace("rounds = 30", "rounds = 8");
    let lab = Lab::new(&small);
    let up = lab.summary("up e.toml");
    let clips = clips(&lab.path(&text(&up, "run_dir")));
    assert_eq!(clips.len(), 8);
    for pair in clips.windows(2) {
        let [(norm, within), (next, _)] = pair else {
            unreachable!()
        };
        assert!((norm * (-0.2 * (within - 0.5)).exp() / next - 1.0).abs() < 1e-6);
    }
    assert_eq!(epsilon(&up), epsilon(&lab.summary("run e.toml")));
}
