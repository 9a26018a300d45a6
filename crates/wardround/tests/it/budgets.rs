//! Privacy ledgers across crashes, jobs and drivers: what was reserved is spent.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;

use serde_json::Value;
use ward_core::{Record, RunId};
use ward_privacy::NoiseSource;
use ward_privacy::ledger::{LedgerFile, Statement};
use ward_round::RunState;
use ward_sim::{Observer, Simulation, Wards as _};
use wardround::config::Experiment;
use wardround::setup::Setup;

use crate::lab::{Lab, Running, of_kind, text, until};

/// Three hospitals of different sizes, whose charges depend on how many rows they have.
pub(crate) const JOB: &str = r#"
name = "job"
rounds = 1

[data.emr-risk]
population = "ward-3"

[model.logistic]

[training]
steps = 5

[round]
weight = "uniform"
evaluate_every = 0

[baselines]
alone = false
pooled = false

[privacy]
delta = 1e-3

[privacy.patient]
noise_multiplier = 2.0
rate = 0.1
"#;

pub(crate) const NAMES: [&str; 3] = ["tertiary-01", "county-01", "township-01"];
/// The hospital that a test is about.
pub(crate) const COUNTY: &str = "county-01";

/// Epsilon of a hospital that takes part in all rounds of `line`, by the plan.
fn planned(lab: &Lab, line: &str) -> f64 {
    let output = lab.output(&format!("plan e.toml --format json {line}"));
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    let hospitals = plan["privacy"]["hospitals"].as_array().unwrap();
    let county = hospitals.iter().find(|hospital| hospital["name"] == COUNTY);
    county.unwrap()["epsilon"].as_f64().unwrap()
}

/// Writes every hospital's file; `more` is in the county's.
pub(crate) fn enrol(lab: &Lab, more: &str) {
    for name in NAMES {
        let more = if name == COUNTY { more } else { "" };
        let file = format!(
            "name = \"{name}\"\ncoordinator = \"http://127.0.0.1:1\"\nexperiment = \"e.toml\"\n{more}"
        );
        fs::write(lab.path(&format!("{name}.toml")), file).unwrap();
    }
}

/// What the county may spend on all jobs.
fn in_all(epsilon: f64) -> String {
    format!("[budget]\nepsilon_total = {epsilon}\ndelta = 1e-3\n")
}

/// A coordinator of a job of its own, and where hospitals find it.
pub(crate) fn coordinator(lab: &Lab, job: &str, more: &str) -> (Running, String) {
    let line = format!(
        "coordinator e.toml --announce {job}.json --quiet --out {job} --set coordinator.listen=127.0.0.1:0 {more}"
    );
    let coordinator = lab.start(&line);
    let announced: Value = until("the announcement", || {
        serde_json::from_slice(&fs::read(lab.path(&format!("{job}.json"))).ok()?).ok()
    });
    (coordinator, text(&announced, "address"))
}

pub(crate) fn hospital(lab: &Lab, name: &str, address: &str) -> Running {
    lab.start_at(&format!("hospital {name}.toml"), address)
}

/// The run directory of a job.
pub(crate) fn run_of(lab: &Lab, job: &str) -> PathBuf {
    let mut runs = fs::read_dir(lab.path(job)).unwrap();
    runs.next().unwrap().unwrap().path()
}

/// The lines of a hospital's privacy ledger that are written whole.
pub(crate) fn ledger(lab: &Lab, name: &str) -> Vec<String> {
    let text = fs::read_to_string(lab.path(&format!("{name}.privacy.jsonl"))).unwrap_or_default();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    whole.lines().map(str::to_owned).collect()
}

pub(crate) fn count(lines: &[String], kind: &str) -> usize {
    lines.iter().filter(|line| line.contains(kind)).count()
}

/// Stops a process between a reservation and what it is for, wherever it was.
fn halt_in_training(lab: &Lab, hospital: &Running) {
    until("a reservation without a release", || {
        hospital.signal("STOP");
        until("the process to halt", || {
            let stat = fs::read_to_string(format!("/proc/{}/stat", hospital.id())).ok()?;
            let (_, state) = stat.rsplit_once(") ")?;
            state.starts_with('T').then_some(())
        });
        let open = ledger(lab, COUNTY)
            .last()
            .is_some_and(|line| line.contains("reserved"));
        if !open {
            hospital.signal("CONT");
        }
        open.then_some(())
    });
}

#[test]
fn a_hospital_killed_in_training_has_spent_what_it_reserved() {
    // Training takes long beside everything else that a hospital does.
    let slow = JOB
        .replace("rounds = 1", "rounds = 4")
        .replace("steps = 5", "steps = 40000")
        .replace("noise_multiplier = 2.0", "noise_multiplier = 20.0");
    let lab = Lab::new(&slow);
    enrol(&lab, &in_all(planned(&lab, "") + 1e-9));
    let (job, address) = coordinator(&lab, "job", "");
    let others = ["tertiary-01", "township-01"].map(|name| hospital(&lab, name, &address));
    let mut killed = hospital(&lab, COUNTY, &address);
    halt_in_training(&lab, &killed);
    let before = ledger(&lab, COUNTY);
    killed.kill();
    let released = count(&before, "committed");
    assert_eq!(count(&before, "reserved"), released + 1);
    let again = hospital(&lab, COUNTY, &address);
    let output = job.output();
    assert_eq!(output.status.code(), Some(0));
    for hospital in others.into_iter().chain([again]) {
        assert_eq!(hospital.output().status.code(), Some(0));
    }
    // Four rounds fit the budget, and the round that was cut off was paid for twice.
    let after = ledger(&lab, COUNTY);
    assert_eq!(after[..before.len()], before);
    assert_eq!(
        (count(&after, "reserved"), count(&after, "committed")),
        (4, 3)
    );
    let declined = of_kind(&run_of(&lab, "job"), "report_declined");
    assert_eq!(declined.len(), 1, "{declined:?}");
    assert_eq!(declined[0]["round"], 3);
    assert!(text(&declined[0], "reason").contains("for all runs"));
    assert_eq!(count(&ledger(&lab, "township-01"), "committed"), 4);
}

#[test]
fn ten_jobs_spend_a_total_budget_and_the_eleventh_is_refused_on_both_sides() {
    let lab = Lab::new(JOB);
    enrol(&lab, &in_all(planned(&lab, "--set rounds=10") + 1e-9));
    for number in 1..=11 {
        let name = format!("job-{number}");
        let (job, address) = coordinator(&lab, &name, "");
        let hospitals = NAMES.map(|name| (name, hospital(&lab, name, &address)));
        assert_eq!(job.output().status.code(), Some(0));
        let told = hospitals.map(|(name, hospital)| {
            let output = hospital.output();
            assert_eq!(output.status.code(), Some(0));
            (name, String::from_utf8_lossy(&output.stderr).into_owned())
        });
        let run = run_of(&lab, &name);
        let declined = of_kind(&run, "report_declined");
        let closed = of_kind(&run, "round_closed");
        let reporters = closed[0]["reporters"].as_array().unwrap().len();
        if number <= 10 {
            assert_eq!((declined.len(), reporters), (0, 3), "{number}");
            continue;
        }
        assert_eq!((declined.len(), reporters), (1, 2));
        assert_eq!(
            (&declined[0]["node"], &declined[0]["for_good"]),
            (&1.into(), &true.into())
        );
        let reason = text(&declined[0], "reason");
        assert!(reason.contains("the privacy budget is spent"), "{reason}");
        assert!(reason.contains("for all runs"), "{reason}");
        for (name, told) in told {
            assert_eq!(told.contains(&reason), name == COUNTY, "{name}: {told}");
        }
    }
    let spent = ledger(&lab, COUNTY);
    assert_eq!(
        (count(&spent, "reserved"), count(&spent, "committed")),
        (10, 10)
    );
}

/// What a ledger comes to: rounds in all, and statements.
type Spent = (usize, Vec<Statement>);

/// What each simulated hospital spent on the experiment in `folder`.
fn simulated(folder: &Path) -> Vec<(String, Spent)> {
    let loaded = Experiment::load(&folder.join("e.toml"), Vec::new()).unwrap();
    let setup = Setup::open(&loaded).unwrap();
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(2)
        .build()
        .unwrap();
    let engine = setup
        .coordinator(RunId(1), None, NoiseSource::Simulated)
        .unwrap();
    let roster = setup.federation.roster();
    let network = &setup.experiment.simulation;
    let root = setup.experiment.network_root();
    let simulation = Simulation::new(engine, &setup, &pool, 3, root, |node| {
        let info = &roster[node.0 as usize];
        (network.link(info), network.faults(info))
    });
    simulation.run(&mut Nobody).unwrap();
    roster
        .iter()
        .map(|info| {
            let ward = setup.open(info.node).unwrap();
            let guard = ward.guard.lock().unwrap_or_else(PoisonError::into_inner);
            let ledger = guard.ledger();
            let spent = (ledger.rounds(RunId(1)), ledger.statements(None, 1e-3));
            (info.name.clone(), spent)
        })
        .collect()
}

struct Nobody;

impl Observer for Nobody {
    fn record(&mut self, _: &Record) -> io::Result<()> {
        Ok(())
    }

    fn checkpoint(&mut self, _: &RunState) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_simulation_and_processes_charge_every_hospital_the_same() {
    // Who is asked changes from round to round, and a charge depends on how many rows there are.
    let lab = Lab::new(
        &(JOB
            .replace("rounds = 1", "rounds = 5")
            .replace("rate = 0.1", "rate = 0.1\nsampling = \"fixed-size\"")
            + "[sampler.uniform]\ncount = 2\n"),
    );
    let up = lab.summary("up e.toml");
    let nodes = lab.path(&text(&up, "run_dir")).join("nodes");
    let run = RunId::named(
        nodes
            .parent()
            .unwrap()
            .file_name()
            .unwrap()
            .to_str()
            .unwrap(),
    );
    let simulated = simulated(lab.path("").as_path());
    let mut rounds = 0;
    for (name, expected) in &simulated {
        let path = nodes.join(format!("{name}.privacy.jsonl"));
        let ledger = LedgerFile::open(&path, None).unwrap();
        let spent = (ledger.rounds(run), ledger.statements(None, 1e-3));
        assert_eq!(&spent, expected, "{name}");
        rounds += spent.0;
    }
    assert_eq!((simulated.len(), rounds), (3, 10));
    let epsilons: Vec<_> = simulated.iter().map(|(_, spent)| &spent.1).collect();
    assert!(epsilons.windows(2).any(|pair| pair[0] != pair[1]));
}
