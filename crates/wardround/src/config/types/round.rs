//! When rounds end, and how updates are added.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::Weighting;

/// When rounds end, and what happens between them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RoundConfig {
    /// Share of the reports aimed at that is enough at the deadline, above 0 to 1. Default 0.5.
    pub quorum: f64,
    /// Seconds a round may last, above 0. Default 60. Virtual in a simulation.
    pub deadline_s: f64,
    /// How many more hospitals to ask than reports are needed, 1 or more. Default 1.
    pub over_selection: f64,
    /// Seconds to wait for hospitals before the first round, above 0. Default 60.
    pub join_deadline_s: f64,
    /// Rounds in a row that may miss their quorum before the run gives up. Default 3.
    pub most_abandoned: u32,
    /// Score the model on the hospitals' test rows every so many rounds and after the last;
    /// 0 is never. Default 1.
    pub evaluate_every: u32,
    /// Save the state every so many rounds and at the end; 0 is only at the end. Default 1.
    pub checkpoint_every: u32,
    /// `examples` (default: hospitals count by their training rows) or `uniform`.
    #[schemars(with = "WeightingSchema")]
    pub weight: Weighting,
    /// The most that one hospital counts, 1 to 2^32. Default 65536.
    pub most_weight: u64,
}

/// The words of [`Weighting`], for the schema.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(
    dead_code,
    reason = "a description of ward_core::Weighting, which knows no schema"
)]
enum WeightingSchema {
    /// By training rows.
    Examples,
    /// Every hospital 1.
    Uniform,
}

impl Default for RoundConfig {
    fn default() -> Self {
        Self {
            quorum: 0.5,
            deadline_s: 60.0,
            over_selection: 1.0,
            join_deadline_s: 60.0,
            most_abandoned: 3,
            evaluate_every: 1,
            checkpoint_every: 1,
            weight: Weighting::Examples,
            most_weight: 65_536,
        }
    }
}

/// The fixed-point ring in which updates are added.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RingConfig {
    /// Steps of 2^-fraction_bits, 20 to 32, or 16 to 32 where masked words have 32 bits. Default: the
    /// finest that leaves room for the sum.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraction_bits: Option<u32>,
    /// The largest magnitude one coordinate of an update may have, above 0. Default 128.
    pub range: f32,
}

impl Default for RingConfig {
    fn default() -> Self {
        Self {
            fraction_bits: None,
            range: 128.0,
        }
    }
}
