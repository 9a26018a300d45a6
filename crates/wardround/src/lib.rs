//! Turns a config into a run.
//!
//! [`config`] reads and checks the experiment file; [`strategies`] and [`personalisation`] hold what it
//! can name; [`cli`] is the command line; [`failure`] is how a mistake is told, with one of the [`codes`]. A
//! run is put together in [`setup`], told by [`teller`] into a [`run_folder`], held against its
//! baselines in [`comparison`], asked what the experiment asks of its model in [`examination`], and
//! summed up in [`summary`]. [`deployment`] starts a federation of processes on this host.

pub mod cli;
pub mod codes;
pub mod commands;
pub mod comparison;
pub mod config;
pub mod deployment;
pub mod examination;
pub mod failure;
pub mod interrupt;
pub mod keyring;
pub mod node_states;
pub mod personalisation;
pub mod pretraining;
pub mod privacy_terms;
pub mod results;
pub mod run_folder;
pub mod setup;
pub mod strategies;
pub mod summary;
pub mod teller;

pub use codes::Code;
pub use failure::Failure;
