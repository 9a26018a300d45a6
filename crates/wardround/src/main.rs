//! The `wardround` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    wardround::cli::main()
}
