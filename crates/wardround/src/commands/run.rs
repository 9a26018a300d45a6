//! `wardround run`.

use std::process::ExitCode;

use crate::cli::{RunArgs, Talk};
use crate::codes::Code;
use crate::failure::Failure;

/// Carries the command out.
///
/// # Errors
/// Always, until the assembly of a run is in place.
pub fn execute(_args: &RunArgs, _talk: Talk) -> Result<ExitCode, Failure> {
    Err(Failure::new(
        Code::Internal,
        "`wardround run` is not assembled yet",
    ))
}
