//! Regions with an aggregator each, and what crosses the border between them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A federation of two levels. Hospitals send their updates to the aggregator of their own region, which has a
/// model of its own; regions exchange aggregates alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BorderConfig {
    /// The regions by name, 2 to 16, each with the condition on its hospitals, such as
    /// `"tier in ['cluster', 'general']"`. Every hospital is in exactly one.
    pub regions: BTreeMap<String, String>,
    /// What is exchanged: `nothing`, `models` (default) or `{ noised = { ... } }`.
    #[serde(default)]
    pub exchange: ExchangeConfig,
    /// An exchange after every so many rounds, at least 1. Default 5.
    #[serde(default = "five")]
    pub every: u32,
}

/// What is exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum ExchangeConfig {
    /// Nothing: each region by itself.
    Nothing,
    /// Models, and how much their updates weighed.
    #[default]
    Models,
    /// The change of each model since the last exchange, clipped and noised. Simulations only: the noise
    /// is drawn from the public seed.
    Noised(NoisedConfig),
}

/// How a change is noised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NoisedConfig {
    /// L2 norm to which a change is shortened where it is longer, above 0.
    pub clip_norm: f32,
    /// Standard deviation of the Gaussian noise on each number, as a multiple of `clip_norm`; 0 or more.
    pub noise_multiplier: f32,
}

fn five() -> u32 {
    5
}
