//! One run, or all of a folder, as text and as JSON.

use std::path::Path;

use serde_json::{Value, json};
use ward_core::Outcome;
use ward_observe::{Manifest, Model, ResultRow, RunDir, RunSummary, result_row, text};

use crate::commands::output::table;

/// How a run ended, in a word.
fn outcome(manifest: &Manifest) -> &'static str {
    match manifest.outcome {
        Some(Outcome::Completed) => "completed",
        Some(Outcome::Interrupted) => "interrupted",
        Some(Outcome::HospitalsRest) => "hospitals rest",
        Some(Outcome::QuorumLost) => "quorum lost",
        None => "not ended",
    }
}

/// A list of all runs, the newest last.
pub(super) fn as_text(runs: &[RunSummary], root: &Path) -> String {
    if runs.is_empty() {
        return format!("no runs in {}\n", root.display());
    }
    let header = [
        "RUN",
        "EXPERIMENT",
        "SEED",
        "ROUNDS",
        "ENDED",
        "FEDERATED",
        "MODEL",
    ];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for run in runs {
        rows.push(match (&run.manifest, &run.problem) {
            (Some(manifest), _) => vec![
                text::plain(&run.dir.name()),
                text::plain(&manifest.name),
                manifest.seed.to_string(),
                manifest.rounds.to_string(),
                outcome(manifest).to_owned(),
                headline(&run.results),
                manifest
                    .model_digest
                    .map_or_else(|| "-".to_owned(), |digest| digest.short()),
            ],
            (None, problem) => {
                let problem = problem.as_deref().unwrap_or("it has no manifest");
                vec![text::plain(&run.dir.name()), text::plain(problem)]
            }
        });
    }
    table(&rows)
}

/// The federated model's main metric for everybody.
fn headline(results: &[ResultRow]) -> String {
    let metric = result_row::main_metric(results).unwrap_or("");
    match result_row::find(results, "all", Model::Federated, metric) {
        Some(row) => format!("{metric} {}", text::value(row.value)),
        None => "-".to_owned(),
    }
}

/// The same for programs.
pub(super) fn as_json(runs: &[RunSummary]) -> Value {
    let entry = |run: &RunSummary| {
        json!({
            "run_dir": run.dir.path().display().to_string(),
            "manifest": run.manifest,
            "results": run.results,
            "problem": run.problem,
        })
    };
    runs.iter().map(entry).collect()
}

/// One run for programs.
pub(super) fn run_as_json(dir: &RunDir, manifest: &Manifest, results: &[ResultRow]) -> Value {
    json!({
        "run_dir": dir.path().display().to_string(),
        "manifest": manifest,
        "results": results,
    })
}

/// One run: what it was, how it ended, its results by group and model.
pub(super) fn run_as_text(dir: &RunDir, manifest: &Manifest, results: &[ResultRow]) -> String {
    let seconds = |time: Option<f64>| time.map_or_else(|| "-".to_owned(), text::seconds);
    let digest = manifest
        .model_digest
        .map_or_else(|| "-".to_owned(), |d| d.to_string());
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, value: &str| rows.push(vec![name.to_owned(), text::plain(value)]);
    row("run", &dir.path().display().to_string());
    row(
        "experiment",
        &format!("{}, seed {}", manifest.name, manifest.seed),
    );
    row(
        "data",
        &format!(
            "{}, {}",
            manifest.scenario,
            text::things(manifest.hospitals.into(), "hospital", "hospitals")
        ),
    );
    row("strategy", &manifest.strategy);
    row("rounds", &manifest.rounds.to_string());
    row("ended", outcome(manifest));
    row("started", &manifest.started);
    row("wall time", &seconds(manifest.wall_s));
    row("simulated", &seconds(manifest.simulated_s));
    row("version", &manifest.version);
    row("model", &digest);
    let mut page = table(&rows);
    if let Some(metric) = result_row::main_metric(results) {
        page.push('\n');
        page.push_str(&results_table(results, metric));
    }
    page
}

/// One metric: groups down, models across.
fn results_table(results: &[ResultRow], metric: &str) -> String {
    let mut groups: Vec<&str> = Vec::new();
    for row in results.iter().filter(|row| row.metric == metric) {
        if !groups.contains(&row.group.as_str()) {
            groups.push(&row.group);
        }
    }
    let mut rows = vec![vec![metric.to_owned()]];
    rows[0].extend(Model::ALL.map(|model| model.word().to_owned()));
    for group in groups {
        let mut cells = vec![text::plain(group)];
        cells.extend(Model::ALL.map(|model| {
            let row = result_row::find(results, group, model, metric);
            row.map_or_else(|| "-".to_owned(), |row| text::value(row.value))
        }));
        rows.push(cells);
    }
    table(&rows)
}
