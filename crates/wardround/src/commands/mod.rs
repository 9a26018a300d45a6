//! What each verb does. A command takes its arguments and gives an exit code or a [`Failure`].

pub mod completions;
pub mod coordinator;
mod ending;
pub mod explain;
pub mod hospital;
mod output;
pub mod plan;
pub mod privacy;
pub mod report;
pub mod roster;
pub mod run;
pub mod runs;
pub mod samplers;
pub mod scenarios;
pub mod schema;
mod series;
pub mod strategies;
pub mod up;

pub use output::{print, print_json};

use crate::codes::Code;
use crate::failure::Failure;

/// What drives the sockets of a coordinator or a hospital: one thread is enough for either.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| {
            Failure::new(Code::Internal, "cannot start the network runtime").caused_by(error)
        })
}
