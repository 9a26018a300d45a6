//! `[strategy.fedadam]`, `[strategy.fedyogi]` and `[strategy.fedadagrad]`: adaptive server steps; and
//! `[strategy.fedadamw]`, Adam with decoupled weight decay.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::Layout;
use ward_round::ServerOptimizer;
use ward_round::strategy::{Adaptive, ServerAdaptive};

use super::schedule::{self, rate};
use super::{About, StrategyTable};
use crate::config::check::Settings;
use crate::config::types::ScheduleConfig;

const REDDI: &str = "Reddi et al. 2021, Adaptive Federated Optimization, arXiv:2003.00295";
const LOSHCHILOV: &str = "Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization, \
                          arXiv:1711.05101";

/// Finds what is out of range; a table that lacks a key has a good value for it.
fn ranges(settings: &mut Settings<'_>, optimizer: &ServerAdaptive) {
    settings.decay("beta1", optimizer.beta1);
    settings.decay("beta2", optimizer.beta2);
    settings.positive("adaptivity", optimizer.adaptivity);
    settings.weight_decay(optimizer.weight_decay);
}

/// A table that says no more than its optimizer does.
macro_rules! adaptive {
    ($name:ident, $paper:expr, $use:literal) => {
        impl StrategyTable for $name {
            fn about(&self) -> About {
                About {
                    r#use: $use,
                    bears: "none",
                    paper: $paper,
                }
            }

            fn check(&self, settings: &mut Settings<'_>) {
                schedule::check(settings, self.learning_rate, self.schedule);
                ranges(settings, &self.optimizer());
            }

            fn server_optimizer(&self, _layout: &Layout) -> Box<dyn ServerOptimizer> {
                Box::new(self.optimizer())
            }
        }
    };
}

/// Settings of FedAdam.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FedAdamConfig {
    /// Server step size, above 0. Default 0.1.
    pub learning_rate: f32,
    /// Decay of the momentum, 0 to below 1. Default 0.9.
    pub beta1: f32,
    /// Decay of the variance, 0 to below 1. Default 0.99.
    pub beta2: f32,
    /// Added to the root of the variance, above 0. Default 0.001.
    pub adaptivity: f32,
    /// How the step size changes from round to round. Default: it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleConfig>,
}

impl Default for FedAdamConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.1,
            beta1: 0.9,
            beta2: 0.99,
            adaptivity: 0.001,
            schedule: None,
        }
    }
}

impl FedAdamConfig {
    fn optimizer(&self) -> ServerAdaptive {
        ServerAdaptive {
            rule: Adaptive::Adam,
            learning_rate: rate(self.learning_rate, self.schedule),
            beta1: self.beta1,
            beta2: self.beta2,
            adaptivity: self.adaptivity,
            weight_decay: 0.0,
        }
    }
}

adaptive!(
    FedAdamConfig,
    REDDI,
    "Adam on the mean update; for sparse or badly scaled gradients"
);

/// Settings of FedAdamW.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FedAdamWConfig {
    /// Server step size, above 0. Default 0.1.
    pub learning_rate: f32,
    /// Decay of the momentum, 0 to below 1. Default 0.9.
    pub beta1: f32,
    /// Decay of the variance, 0 to below 1. Default 0.99.
    pub beta2: f32,
    /// Added to the root of the variance, above 0. Default 0.001.
    pub adaptivity: f32,
    /// Pull of each parameter towards 0, 0 or more: a round takes this share, times the step size, of
    /// it away. Default 0.01 (PyTorch's).
    pub weight_decay: f32,
    /// How the step size changes from round to round. Default: it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleConfig>,
}

impl Default for FedAdamWConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.1,
            beta1: 0.9,
            beta2: 0.99,
            adaptivity: 0.001,
            weight_decay: 0.01,
            schedule: None,
        }
    }
}

impl FedAdamWConfig {
    fn optimizer(&self) -> ServerAdaptive {
        ServerAdaptive {
            rule: Adaptive::Adam,
            learning_rate: rate(self.learning_rate, self.schedule),
            beta1: self.beta1,
            beta2: self.beta2,
            adaptivity: self.adaptivity,
            weight_decay: self.weight_decay,
        }
    }
}

adaptive!(
    FedAdamWConfig,
    LOSHCHILOV,
    "as FedAdam, with each parameter pulled towards 0 by the server"
);

/// Settings of FedYogi.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FedYogiConfig {
    /// Server step size, above 0. Default 0.01.
    pub learning_rate: f32,
    /// Decay of the momentum, 0 to below 1. Default 0.9.
    pub beta1: f32,
    /// Decay of the variance, 0 to below 1. Default 0.99.
    pub beta2: f32,
    /// Added to the root of the variance, above 0. Default 0.001.
    pub adaptivity: f32,
    /// How the step size changes from round to round. Default: it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleConfig>,
}

impl Default for FedYogiConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.01,
            beta1: 0.9,
            beta2: 0.99,
            adaptivity: 0.001,
            schedule: None,
        }
    }
}

impl FedYogiConfig {
    fn optimizer(&self) -> ServerAdaptive {
        ServerAdaptive {
            rule: Adaptive::Yogi,
            learning_rate: rate(self.learning_rate, self.schedule),
            beta1: self.beta1,
            beta2: self.beta2,
            adaptivity: self.adaptivity,
            weight_decay: 0.0,
        }
    }
}

adaptive!(
    FedYogiConfig,
    REDDI,
    "as FedAdam, its variance moving by bounded steps; calmer when updates vary"
);

/// Settings of FedAdagrad.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FedAdagradConfig {
    /// Server step size, above 0. Default 0.1.
    pub learning_rate: f32,
    /// Decay of the momentum, 0 to below 1. Default 0 (the paper's).
    pub beta1: f32,
    /// Added to the root of the variance, above 0. Default 0.001.
    pub adaptivity: f32,
    /// How the step size changes from round to round. Default: it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleConfig>,
}

impl Default for FedAdagradConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.1,
            beta1: 0.0,
            adaptivity: 0.001,
            schedule: None,
        }
    }
}

impl FedAdagradConfig {
    fn optimizer(&self) -> ServerAdaptive {
        ServerAdaptive {
            rule: Adaptive::Adagrad,
            learning_rate: rate(self.learning_rate, self.schedule),
            beta1: self.beta1,
            beta2: 0.0,
            adaptivity: self.adaptivity,
            weight_decay: 0.0,
        }
    }
}

adaptive!(
    FedAdagradConfig,
    REDDI,
    "Adagrad on the mean update; steps only shrink, so it forgives a large rate"
);
