//! `wardround hospital`.

use std::process::ExitCode;

use crate::cli::{HospitalArgs, Talk};
use crate::codes::Code;
use crate::failure::Failure;

/// Carries the command out.
///
/// # Errors
/// Always, until the assembly of a run is in place.
pub fn execute(_args: &HospitalArgs, _talk: Talk) -> Result<ExitCode, Failure> {
    Err(Failure::new(
        Code::Internal,
        "`wardround hospital` is not assembled yet",
    ))
}
