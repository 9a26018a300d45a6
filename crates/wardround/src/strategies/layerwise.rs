//! `[strategy.fedlamb]` and `[strategy.fedlars]`: server steps as long as the tensors they move.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::Layout;
use ward_round::ServerOptimizer;
use ward_round::strategy::{ServerLamb, ServerLars};

use super::schedule::{self, rate};
use super::{About, StrategyTable};
use crate::config::check::Settings;
use crate::config::types::ScheduleConfig;

/// Settings of FedLAMB.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FedLambConfig {
    /// How far a round moves each tensor, as a share of its norm, above 0. Default 0.01.
    pub learning_rate: f32,
    /// Decay of the momentum, 0 to below 1. Default 0.9 (the paper's).
    pub beta1: f32,
    /// Decay of the variance, 0 to below 1. Default 0.999 (the paper's).
    pub beta2: f32,
    /// Added to the root of the variance, above 0. Default 0.000001 (the paper's).
    pub epsilon: f32,
    /// Pull of each parameter towards 0, 0 or more. Default 0.00001.
    pub weight_decay: f32,
    /// How the step size changes from round to round. Default: it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleConfig>,
}

impl Default for FedLambConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.01,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-6,
            weight_decay: 1e-5,
            schedule: None,
        }
    }
}

impl StrategyTable for FedLambConfig {
    fn about(&self) -> About {
        About {
            r#use: "Adam's direction, each tensor moved by a share of its own norm; for many layers of \
                    unlike scale",
            bears: "none",
            paper: "You et al. 2020, Large Batch Optimization for Deep Learning, arXiv:1904.00962",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        schedule::check(settings, self.learning_rate, self.schedule);
        settings.decay("beta1", self.beta1);
        settings.decay("beta2", self.beta2);
        settings.positive("epsilon", self.epsilon);
        settings.weight_decay(self.weight_decay);
    }

    fn server_optimizer(&self, layout: &Layout) -> Box<dyn ServerOptimizer> {
        Box::new(ServerLamb {
            learning_rate: rate(self.learning_rate, self.schedule),
            beta1: self.beta1,
            beta2: self.beta2,
            epsilon: self.epsilon,
            weight_decay: self.weight_decay,
            tensors: layout.clone(),
        })
    }
}

/// Settings of FedLARS.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FedLarsConfig {
    /// How far a round moves each tensor, as a share of its norm, above 0. Default 0.01.
    pub learning_rate: f32,
    /// Decay of the velocity, 0 to below 1. Default 0.9 (the paper's).
    pub momentum: f32,
    /// Pull of each parameter towards 0, 0 or more. Default 0.00001.
    pub weight_decay: f32,
    /// How the step size changes from round to round. Default: it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleConfig>,
}

impl Default for FedLarsConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.01,
            momentum: 0.9,
            weight_decay: 1e-5,
            schedule: None,
        }
    }
}

impl StrategyTable for FedLarsConfig {
    fn about(&self) -> About {
        About {
            r#use: "the mean with momentum, each tensor moved by a share of its own norm",
            bears: "none",
            paper: "You, Gitman and Ginsburg 2017, Large Batch Training of Convolutional Networks, \
                    arXiv:1708.03888",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        schedule::check(settings, self.learning_rate, self.schedule);
        settings.decay("momentum", self.momentum);
        settings.weight_decay(self.weight_decay);
    }

    fn server_optimizer(&self, layout: &Layout) -> Box<dyn ServerOptimizer> {
        Box::new(ServerLars {
            learning_rate: rate(self.learning_rate, self.schedule),
            momentum: self.momentum,
            weight_decay: self.weight_decay,
            tensors: layout.clone(),
        })
    }
}
