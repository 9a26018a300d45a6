//! `wardround report`: one self-contained page of one run, or of several.

use std::path::PathBuf;
use std::process::ExitCode;

use ward_observe::{RunDir, file, report};

use super::ending::note;
use crate::cli::{ReportArgs, Talk};
use crate::failure::Failure;

/// Writes the page.
///
/// # Errors
/// When a folder is not a run, or the page cannot be written.
pub fn execute(args: &ReportArgs, talk: Talk) -> Result<ExitCode, Failure> {
    let dirs: Result<Vec<RunDir>, _> = args.runs.iter().map(|run| RunDir::open(run)).collect();
    let dirs = dirs?;
    let path = match (&args.output, dirs.as_slice()) {
        (Some(path), _) => path.clone(),
        (None, [one]) => one.report_path(),
        // Not over the first run's own page.
        (None, _) => PathBuf::from("comparison.html"),
    };
    file::write_whole(&path, report::report(&dirs).as_bytes())?;
    if !talk.quiet {
        note(&format!("wrote {}", path.display()));
    }
    Ok(ExitCode::SUCCESS)
}
