//! Turns a config into a run.
//!
//! [`config`] reads and checks the experiment file; [`cli`] is the command line; [`failure`] is how
//! a mistake is told, with one of the [`codes`].

pub mod cli;
pub mod codes;
pub mod commands;
pub mod config;
pub mod failure;

pub use codes::Code;
pub use failure::Failure;
