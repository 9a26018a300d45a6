//! `schedule`: how a server learning rate changes from round to round.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_round::strategy::{LearningRate, Schedule};

use crate::config::check::Settings;

/// How a server step size changes from round to round.
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

/// The step size `first`, changed by `schedule`.
pub(super) fn rate(first: f32, schedule: Option<ScheduleConfig>) -> LearningRate {
    let schedule = match schedule {
        None => Schedule::Constant,
        Some(ScheduleConfig::LinearWarmup(c)) => Schedule::LinearWarmup { rounds: c.rounds },
        Some(ScheduleConfig::Step(c)) => Schedule::Step {
            every: c.every,
            factor: c.factor,
        },
        Some(ScheduleConfig::Cosine(c)) => Schedule::Cosine {
            rounds: c.rounds,
            least: c.least,
        },
    };
    LearningRate { first, schedule }
}

/// Finds what is out of range in `learning_rate` and `schedule`.
pub(super) fn check(settings: &mut Settings<'_>, first: f32, schedule: Option<ScheduleConfig>) {
    settings.positive("learning_rate", first);
    match schedule {
        None => {}
        Some(ScheduleConfig::LinearWarmup(c)) => {
            settings.at_least("schedule.linear-warmup.rounds", c.rounds, 1);
        }
        Some(ScheduleConfig::Step(c)) => {
            settings.at_least("schedule.step.every", c.every, 1);
            let good = |factor| factor > 0.0 && factor <= 1.0;
            settings.number(
                "schedule.step.factor",
                c.factor,
                "above 0 and up to 1",
                good,
            );
        }
        Some(ScheduleConfig::Cosine(c)) => {
            settings.at_least("schedule.cosine.rounds", c.rounds.unwrap_or(1), 1);
            let good = |least| (0.0..=1.0).contains(&least);
            settings.number("schedule.cosine.least", c.least, "0 to 1", good);
        }
    }
}
