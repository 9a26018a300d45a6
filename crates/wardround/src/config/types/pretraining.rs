//! A model trained on public rows before the federation begins.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::training::Training;

/// Before the first round the model is trained on public rows, made by the scenario's formula and no
/// hospital's. All its layers but the last then stay as they are: hospitals train and send the last.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PretrainingConfig {
    /// Public rows, at least 1. Default 4000.
    #[serde(default = "four_thousand")]
    pub rows: u64,
    /// How the model is trained on them.
    pub training: Training,
}

fn four_thousand() -> u64 {
    4_000
}
