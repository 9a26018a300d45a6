//! The experiment file: its types, reading it, checking it, and what it means to the engine.
//!
//! Start with [`Experiment::load`]. Types are in [`types`]; [`check`] collects everything that is
//! wrong with an experiment at once; [`resolve`] turns its words into the engine's.
//!
//! **Invariants.** Nothing downstream checks a setting again. The environment gives secrets and
//! addresses and nothing else. Every finding is shown in the file, variable or flag that said it.

mod adoption;
mod adversaries;
mod border;
pub mod check;
pub mod condition;
pub mod layer;
pub mod load;
pub mod locate;
mod merge;
mod network;
mod open;
pub mod privacy;
mod problem;
mod reimbursement;
pub mod resolve;
pub mod samplers;
pub mod scenario_files;
pub mod schema;
pub mod suggest;
pub mod types;
mod understand;
pub mod variants;

#[cfg(test)]
mod tests;

pub use layer::Layer;
pub use load::Loaded;
pub use open::{
    ADMIN_TOKEN_VARIABLE, COORDINATOR_VARIABLE, LISTEN_VARIABLE, Opened, TOKEN_VARIABLE,
};
pub use problem::Problem;
pub use types::{Experiment, HospitalConfig};
pub use variants::Series;
