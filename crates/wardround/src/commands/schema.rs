//! `wardround schema`: the JSON Schema of a file, or of what `--format json` prints.

use std::process::ExitCode;

use super::output::write_or_print;
use crate::cli::{SchemaArgs, SchemaOf};
use crate::config::schema;
use crate::failure::Failure;

/// Prints or writes the schema.
///
/// # Errors
/// When it cannot be written.
pub fn execute(args: &SchemaArgs) -> Result<ExitCode, Failure> {
    let text = match args.file {
        SchemaOf::Experiment => schema::experiment(),
        SchemaOf::Hospital => schema::hospital(),
        SchemaOf::Summary => schema::summary(),
    };
    write_or_print(args.output.as_deref(), &text)?;
    Ok(ExitCode::SUCCESS)
}
