//! Same seed, same bits: any number of threads, any order, one process or many, at once or resumed.

use crate::lab::{Lab, SMALL, of_kind, rounds_closed, slow, summary, text};

#[test]
fn threads_do_not_matter() {
    let lab = Lab::new(SMALL);
    let one = lab.digest("run e.toml --threads 1");
    assert_eq!(one, lab.digest("run e.toml --threads 2"));
    assert_eq!(one, lab.digest("run e.toml --threads 8"));
    assert_ne!(one, lab.digest("run e.toml --seed 2"));
}

#[test]
fn the_order_of_arrival_does_not_matter() {
    let lab = Lab::new(SMALL);
    let straight = lab.digest("run e.toml --set simulation.network=\"ideal\"");
    for network_seed in 1..4 {
        let shuffled = format!(
            "run e.toml --set simulation.jitter_ms=500 --set simulation.network_seed={network_seed}"
        );
        assert_eq!(straight, lab.digest(&shuffled));
    }
}

#[test]
fn keeping_no_hospital_open_does_not_matter() {
    let lab = Lab::new(SMALL);
    let audits = |summary: &serde_json::Value| {
        of_kind(&lab.path(&text(summary, "run_dir")), "egress_audited")
    };
    let kept = lab.summary("run e.toml");
    let opened_anew = lab.summary("run e.toml --set simulation.keep_open=0");
    assert_eq!(
        text(&kept, "model_digest"),
        text(&opened_anew, "model_digest")
    );
    assert_eq!(audits(&kept).len(), 3);
    assert_eq!(audits(&kept), audits(&opened_anew));
    for audit in audits(&kept) {
        assert_eq!(audit["found"], 0);
        assert!(audit["messages"].as_u64().unwrap() >= 6 && audit["rows"].as_u64().unwrap() > 0);
    }
}

#[test]
fn processes_over_grpc_end_with_the_simulation_s_bits() {
    for experiment in [SMALL.to_owned(), clustered(SMALL)] {
        simulated_as_deployed(&experiment);
    }
}

fn simulated_as_deployed(experiment: &str) {
    let lab = Lab::new(experiment);
    let simulated = lab.summary("run e.toml");
    let deployed = lab.summary("up e.toml");
    assert_eq!(
        text(&simulated, "model_digest"),
        text(&deployed, "model_digest")
    );
    assert_eq!(simulated["results"], deployed["results"]);
    // What the simulation says a message weighs is what the wire carried.
    assert_eq!(simulated["bytes_up"], deployed["bytes_up"]);
    assert_eq!(simulated["bytes_down"], deployed["bytes_down"]);
}

/// What hospitals can remember for the common model.
const REMEMBERING: [&str; 2] = ["[strategy.feddyn]\nalpha = 0.05", "[strategy.scaffold]"];

/// Hospitals that remember, and are not asked in every round.
fn remembering(experiment: &str, strategy: &str) -> String {
    let sampled = format!("[sampler.uniform]\ncount = 2\n{strategy}\n[round]\n");
    experiment.replace("[round]\n", &format!("{sampled}weight = \"uniform\"\n"))
}

#[test]
fn hospitals_that_remember_end_with_the_same_bits_everywhere() {
    for strategy in REMEMBERING {
        let lab = Lab::new(&remembering(SMALL, strategy));
        let one = lab.digest("run e.toml --threads 1");
        assert_eq!(one, lab.digest("run e.toml --threads 8"));
        assert_eq!(one, lab.digest("run e.toml --set simulation.keep_open=0"));
        assert_eq!(one, lab.digest("up e.toml"));
        let forgetful = remembering(SMALL, "[strategy.fedprox]\nmu = 0.05");
        std::fs::write(lab.path("forgetful.toml"), forgetful).unwrap();
        assert_ne!(one, lab.digest("run forgetful.toml"));
    }
}

#[test]
fn what_hospitals_remember_survives_a_kill() {
    for strategy in REMEMBERING {
        resumes_after_a_kill(&remembering(&slow(), strategy));
    }
}

/// A run of `experiment` that is killed in its sixth round goes on to the same bits.
fn resumes_after_a_kill(experiment: &str) {
    let lab = Lab::new(experiment);
    let whole = lab.digest("run e.toml --out whole");
    let mut running = lab.start("run e.toml");
    let run = lab.run_dir();
    rounds_closed(&run, 5);
    running.kill();
    let resumed = lab.summary(&format!("run --resume {}", run.display()));
    assert_eq!(text(&resumed, "model_digest"), whole);
}

/// Every personalisation that a small multilayer perceptron can have.
const PERSONALISATIONS: [&str; 6] = [
    "[personalisation.fine-tuning]\nsteps = 5",
    "[personalisation.fedper]",
    "[personalisation.fedrep]\nhead_steps = 4",
    "[personalisation.private-intercept]",
    "[personalisation.ditto]\nlambda = 0.5",
    "[personalisation.apfl]",
];

/// Hospitals with a model of their own, not all of which are asked in every round.
fn personal(experiment: &str, personalisation: &str) -> String {
    let experiment = experiment.replace("[model.logistic]", "[model.mlp]\nhidden = [4]");
    format!("{experiment}\n[sampler.uniform]\ncount = 2\n{personalisation}\n")
}

/// The results of hospitals' own models.
fn personal_results(summary: &serde_json::Value) -> Vec<serde_json::Value> {
    let results = summary["results"].as_array().unwrap().iter();
    let own = results.filter(|row| row["model"] == "personal");
    own.cloned().collect()
}

#[test]
fn hospitals_own_models_are_the_same_everywhere() {
    for personalisation in PERSONALISATIONS {
        let lab = Lab::new(&personal(SMALL, personalisation));
        let one = lab.summary("run e.toml --threads 1");
        let own = personal_results(&one);
        assert!(
            own.iter().any(|row| row["metric"] == "auc"),
            "{personalisation}"
        );
        for line in [
            "run e.toml --threads 2",
            "run e.toml --threads 8",
            "run e.toml --set simulation.keep_open=0",
            "up e.toml",
        ] {
            let other = lab.summary(line);
            let digests = [&one, &other].map(|summary| text(summary, "model_digest"));
            assert_eq!(digests[0], digests[1], "{personalisation}, {line}");
            assert_eq!(own, personal_results(&other), "{personalisation}, {line}");
        }
    }
}

#[test]
fn a_model_beside_leaves_the_common_one_as_it_is() {
    let lab = Lab::new(&personal(SMALL, ""));
    let plain = lab.summary("run e.toml");
    let common = |summary: &serde_json::Value| {
        let mut results = summary["results"].as_array().unwrap().clone();
        results.retain(|row| row["model"] == "federated");
        (text(summary, "model_digest"), results)
    };
    for personalisation in ["fine-tuning={}", "ditto={}", "apfl={}"] {
        let beside = lab.summary(&format!(
            "run e.toml --set personalisation.{personalisation}"
        ));
        assert_eq!(common(&beside), common(&plain), "{personalisation}");
        assert!(!personal_results(&beside).is_empty());
    }
    assert!(personal_results(&plain).is_empty());
}

#[test]
fn personalisations_go_with_strategies_that_remember_and_rules_that_look() {
    for (strategy, personalisation) in [
        ("[strategy.scaffold]", "[personalisation.ditto]"),
        ("[strategy.feddyn]", "[personalisation.fedper]"),
        ("[strategy.robust]\nf = 0", "[personalisation.apfl]"),
    ] {
        let text = personal(SMALL, &format!("{strategy}\n{personalisation}"))
            .replace("[round]\n", "[round]\nweight = \"uniform\"\n");
        let lab = Lab::new(&text);
        let one = lab.summary("run e.toml --threads 1");
        let other = lab.summary("run e.toml --threads 8");
        assert_eq!(
            self::text(&one, "model_digest"),
            self::text(&other, "model_digest")
        );
        assert_eq!(personal_results(&one), personal_results(&other));
        assert!(!personal_results(&one).is_empty(), "{strategy}");
    }
}

#[test]
fn hospitals_own_models_survive_a_kill() {
    let slow = slow()
        .replace("rounds = 60", "rounds = 30")
        .replace("evaluate_every = 2", "evaluate_every = 1");
    for personalisation in [
        "[personalisation.ditto]\n[strategy.feddyn]",
        "[personalisation.fedrep]\nhead_steps = 4",
        "[personalisation.apfl]",
    ] {
        let experiment = personal(&slow, personalisation)
            .replace("[round]\n", "[round]\nweight = \"uniform\"\n");
        let lab = Lab::new(&experiment);
        let whole = lab.summary("run e.toml --out whole");
        let mut running = lab.start("run e.toml");
        let run = lab.run_dir();
        rounds_closed(&run, 4);
        running.kill();
        let resumed = lab.summary(&format!("run --resume {}", run.display()));
        let digests = [&whole, &resumed].map(|summary| text(summary, "model_digest"));
        assert_eq!(digests[0], digests[1], "{personalisation}");
        assert_eq!(personal_results(&whole), personal_results(&resumed));
    }
}

#[test]
fn robust_rules_end_with_the_same_bits_everywhere() {
    let many = SMALL
        .replace("ward-3", "province-21")
        .replace("rounds = 6", "rounds = 3");
    let before = "before = [{ bucketing = 1 }, \"nnm\"]";
    for strategy in [
        "[strategy.robust]".to_owned(),
        "[strategy.bulyan]\nf = 4".to_owned(),
        format!("[strategy.centred-clipping]\n{before}"),
    ] {
        let lab = Lab::new(&many.replace("[round]", &format!("{strategy}\n[round]")));
        let one = lab.digest("run e.toml --threads 1");
        assert_eq!(one, lab.digest("run e.toml --threads 8"), "{strategy}");
        assert_eq!(one, lab.digest("up e.toml"), "{strategy}");
    }
}

#[test]
fn burn_s_engine_ends_with_its_own_bits_everywhere() {
    let lab = Lab::new(&SMALL.replace("[training]", "[training]\nengine = \"burn\""));
    let one = lab.digest("run e.toml --threads 1");
    assert_eq!(one, lab.digest("run e.toml --threads 2"));
    assert_eq!(one, lab.digest("run e.toml --threads 8"));
    assert_eq!(one, lab.digest("up e.toml"));
}

#[test]
fn a_run_stopped_by_ctrl_c_goes_on_to_the_same_bits() {
    let lab = Lab::new(&slow());
    let whole = lab.digest("run e.toml --out whole");
    let running = lab.start("run e.toml --threads 1");
    let run = lab.run_dir();
    rounds_closed(&run, 3);
    running.signal("INT");
    let output = running.output();
    assert_eq!(output.status.code(), Some(130));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("run --resume"), "{told}");
    let resumed = lab.summary(&format!("run --resume {}", run.display()));
    assert_eq!(text(&resumed, "model_digest"), whole);
    assert_eq!(resumed["rounds"], 60);
    let again = lab.output(&format!("run --resume {}", run.display()));
    assert_eq!(again.status.code(), Some(1), "it is over");
}

#[test]
fn a_run_that_was_killed_goes_on_to_the_same_bits() {
    let lab = Lab::new(&slow());
    let whole = lab.digest("run e.toml --out whole");
    let mut running = lab.start("run e.toml");
    let run = lab.run_dir();
    rounds_closed(&run, 3);
    running.kill();
    let resume = format!("run --resume {} --threads 1 --format json", run.display());
    let resumed = summary(&lab.output(&resume));
    assert_eq!(text(&resumed, "model_digest"), whole);
}

#[test]
fn a_coordinator_that_holds_rows_trusts_the_same_everywhere() {
    let strategy = |rows| format!("[strategy.fltrust]\nroot_rows = {rows}\n[round]\n");
    let lab = Lab::new(&SMALL.replace("[round]\n", &strategy(50)));
    let one = lab.digest("run e.toml --threads 1");
    assert_eq!(one, lab.digest("run e.toml --threads 8"));
    assert_eq!(one, lab.digest("up e.toml"));
    let more = lab.digest("run e.toml --set strategy.fltrust.root_rows=51");
    assert_ne!(one, more);
}

/// A server that moves tensor by tensor, with a rate that falls over the whole run.
fn scheduled(experiment: &str) -> String {
    let strategy = "[strategy.fedlamb]\nlearning_rate = 0.1\nschedule = { cosine = {} }\n[round]\n";
    experiment.replace("[round]\n", strategy)
}

#[test]
fn a_scheduled_rate_is_the_same_everywhere() {
    let lab = Lab::new(&scheduled(SMALL));
    let one = lab.digest("run e.toml --threads 1");
    assert_eq!(one, lab.digest("run e.toml --threads 8"));
    assert_eq!(one, lab.digest("up e.toml"));
    let constant = "run e.toml --set strategy={fedlamb={learning_rate=0.1}}";
    assert_ne!(one, lab.digest(constant));
}

#[test]
fn a_schedule_goes_on_where_it_was_killed() {
    resumes_after_a_kill(&scheduled(&slow()));
}

/// Three models, of which each hospital has one; not all hospitals are asked in every round.
fn clustered(experiment: &str) -> String {
    let strategy = "[sampler.uniform]\ncount = 2\n[strategy.ifca]\nclusters = 3\n[round]\n";
    experiment.replace("[round]\n", strategy)
}

#[test]
fn several_models_survive_a_kill() {
    resumes_after_a_kill(&clustered(&slow()));
}

#[test]
fn the_summary_has_the_committed_schema_s_keys() {
    let lab = Lab::new(SMALL);
    let summary = lab.summary("run e.toml");
    let schema: serde_json::Value =
        serde_json::from_slice(&lab.output("schema summary").stdout).unwrap();
    let keys = |value: &serde_json::Value| -> Vec<String> {
        let mut keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    assert_eq!(keys(&summary), keys(&schema["properties"]));
    let result = &schema["properties"]["results"]["items"]["properties"];
    assert_eq!(keys(&summary["results"][0]), keys(result));
}
