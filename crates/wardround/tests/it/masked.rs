//! Updates hidden in their sum, in processes: the same bits as in the clear, whoever is killed; and
//! nothing of one hospital's update where the coordinator could find it.

use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use ward_core::{Address, NodeId, RoundId, Trainer as _};
use wardround::config::Experiment;
use wardround::setup::Setup;

use crate::lab::{Lab, Running, of_kind, processes, rounds_closed, send, summary, text, until};

const CLEAR: &str = r#"
name = "hidden"
rounds = 3

[data.emr-risk]
population = "province-21"

[preprocessing]
scaling = "local"

[model.mlp]
hidden = [16]

[training]
steps = 20
batches = "replacement"

[sampler.uniform]
count = 8

[ring]
fraction_bits = 24

[round]
evaluate_every = 0
checkpoint_every = 1

[baselines]
alone = false
pooled = false
"#;

fn masked(experiment: &str) -> String {
    format!("{experiment}\n[secure_aggregation]\nmin_survivors = 4\n")
}

#[test]
fn the_sum_is_the_same_as_in_the_clear_in_one_process_and_in_many() {
    let clear = Lab::new(CLEAR).digest("run e.toml");
    let lab = Lab::new(&masked(CLEAR));
    assert_eq!(lab.digest("run e.toml"), clear);
    assert_eq!(lab.digest("run e.toml --threads 8"), clear);
    let aes = "run e.toml --set secure_aggregation.suite=\"aes-256-ctr\"";
    assert_eq!(lab.digest(aes), clear);
    let deployed = lab.summary("up e.toml");
    assert_eq!(text(&deployed, "model_digest"), clear);
    let run = lab.path(&text(&deployed, "run_dir"));
    assert!(
        of_kind(&run, "report_accepted").is_empty(),
        "no weight, no loss of one hospital"
    );
    assert_eq!(of_kind(&run, "masking_phase_closed").len(), 3 * 5);
}

#[test]
fn algorithms_with_extras_and_several_models_are_hidden_too() {
    for strategy in [
        "strategy.scaffold={}",
        "strategy.ifca={}",
        "strategy.fednova={}",
    ] {
        let line =
            format!("run e.toml --set {strategy} --set round.weight=\"uniform\" --set rounds=2");
        let clear = Lab::new(CLEAR).digest(&line);
        assert_eq!(Lab::new(&masked(CLEAR)).digest(&line), clear, "{strategy}");
    }
}

/// Two of ten are killed after they shared their secrets and before their updates are there.
#[test]
fn two_hospitals_that_are_killed_are_taken_out_of_the_sum() {
    let slow = CLEAR
        .replace("rounds = 3", "rounds = 1")
        .replace("steps = 20", "steps = 150000")
        // Ten are asked, so that nobody waits for the two.
        .replace(
            "[round]",
            "[round]\ndeadline_s = 600.0\nover_selection = 1.25",
        );
    let lab = Lab::new(&masked(&slow));
    let up = lab.start("up e.toml --format json --quiet");
    let run = lab.run_dir();
    until("shares", || {
        let closed = of_kind(&run, "masking_phase_closed");
        closed.iter().any(|c| c["phase"] == "shares").then_some(())
    });
    let asked = of_kind(&run, "round_opened")[0]["cohort"].clone();
    let nodes = of_kind(&run, "run_started")[0]["nodes"].clone();
    let name = |node: &serde_json::Value| text(&nodes[node.as_u64().unwrap() as usize], "name");
    let asked = asked.as_array().unwrap();
    for node in &asked[..2] {
        let file = run.join("nodes").join(format!("{}.toml", name(node)));
        send(processes(file.to_str().unwrap())[0], "KILL");
    }
    let hidden = summary(&up.output());
    let closed = of_kind(&run, "round_closed");
    assert_eq!(closed[0]["reporters"].as_array().unwrap(), &asked[2..]);

    // The same eight, asked in the clear.
    let names: Vec<String> = asked[2..]
        .iter()
        .map(|node| format!("name == '{}'", name(node)))
        .collect();
    let only = format!("[sampler.all]\nwhere = \"{}\"", names.join(" || "));
    let clear = slow.replace("[sampler.uniform]\ncount = 8", &only);
    let clear = Lab::new(&clear).digest("run e.toml");
    assert_eq!(text(&hidden, "model_digest"), clear);
}

/// The coordinator is stopped after a round and goes on; hospitals hear a new attempt.
#[test]
fn a_masked_run_that_was_stopped_goes_on_to_the_same_bits() {
    let slow = CLEAR
        .replace("rounds = 3", "rounds = 8")
        .replace("steps = 20", "steps = 8000");
    let whole = Lab::new(&slow).digest("run e.toml");
    for verb in ["run", "up"] {
        let lab = Lab::new(&masked(&slow));
        let running = lab.start(&format!("{verb} e.toml --quiet"));
        let run = lab.run_dir();
        rounds_closed(&run, 2);
        running.signal("INT");
        assert_eq!(running.output().status.code(), Some(130), "{verb}");
        assert!(of_kind(&run, "round_closed").len() < 8, "{verb}");
        let resumed = lab.summary(&format!("{verb} --resume {}", run.display()));
        assert_eq!(text(&resumed, "model_digest"), whole, "{verb}");
    }
}

/// The first words of one hospital's update as it would leave in the clear.
fn canary(lab: &Lab, round: u32, node: NodeId) -> Vec<u8> {
    let loaded = Experiment::load(&lab.path("e.toml"), Vec::new()).unwrap();
    let setup = Setup::open(&loaded).unwrap();
    let order = loaded
        .value
        .order(&setup.model, setup.ring, setup.federation.roster());
    let mut trainer = setup.trainer(setup.hospital(node).unwrap());
    let place = Address {
        round: RoundId(round),
        node,
    };
    let update = trainer
        .train(&setup.initial_params(), &order, place)
        .unwrap();
    let upload = ward_privacy::seal::trial(update, &order).unwrap();
    let words = upload.words[..16].iter();
    words.flat_map(|word| word.to_le_bytes()).collect()
}

/// A line between hospitals and coordinator that keeps what goes over it.
struct Tap {
    address: String,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Tap {
    fn to(coordinator: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let keep = heard.clone();
        std::thread::spawn(move || {
            for near in listener.incoming().map_while(Result::ok) {
                let Ok(far) = TcpStream::connect(&coordinator) else {
                    return;
                };
                let pairs = [
                    (near.try_clone().unwrap(), far.try_clone().unwrap()),
                    (far, near),
                ];
                for (from, to) in pairs {
                    let keep = keep.clone();
                    std::thread::spawn(move || copy(from, to, &keep));
                }
            }
        });
        Self { address, heard }
    }
}

fn copy(mut from: TcpStream, mut to: TcpStream, keep: &Mutex<Vec<u8>>) {
    let mut buffer = [0; 65_536];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        keep.lock().unwrap().extend_from_slice(&buffer[..count]);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// All memory of a process that can be written to; `None` where the system does not show it.
fn memory(process: u32) -> Option<Vec<u8>> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).ok()?;
    let mut memory = fs::File::open(format!("/proc/{process}/mem")).ok()?;
    let mut all = Vec::new();
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let range = line.split(' ').next()?;
        let (from, to) = range.split_once('-')?;
        let [from, to] = [from, to].map(|hex| u64::from_str_radix(hex, 16).unwrap_or(0));
        memory.seek(SeekFrom::Start(from)).ok()?;
        let mut region = vec![0; (to - from) as usize];
        // Some regions are the system's own.
        if memory.read_exact(&mut region).is_ok() {
            all.extend(region);
        }
    }
    Some(all)
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    let first = needle[0];
    let mut rest = haystack;
    while let Some(at) = rest.iter().position(|byte| *byte == first) {
        if rest[at..].starts_with(needle) {
            return true;
        }
        rest = &rest[at + 1..];
    }
    false
}

/// Whether any file of the run's folder holds the needle.
fn written(folder: &Path, needle: &[u8]) -> bool {
    let entries = fs::read_dir(folder).unwrap().map_while(Result::ok);
    entries.into_iter().any(|entry| match entry.path() {
        path if path.is_dir() => written(&path, needle),
        path => holds(&fs::read(path).unwrap_or_default(), needle),
    })
}

/// Where the update of one hospital is found.
#[derive(Debug)]
struct Found {
    in_traffic: bool,
    /// The coordinator's; `None` where the system does not show it.
    in_memory: Option<bool>,
    /// Story, checkpoints, report, log, and what was printed.
    in_files: bool,
}

/// Plays two rounds and searches.
fn found(experiment: &str) -> Found {
    let lab = Lab::new(experiment);
    let needle = canary(&lab, 0, NodeId(0));
    let hidden = experiment.contains("secure_aggregation");
    let line = "coordinator e.toml --announce there.json --set coordinator.listen=127.0.0.1:0";
    let mut line = line.to_owned();
    if hidden {
        assert_eq!(lab.output("roster e.toml keys").status.code(), Some(0));
        line += " --set secure_aggregation.roster=keys/roster.json";
    }
    let coordinator = lab.start(&line);
    let there = until("the address", || {
        let text = fs::read_to_string(lab.path("there.json")).ok()?;
        let there: serde_json::Value = serde_json::from_str(&text).ok()?;
        there["address"].as_str().map(str::to_owned)
    });
    let tap = Tap::to(there.trim_start_matches("http://").to_owned());
    let run = lab.run_dir();
    let roster = until("the roster", || {
        of_kind(&run, "run_started").first().cloned()
    });
    let hospitals: Vec<Running> = roster["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|node| hospital(&lab, &tap, &text(node, "name"), hidden))
        .collect();
    until("the first round", || {
        of_kind(&run, "round_closed").first().cloned()
    });
    let memory = memory(coordinator.id());
    if memory.is_none() {
        // Not through the test's captured output, or nobody would hear it.
        let _ = writeln!(
            std::io::stderr().lock(),
            "skipped: this system does not show a process's memory"
        );
    }
    let in_memory = memory.map(|memory| holds(&memory, &needle));
    let coordinator = coordinator.output();
    assert_eq!(coordinator.status.code(), Some(0));
    for hospital in hospitals {
        assert_eq!(hospital.output().status.code(), Some(0));
    }
    let in_traffic = holds(&tap.heard.lock().unwrap(), &needle);
    Found {
        in_traffic,
        in_memory,
        in_files: written(&run, &needle)
            || holds(&coordinator.stdout, &needle)
            || holds(&coordinator.stderr, &needle),
    }
}

fn hospital(lab: &Lab, tap: &Tap, name: &str, hidden: bool) -> Running {
    let mut file = format!(
        "name = \"{name}\"\ncoordinator = \"{}\"\nexperiment = \"e.toml\"\n",
        tap.address
    );
    if hidden {
        let roster = fs::read_to_string(lab.path("keys/roster.json")).unwrap();
        let roster: serde_json::Value = serde_json::from_str(&roster).unwrap();
        let root = text(&roster, "root");
        file += &format!(
            "[secure_aggregation]\nkey = \"keys/{name}.key\"\nroster = \
             \"keys/roster.json\"\nroot = \"{root}\"\n"
        );
    }
    let path = format!("{name}.toml");
    fs::write(lab.path(&path), file).unwrap();
    lab.start(&format!("hospital {path}"))
}

#[test]
fn one_hospital_s_update_is_found_in_the_clear_and_not_under_masks() {
    // Everybody is asked; the second round is long enough to look meanwhile.
    let experiment = CLEAR
        .replace("count = 8", "fraction = 1.0")
        .replace("steps = 20", "steps = 4000")
        .replace("rounds = 3", "rounds = 2");
    let clear = found(&experiment);
    assert!(
        clear.in_traffic && clear.in_memory != Some(false),
        "{clear:?}"
    );
    let hidden = found(&masked(&experiment));
    let nowhere = !hidden.in_traffic && hidden.in_memory != Some(true) && !hidden.in_files;
    assert!(nowhere, "{hidden:?}");
}
