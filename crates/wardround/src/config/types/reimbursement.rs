//! What it pays a hospital to take part, and what it costs.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A hospital joins where fee x visits x gain, and its own means, are more than it pays for compute,
/// bandwidth and staff. The others never train, and keep the model of their own rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReimbursementConfig {
    /// Yuan paid for a visit where the AUC rises by 1; for a rise of .01, a hundredth. 0 or more.
    pub fee: f64,
    /// The log-normal spread of hospitals' visits about their tier's, 0 or more. Default 0.5.
    #[serde(default = "half")]
    pub spread: f64,
    /// What is typical of a tier, by name. Default: assumptions for the tiers of the presets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tiers: BTreeMap<String, TierAccountConfig>,
}

/// A tier's yearly account. Keys that are left out are those of the presets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TierAccountConfig {
    /// Visits a year at the median, 0 or more. Default 450000 tertiary, 120000 county, 38800 township.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visits: Option<f64>,
    /// The rise in AUC that a hospital expects of taking part, -1 to 1. Default .002, .020 and .188, as
    /// measured in `configs/quickstart.toml`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gain: Option<f64>,
    /// Yuan a year for computers, 0 or more. Default 60000, 30000 and 10000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compute: Option<f64>,
    /// Yuan a year for the line, 0 or more. Default 24000, 12000 and 6000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bandwidth: Option<f64>,
    /// Yuan a year for staff, 0 or more. Default 300000, 120000 and 40000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub staff: Option<f64>,
    /// Yuan a year that a hospital has of its own for this, 0 or more. Default 500000, 100000 and 10000.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub means: Option<f64>,
}

fn half() -> f64 {
    0.5
}
