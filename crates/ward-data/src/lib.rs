//! Gives each hospital its own rows.
//!
//! Start with [`Federation`]. A [`Source`] is a scenario or a file format: it says who takes part
//! and makes one hospital's rows alone. Scenarios are addressed by seed, hospital, split and case,
//! so any case can be made alone, and no switch moves another mechanism's draws.
//!
//! **Invariant.** A hospital's rows leave this crate only as that hospital's [`HospitalData`].

pub mod agent_hospital;
pub mod clinic;
pub mod consent;
pub mod coronary_ct;
pub mod county_imaging;
mod csv;
pub mod dental;
pub mod diabetic_retinopathy;
pub mod drift;
mod embedding;
pub mod emr_risk;
mod federation;
mod gaussians;
mod image;
#[cfg(test)]
mod known;
pub mod lung_nodule;
pub mod misdiagnosis;
pub mod multimodal;
mod normal;
mod normals;
pub mod oesophageal_cancer;
pub mod one_minute_clinic;
pub mod oral_pathology;
pub mod partition;
mod place;
pub mod population;
mod registry;
mod rows;
mod source;
mod synthetic;
pub mod thyroid_ultrasound;
pub mod tier;
pub mod wearables;

pub use csv::{CsvConfig, CsvSource, MissingValues};
pub use embedding::Embedding;
pub use federation::{Federation, ScalingMode};
pub use place::Split;
pub use population::{Population, Sizes};
pub use registry::{DataConfig, SCENARIOS, ScenarioInfo};
pub use rows::{HospitalData, Rows};
pub use source::{DataError, Problem, Source};
pub use synthetic::{ClassMix, Scanner, Scanners};
pub use tier::TierProfile;
