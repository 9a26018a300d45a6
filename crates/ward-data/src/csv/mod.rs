//! Files of your own: one per hospital, one for all with a column of hospitals, or one pool that is
//! split among hospitals that do not exist.
//!
//! A file becomes rows in five steps, a module each: `table` (cells with their lines), `read`
//! (numbers and classes, by the rule in `label`), `pools` (whose they are), `split` (training or
//! test), `features` (medians and columns). `check` finds what is wrong with the settings alone.
//!
//! **Invariant.** What a hospital gets depends on its own rows, the config and the seed; medians
//! are of its own training rows.

mod check;
mod check_features;
mod config;
mod features;
mod label;
mod notes;
mod pools;
mod read;
mod source;
mod split;
mod table;
#[cfg(test)]
mod tests;
mod text;

pub use config::{CsvConfig, MissingValues};
pub use source::CsvSource;
