//! `wardround completions`: a completion script for a shell.

use std::process::ExitCode;

use clap::CommandFactory as _;

use super::output::print;
use crate::cli::{Cli, CompletionsArgs};
use crate::failure::Failure;

/// Prints the script.
///
/// # Errors
/// When it cannot be written.
pub fn execute(args: CompletionsArgs) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "wardround", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
