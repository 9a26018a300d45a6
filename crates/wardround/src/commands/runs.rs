//! `wardround runs`: what is in run directories.

mod compare;
mod list;
mod replay;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use ward_observe::{FileError, ResultRow, RunDir};

use super::output::{print, print_json, write_or_print};
use crate::cli::{Format, RunsArgs, RunsVerb, Talk};
use crate::codes::Code;
use crate::failure::Failure;

/// Carries one of the verbs out.
///
/// # Errors
/// When a folder is not a run, or cannot be read, removed or written; when a replay does not agree.
pub fn execute(args: RunsArgs, talk: Talk) -> Result<ExitCode, Failure> {
    let ls = RunsVerb::Ls {
        dir: PathBuf::from("runs"),
        format: Format::Text,
    };
    match args.verb.unwrap_or(ls) {
        RunsVerb::Ls { dir, format } => {
            let runs = ward_observe::list(&dir)?;
            match format {
                Format::Json => print_json(&list::as_json(&runs))?,
                Format::Text => print(&list::as_text(&runs, &dir))?,
            }
        }
        RunsVerb::Show { run, format } => {
            let dir = open(&run)?;
            let (manifest, results) = (dir.manifest()?, results(&dir)?);
            match format {
                Format::Json => print_json(&list::run_as_json(&dir, &manifest, &results))?,
                Format::Text => print(&list::run_as_text(&dir, &manifest, &results))?,
            }
        }
        RunsVerb::Diff {
            left,
            right,
            format,
        } => {
            let comparison = compare::Comparison::of(&open(&left)?, &open(&right)?)?;
            match format {
                Format::Json => print_json(&comparison)?,
                Format::Text => print(&comparison.to_string())?,
            }
        }
        RunsVerb::Replay {
            card,
            overrides,
            format,
        } => return replay::execute(&card, &overrides, format, talk),
        RunsVerb::Rm { runs, force } => remove(&runs, force)?,
        RunsVerb::Export { runs, output } => {
            write_or_print(output.as_deref(), &export(&runs)?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn open(path: &Path) -> Result<RunDir, Failure> {
    Ok(RunDir::open(path)?)
}

/// The results, none while the run lasts.
fn results(dir: &RunDir) -> Result<Vec<ResultRow>, Failure> {
    match dir.results() {
        Err(error) if error.is_missing() => Ok(Vec::new()),
        other => Ok(other?),
    }
}

/// Removes all or, where one of them may not be removed, none.
fn remove(runs: &[PathBuf], force: bool) -> Result<(), Failure> {
    for path in runs {
        let dir = open(path)?;
        // A link is left alone: what it points to may be anywhere.
        if path.is_symlink() {
            let message = format!(
                "`{}` is a link; remove what it points to by name",
                path.display()
            );
            return Err(Failure::new(Code::NotARun, message));
        }
        let ended = dir
            .manifest()
            .is_ok_and(|manifest| manifest.outcome.is_some());
        if !ended && !force {
            let message = format!("`{}` has not ended", path.display());
            return Err(Failure::new(Code::CannotWrite, message)
                .help("it may still be running, or can be resumed; --force removes it anyway"));
        }
    }
    for path in runs {
        std::fs::remove_dir_all(path).map_err(|error| {
            Failure::new(
                Code::CannotWrite,
                format!("cannot remove `{}`", path.display()),
            )
            .caused_by(error)
        })?;
    }
    Ok(())
}

/// The results of all runs as one CSV table, one result a line.
fn export(runs: &[PathBuf]) -> Result<String, Failure> {
    let mut text =
        String::from("run,name,scenario,seed,strategy,group,model,metric,value,ci_low,ci_high,n\n");
    for path in runs {
        let dir = open(path)?;
        let manifest = dir.manifest()?;
        let results = dir.results().map_err(|error: FileError| {
            let missing = error.is_missing();
            let failure = Failure::from(error);
            if missing {
                failure.help("it has no results yet: has it ended?")
            } else {
                failure
            }
        })?;
        for row in results {
            let cells = [
                dir.name(),
                manifest.name.clone(),
                manifest.scenario.clone(),
                manifest.seed.to_string(),
                manifest.strategy.clone(),
                row.group,
                row.model.to_string(),
                row.metric,
                row.value.to_string(),
                row.ci_low.to_string(),
                row.ci_high.to_string(),
                row.n.to_string(),
            ];
            text.push_str(&cells.map(|cell| quoted(&cell)).join(","));
            text.push('\n');
        }
    }
    Ok(text)
}

/// A cell of CSV (RFC 4180). Texts that a spreadsheet would take for a formula are not numbers here
/// and get an apostrophe.
fn quoted(cell: &str) -> String {
    let formula =
        cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
    let cell = if formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    };
    if cell.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

#[cfg(test)]
mod tests;
