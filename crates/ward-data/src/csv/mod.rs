//! stub
use crate::HospitalData;
use crate::source::{DataError, Problem, Source};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::Path;
use ward_core::{Estimate, NodeId, NodeInfo, Seed};
/// stub
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
pub struct CsvConfig {}
impl CsvConfig {
    /// stub
    pub fn anchored(&self, _: &Path) -> Self {
        self.clone()
    }
    /// stub
    pub fn validate(&self) -> Vec<Problem> {
        vec![]
    }
}
/// stub
#[derive(Debug)]
pub struct CsvSource;
impl CsvSource {
    /// stub
    pub fn open(_: &CsvConfig, _: &Path, _: Seed) -> Result<Self, DataError> {
        Err(DataError::Federation(String::new()))
    }
    /// stub
    pub fn open_one(_: &CsvConfig, _: &Path, _: Seed, _: &str) -> Result<Self, DataError> {
        Err(DataError::Federation(String::new()))
    }
}
impl Source for CsvSource {
    fn id(&self) -> &'static str {
        "csv"
    }
    fn roster(&self) -> &[NodeInfo] {
        &[]
    }
    fn rows(&self, _: NodeId) -> (u64, u64) {
        (0, 0)
    }
    fn hospital(&self, n: NodeId) -> Result<HospitalData, DataError> {
        Err(DataError::NoSuchHospital(n))
    }
    fn shape(&self) -> &[usize] {
        &[]
    }
    fn classes(&self) -> usize {
        2
    }
    fn feature_names(&self) -> Vec<String> {
        vec![]
    }
    fn synthetic(&self) -> bool {
        false
    }
    fn ceiling(&self, _: &HospitalData) -> Option<Estimate> {
        None
    }
}
