//! Hospitals that join while the run goes on.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the share of hospitals that take part grows, in equal steps from round to round.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdoptionConfig {
    /// The share of hospitals that is there in the first round, above 0 and up to 1. Default 0.1.
    #[serde(default = "tenth")]
    pub start: f64,
    /// The round from which all are there, counted from 1; after the last, some never join.
    pub full_by: u32,
    /// Who joins first. Default `tier`.
    #[serde(default)]
    pub order: AdoptionOrder,
}

/// Who joins first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum AdoptionOrder {
    /// Tier after tier, in the order in which hospitals are listed, presets' largest first; by chance
    /// within a tier.
    #[default]
    Tier,
    /// By chance.
    Random,
}

fn tenth() -> f64 {
    0.1
}
