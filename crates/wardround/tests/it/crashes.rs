//! What a deployment survives: hospitals and coordinators that are killed, parents that vanish.

use std::fs;
use std::path::Path;

use crate::lab::{Lab, of_kind, processes, rounds_closed, send, slow, summary, text, until};

/// The process of a hospital of the run in `dir`.
fn hospital(dir: &Path, name: &str) -> u32 {
    let file = dir.join("nodes").join(format!("{name}.toml"));
    until(name, || processes(file.to_str().unwrap()).first().copied())
}

fn names(dir: &Path) -> Vec<String> {
    let started = of_kind(dir, "run_started");
    let nodes = started[0]["nodes"].as_array().unwrap();
    nodes.iter().map(|node| text(node, "name")).collect()
}

#[test]
fn a_hospital_that_is_killed_is_silent_and_may_come_back() {
    let lab = Lab::new(&slow().replace("[round]", "[round]\nquorum = 0.5\ndeadline_s = 1.0"));
    let up = lab.start("up e.toml --format json");
    let run = lab.run_dir();
    rounds_closed(&run, 2);
    let name = &names(&run)[1];
    send(hospital(&run, name), "KILL");
    let silent = |closed: &serde_json::Value| closed["silent"] == serde_json::json!([1]);
    until("a round that closes without it", || {
        of_kind(&run, "round_closed")
            .iter()
            .any(silent)
            .then_some(())
    });
    let file = format!("{}/nodes/{name}.toml", run.display());
    let again = lab.start(&format!("hospital {file}"));
    let summary = summary(&up.output());
    assert_eq!(again.output().status.code(), Some(0));
    let joined = of_kind(&run, "node_joined");
    assert_eq!(joined.iter().filter(|event| event["node"] == 1).count(), 2);
    assert!(summary["silent"].as_u64().unwrap() >= 1);
    let reporters = |closed: &serde_json::Value| closed["reporters"].as_array().unwrap().len();
    let last = of_kind(&run, "round_closed");
    assert_eq!(last.last().map(reporters), Some(3), "it takes part again");
    let page = fs::read_to_string(run.join("report.html")).unwrap();
    assert!(page.contains("silent") && page.contains(name.as_str()));
}

#[test]
fn a_coordinator_that_is_killed_goes_on_to_the_same_bits() {
    let lab = Lab::new(&slow());
    let whole = lab.digest("run e.toml --out whole");
    // A coordinator and hospitals as their operators would start them, at a fixed address.
    let mut coordinator = lab.start("coordinator e.toml --announce there.json");
    let address = until("the address", || {
        let text = fs::read_to_string(lab.path("there.json")).ok()?;
        let there: serde_json::Value = serde_json::from_str(&text).ok()?;
        there["address"].as_str().map(str::to_owned)
    });
    let run = lab.run_dir();
    let hospitals: Vec<_> = until("the roster", || {
        (!of_kind(&run, "run_started").is_empty()).then(|| names(&run))
    })
    .iter()
    .map(|name| {
        let file = format!("{name}.toml");
        let text =
            format!("name = \"{name}\"\ncoordinator = \"{address}\"\nexperiment = \"e.toml\"\n");
        fs::write(lab.path(&file), text).unwrap();
        lab.start(&format!("hospital {file}"))
    })
    .collect();
    rounds_closed(&run, 3);
    coordinator.kill();
    let listen = address.trim_start_matches("http://");
    let resumed = lab
        .command(&format!(
            "coordinator --resume {} --format json",
            run.display()
        ))
        .env("WARDROUND_LISTEN", listen)
        .output()
        .unwrap();
    assert_eq!(text(&summary(&resumed), "model_digest"), whole);
    for hospital in hospitals {
        assert_eq!(hospital.output().status.code(), Some(0));
    }
}

#[test]
fn nothing_stays_behind_when_the_parent_is_killed() {
    let lab = Lab::new(&slow());
    let mut up = lab.start("up e.toml");
    let run = lab.run_dir();
    rounds_closed(&run, 1);
    let word = run.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(processes(&word).len() >= 4);
    up.kill();
    until("the children to go", || {
        processes(&word).is_empty().then_some(())
    });
}

#[test]
fn ctrl_c_stops_everybody_and_saves() {
    let lab = Lab::new(&slow());
    let whole = lab.digest("run e.toml --out whole");
    let up = lab.start("up e.toml");
    let run = lab.run_dir();
    rounds_closed(&run, 2);
    up.signal("INT");
    let output = up.output();
    assert_eq!(
        output.status.code(),
        Some(130),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let word = run.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(processes(&word).is_empty());
    let resumed = lab.summary(&format!("up --resume {}", run.display()));
    assert_eq!(text(&resumed, "model_digest"), whole);
}

#[test]
fn a_coordinator_that_dies_ends_the_federation_and_says_how_to_go_on() {
    let lab = Lab::new(&slow());
    let up = lab.start("up e.toml");
    let run = lab.run_dir();
    rounds_closed(&run, 2);
    let announced = run.join("nodes/coordinator.json");
    let coordinator = processes(announced.to_str().unwrap())[0];
    send(coordinator, "KILL");
    let output = up.output();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("up --resume"), "{told}");
    let word = run.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(processes(&word).is_empty());
}

#[test]
fn hospitals_wait_for_a_coordinator_that_was_stopped() {
    let lab = Lab::new(&slow());
    let whole = lab.digest("run e.toml --out whole");
    let coordinator = lab.start("coordinator e.toml --announce there.json");
    let address = until("the address", || {
        let text = fs::read_to_string(lab.path("there.json")).ok()?;
        let there: serde_json::Value = serde_json::from_str(&text).ok()?;
        there["address"].as_str().map(str::to_owned)
    });
    let run = lab.run_dir();
    let roster = until("the roster", || {
        (!of_kind(&run, "run_started").is_empty()).then(|| names(&run))
    });
    let hospitals: Vec<_> = roster
        .iter()
        .map(|name| {
            let text = format!(
                "name = \"{name}\"\ncoordinator = \"{address}\"\nexperiment = \"e.toml\"\n"
            );
            fs::write(lab.path(&format!("{name}.toml")), text).unwrap();
            lab.start(&format!("hospital {name}.toml"))
        })
        .collect();
    rounds_closed(&run, 2);
    coordinator.signal("INT");
    assert_eq!(coordinator.output().status.code(), Some(130));
    let resumed = lab
        .command(&format!(
            "coordinator --resume {} --format json",
            run.display()
        ))
        .env("WARDROUND_LISTEN", address.trim_start_matches("http://"))
        .output()
        .unwrap();
    assert_eq!(text(&summary(&resumed), "model_digest"), whole);
    for hospital in hospitals {
        assert_eq!(hospital.output().status.code(), Some(0));
    }
}

#[test]
fn a_nation_is_no_host_s_business() {
    let lab = Lab::new(&slow().replace("ward-3", "china-1:100"));
    let output = lab.output("up e.toml");
    assert_eq!(output.status.code(), Some(3));
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("WR0212") && told.contains("722"), "{told}");
    assert!(!lab.path("runs").exists(), "nothing is left behind");
}
