//! What is asked of the trained model once the run is over. Nothing here changes a bit of it but
//! `[evaluation.external]`, which takes hospitals out of training.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is asked of the trained model. Default: nothing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub struct EvaluationConfig {
    /// Calibration, decisions, and who is served. Default: not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clinical: Option<ClinicalConfig>,
    /// Hospitals that never train and score the model. Default: there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external: Option<ExternalConfig>,
    /// How long cases wait for a reader, with and without the model. Default: not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reading_queue: Option<ReadingQueueConfig>,
    /// The model on a small device. Default: not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub edge: Option<EdgeConfig>,
    /// The model beside each hospital's human reader. Default: not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub readers: Option<ReadersConfig>,
    /// Whether the model tells who was in its training rows. Default: not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub membership: Option<MembershipConfig>,
    /// How many training rows an update gives away. Default: not asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inversion: Option<InversionConfig>,
}

impl EvaluationConfig {
    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Calibration, decisions, and gaps between groups. Two classes only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClinicalConfig {
    /// The specificity at which sensitivity is read, above 0 and below 1. Default 0.9.
    pub specificity: f64,
    /// The sensitivity at which specificity is read, above 0 and below 1. Default 0.9.
    pub sensitivity: f64,
    /// Risks from which one would treat, above 0 and below 1, for the net benefit of doing so.
    pub thresholds: Vec<f64>,
}

impl Default for ClinicalConfig {
    fn default() -> Self {
        Self {
            specificity: 0.9,
            sensitivity: 0.9,
            thresholds: vec![0.1, 0.2, 0.3, 0.5],
        }
    }
}

/// Hospitals that never train: which ones, or what share of all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub struct ExternalConfig {
    /// Their names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hospitals: Option<Vec<String>>,
    /// Or the share of all hospitals, drawn from the seed, above 0 and below 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
}

/// How cases wait and are read. Two classes only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReadingQueueConfig {
    /// The share of their time for which readers without the model are busy, above 0 and below 1.
    /// Default 0.9.
    pub load: f64,
    /// Minutes that a read takes on average without the model, above 0. Default 10.
    pub minutes: f64,
    /// Minutes that a read takes on average with the model's reading at hand, above 0. Default 0.5.
    pub minutes_with_ai: f64,
    /// Cases that come to each hospital, 100 or more. Default 5000.
    pub cases: u32,
    /// Readers of a hospital by tier, 1 or more. Tiers that are not named have 1.
    pub readers: BTreeMap<String, u32>,
}

impl Default for ReadingQueueConfig {
    fn default() -> Self {
        let readers = [
            ("tertiary", 6),
            ("supercluster", 6),
            ("county", 2),
            ("cluster", 2),
            ("township", 1),
            ("general", 1),
        ];
        Self {
            load: 0.9,
            minutes: 10.0,
            minutes_with_ai: 0.5,
            cases: 5_000,
            readers: readers.map(|(tier, count)| (tier.to_owned(), count)).into(),
        }
    }
}

/// What a small device can hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EdgeConfig {
    /// Bytes for the model's numbers, at least 1. Default 100000.
    pub most_bytes: u32,
    /// How much accuracy may fall where numbers are stored in fewer bytes, 0 to 1. Default 0.005.
    pub most_drop: f64,
    /// Microseconds for one case on this host, above 0. Default 1000.
    pub most_micros: f64,
}

impl Default for EdgeConfig {
    fn default() -> Self {
        Self {
            most_bytes: 100_000,
            most_drop: 0.005,
            most_micros: 1_000.0,
        }
    }
}

/// The model's balanced accuracy less that of the hospital's human reader. It has no settings; the scenario
/// must have readers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub struct ReadersConfig {}

/// An attack on who was in the training rows, by the loss. It has no settings; two classes only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub struct MembershipConfig {}

/// Inversion of updates of one step: the model's first layer must be dense.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InversionConfig {
    /// Rows in a step, each 1 or more. Default [1, 4, 8, 32].
    pub batches: Vec<u32>,
    /// Training rows of each hospital that are attacked at most, 1 or more. Default 32.
    pub rows: u32,
}

impl Default for InversionConfig {
    fn default() -> Self {
        Self {
            batches: vec![1, 4, 8, 32],
            rows: 32,
        }
    }
}

/// What the model is to be released as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
pub enum ReleaseClass {
    /// Advisory: a doctor decides.
    #[default]
    #[serde(rename = "II")]
    Advisory,
    /// Autonomous: the model decides.
    #[serde(rename = "III")]
    Autonomous,
}

/// How a 95 % interval of a share is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum IntervalMethod {
    /// Clopper and Pearson 1934: covers 95 % or more, whatever the truth is.
    #[default]
    ClopperPearson,
    /// Wilson 1927: shorter, and covers 95 % on average.
    Wilson,
}

/// What a model must show before it is released. Two classes only.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReleaseConfig {
    /// `II` (default), advisory: the AUC and the calibration are good enough. `III`, autonomous:
    /// sensitivity and specificity at a frozen threshold are, at each of several external hospitals.
    pub class: ReleaseClass,
    /// Whether the command fails where the model does. Default false.
    pub require: bool,
    /// Class II: what the AUC's lower bound must reach, 0 to 1. Default 0.8.
    pub least_auc: f64,
    /// Class II: the largest expected calibration error, 0 to 1. Default 0.05.
    pub most_calibration_error: f64,
    /// Class III: what the sensitivity's lower bound must reach, 0 to 1. Default 0.94.
    pub least_sensitivity: f64,
    /// Class III: what the specificity's lower bound must reach, 0 to 1. Default 0.85.
    pub least_specificity: f64,
    /// Class III: the fewest external hospitals, at least 1. Default 3.
    pub external_hospitals: u32,
    /// Class III: the frozen threshold, above 0 and below 1. Default: chosen on the test cases of the
    /// hospitals that trained, so that the smaller of the two margins is as large as can be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// How the intervals of sensitivity and specificity are made: `clopper-pearson` (default) or
    /// `wilson`.
    pub interval: IntervalMethod,
}

impl Default for ReleaseConfig {
    fn default() -> Self {
        Self {
            class: ReleaseClass::Advisory,
            require: false,
            least_auc: 0.8,
            most_calibration_error: 0.05,
            least_sensitivity: 0.94,
            least_specificity: 0.85,
            external_hospitals: 3,
            threshold: None,
            interval: IntervalMethod::ClopperPearson,
        }
    }
}
