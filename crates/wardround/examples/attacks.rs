//! What hospitals that misbehave do to each rule: a table of AUC over all hospitals, attack by rule.
//!
//! `cargo run --release -p wardround --example attacks [FOLDER] [SET ...]`
//!
//! Plays `quickstart.toml` and every `attack-*.toml` of `FOLDER` (default `configs`) under each rule,
//! all hospitals counted alike, the rules told to bear four bad ones. `SET` is as after `--set`:
//! `rounds=20`, `seed=2`. Nothing is written to disk.

#![expect(clippy::print_stdout, reason = "the table is the output")]

#[path = "common/play.rs"]
mod play;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use wardround::config::{Experiment, Layer};
use wardround::{Code, Failure};

/// Table names of strategies and what they are told. Honest updates here are no longer than 1, so
/// that the default radius of centred clipping, 10, shortens nothing.
const RULES: [(&str, &str); 12] = [
    ("fedavg", ""),
    ("robust", "f=4"),
    ("median", "f=4"),
    ("trimmed-mean", "f=4"),
    ("meamed", "f=4"),
    ("krum", "f=4"),
    ("multi-krum", "f=4"),
    ("bulyan", "f=4"),
    ("geometric-median", "f=4"),
    ("centred-clipping", "f=4"),
    ("centred-clipping", "f=4, radius=0.2"),
    ("caf", "f=4"),
];

/// Settings above the files': no baselines, and no hospital that counts more than another.
const ALWAYS: [&str; 3] = [
    "round.weight=\"uniform\"",
    "baselines={alone=false, pooled=false}",
    "simulation.audit_egress=false",
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let folder = PathBuf::from(words.next().unwrap_or_else(|| "configs".to_owned()));
    match table(&folder, &words.collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            failure.exit_code()
        }
    }
}

fn table(folder: &Path, sets: &[String]) -> Result<(), Failure> {
    let files = files(folder)?;
    let names = files.iter().map(|(name, _)| name.as_str());
    println!("| | {} |", names.collect::<Vec<_>>().join(" | "));
    println!("|---|{}", "---|".repeat(files.len()));
    for (rule, settings) in RULES {
        let strategy = format!("strategy={{{rule}={{{settings}}}}}");
        let sets = ALWAYS.into_iter().chain(sets.iter().map(String::as_str));
        let sets: Vec<&str> = sets.chain([strategy.as_str()]).collect();
        let aucs: Result<Vec<String>, Failure> = files
            .iter()
            .map(|(_, file)| Ok(format!("{:.3}", auc(file, &sets)?)))
            .collect();
        let (_, own) = settings.split_once("f=4").unwrap_or_default();
        println!("| `{rule}`{own} | {} |", aucs?.join(" | "));
    }
    Ok(())
}

/// The honest experiment and those with adversaries, by name.
fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>, Failure> {
    let unreadable = |error: io::Error| {
        let told = format!("cannot read the folder {}", folder.display());
        Failure::new(Code::FileUnreadable, told).caused_by(error)
    };
    let mut files = vec![("no attack".to_owned(), folder.join("quickstart.toml"))];
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let mut attacks: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|kind| kind == "toml"))
        .collect();
    attacks.sort();
    for path in attacks {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if let Some(attack) = name.strip_prefix("attack-") {
            files.push((attack.to_owned(), path.clone()));
        }
    }
    Ok(files)
}

/// The AUC of an experiment's last model over all hospitals.
fn auc(file: &Path, sets: &[&str]) -> Result<f64, Failure> {
    let layers: Result<Vec<Layer>, Failure> = sets.iter().map(|set| Layer::set(set)).collect();
    play::auc(&Experiment::load(file, layers?)?)
}
