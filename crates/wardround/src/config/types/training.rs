//! How a hospital trains in a round.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::Batches;
use ward_train::{TrainingDevice, TrainingEngine};

use super::ScheduleConfig;

/// Local work: how a hospital trains. Give `epochs` or `steps`, not both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Training {
    /// `auto` (default), `fused` or `burn`.
    #[serde(default)]
    pub engine: TrainingEngine,
    /// `cpu` (default) or `gpu`: where burn trains. A GPU gives other last bits than the CPU, and
    /// needs a program built with `--features wgpu`.
    #[serde(default)]
    pub device: TrainingDevice,
    /// Passes over the hospital's rows, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u32>,
    /// Batches, whatever the number of rows, at least 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// Rows in a batch; 0 is all rows. Default 32.
    #[serde(default = "default_batch_size")]
    pub batch_size: u32,
    /// `shuffled` (default: a new permutation each epoch), `stream` (one endless reshuffled stream
    /// that keeps its place between rounds), `replacement`, `in-order`.
    #[serde(default)]
    #[schemars(with = "BatchesSchema")]
    pub batches: Batches,
    /// L2 penalty `l2 / 2 |w|^2`, not on biases; 0 or more. Default 0.
    #[serde(default)]
    pub l2: f32,
    /// L2 norm to which each row's own gradient is clipped before a batch's mean is taken, 0 or more;
    /// 0 is off. Default 0. It bounds what one row can do to a step; without noise it is no
    /// differential privacy.
    #[serde(default)]
    pub example_clip_norm: f32,
    /// L2 norm to which a step's whole gradient is shortened where it is longer, 0 or more; 0 is off.
    /// Default 0. Penalties and what the strategy adds are part of it (Pascanu, Mikolov and Bengio
    /// 2013). For training that runs away now and then.
    #[serde(default)]
    pub gradient_clip_norm: f32,
    /// The local optimiser. Default `sgd` at .05.
    #[serde(default)]
    pub optimizer: OptimizerConfig,
    /// How the optimiser's step size changes from round to round; above 0 in each. Default: it does
    /// not. Baselines have no rounds and train without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleConfig>,
}

fn default_batch_size() -> u32 {
    32
}

/// The words of [`Batches`], for the schema.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(
    dead_code,
    reason = "a description of ward_core::Batches, which knows no schema"
)]
enum BatchesSchema {
    /// A new permutation each epoch.
    Shuffled,
    /// One endless reshuffled stream.
    Stream,
    /// Independent draws.
    Replacement,
    /// Row 0 to the last.
    InOrder,
}

/// A local optimiser.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum OptimizerConfig {
    /// Stochastic gradient descent.
    Sgd(SgdConfig),
    /// Adam, its state anew each round.
    Adam(AdamConfig),
}

impl Default for OptimizerConfig {
    fn default() -> Self {
        Self::Sgd(SgdConfig::default())
    }
}

/// Settings of SGD.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SgdConfig {
    /// Step size, above 0. Default 0.05.
    pub learning_rate: f32,
    /// Share of the last step kept, 0 to below 1. Default 0.
    pub momentum: f32,
}

impl Default for SgdConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.05,
            momentum: 0.0,
        }
    }
}

/// Settings of Adam.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdamConfig {
    /// Step size, above 0. Default 0.001.
    pub learning_rate: f32,
    /// Decay of the first moment, 0 to below 1. Default 0.9.
    pub beta1: f32,
    /// Decay of the second moment, 0 to below 1. Default 0.999.
    pub beta2: f32,
    /// Added to the root of the second moment, above 0. Default 1e-8.
    pub epsilon: f32,
}

impl Default for AdamConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.001,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        }
    }
}
