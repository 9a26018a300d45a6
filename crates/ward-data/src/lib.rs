//! Gives each hospital its own rows.

mod rows;

pub use rows::{HospitalData, Rows};
