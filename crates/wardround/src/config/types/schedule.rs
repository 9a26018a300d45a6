//! `schedule`: how a learning rate changes from round to round, a server's or the hospitals'.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::Schedule;

/// How a step size changes from round to round.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ScheduleConfig {
    /// It rises in equal steps to the whole step size (Goyal et al. 2017).
    LinearWarmup(LinearWarmupConfig),
    /// It is multiplied by a factor after every so many rounds.
    Step(StepConfig),
    /// It falls along half a cosine (Loshchilov and Hutter 2017).
    Cosine(CosineConfig),
}

/// Settings of a linear warmup.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinearWarmupConfig {
    /// The round in which it is whole for the first time, at least 1.
    pub rounds: u32,
}

/// Settings of a decay in steps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepConfig {
    /// Rounds between two changes, at least 1.
    pub every: u32,
    /// What it is multiplied by, above 0 and up to 1. Default 0.1.
    #[serde(default = "tenth")]
    pub factor: f32,
}

fn tenth() -> f32 {
    0.1
}

/// Settings of a cosine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub struct CosineConfig {
    /// Rounds that the fall takes, at least 1. Default: those of the run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds: Option<u32>,
    /// The share of the step size that is left at its end, 0 to 1. Default 0.
    pub least: f32,
}

impl ScheduleConfig {
    /// The engine's; `None` is a step size that does not change.
    #[must_use]
    pub fn schedule(config: Option<Self>) -> Schedule {
        match config {
            None => Schedule::Constant,
            Some(Self::LinearWarmup(c)) => Schedule::LinearWarmup { rounds: c.rounds },
            Some(Self::Step(c)) => Schedule::Step {
                every: c.every,
                factor: c.factor,
            },
            Some(Self::Cosine(c)) => Schedule::Cosine {
                rounds: c.rounds,
                least: c.least,
            },
        }
    }
}
