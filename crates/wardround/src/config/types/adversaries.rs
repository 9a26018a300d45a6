//! Hospitals of a simulation that misbehave.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_sim::adversary::Attack;

/// Hospitals that misbehave, in a simulation only. Give `count`, `share` or `hospitals`, one of
/// them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdversariesConfig {
    /// How many hospitals, at least 1, drawn by `seed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// The share of all hospitals, above 0 to 1, at least one of them, drawn by `seed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// Their names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospitals: Option<Vec<String>>,
    /// The first round in which they misbehave, from 0. Default 0.
    #[serde(default)]
    pub from_round: u32,
    /// What they do: one table, `[adversaries.attack.sign-flip]` or another.
    pub attack: Attack,
}
