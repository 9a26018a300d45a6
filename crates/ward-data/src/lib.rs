//! Gives each hospital its own rows.
//!
//! Start with [`Federation`]. A [`Source`] is a scenario or a file format: it says who takes part
//! and makes one hospital's rows alone. Scenarios are addressed by seed, hospital, split and case,
//! so any case can be made alone, and no switch moves another mechanism's draws.
//!
//! **Invariant.** A hospital's rows leave this crate only as that hospital's [`HospitalData`].

mod csv;
pub mod emr_risk;
mod federation;
pub mod lung_nodule;
pub mod misdiagnosis;
pub mod partition;
mod place;
pub mod population;
mod rows;
mod source;
pub mod tier;

pub use csv::{CsvConfig, CsvSource};
pub use federation::{DataConfig, Federation, SCENARIOS, ScalingMode, ScenarioInfo};
pub use place::Split;
pub use population::{Population, Sizes};
pub use rows::{HospitalData, Rows};
pub use source::{DataError, Problem, Source};
pub use tier::TierProfile;
