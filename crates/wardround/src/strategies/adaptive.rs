//! `[strategy.fedadam]`, `[strategy.fedyogi]` and `[strategy.fedadagrad]`: adaptive server steps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_round::ServerOptimizer;
use ward_round::strategy::{Adaptive, ServerAdaptive};

use super::{About, StrategyTable};
use crate::config::check::Settings;

const REDDI: &str = "Reddi et al. 2021, Adaptive Federated Optimization, arXiv:2003.00295";

/// The settings of Adam and Yogi, which differ in their defaults and their rule.
macro_rules! adaptive {
    ($name:ident, $title:literal, $rate:literal, $rule:expr, $id:literal, $use:literal) => {
        #[doc = $title]
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            #[doc = concat!("Server step size, above 0. Default ", $rate, ".")]
            pub learning_rate: f32,
            /// Decay of the momentum, 0 to below 1. Default 0.9.
            pub beta1: f32,
            /// Decay of the variance, 0 to below 1. Default 0.99.
            pub beta2: f32,
            /// Added to the root of the variance, above 0. Default 0.001.
            pub adaptivity: f32,
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    learning_rate: $rate,
                    beta1: 0.9,
                    beta2: 0.99,
                    adaptivity: 0.001,
                }
            }
        }

        impl StrategyTable for $name {
            fn about(&self) -> About {
                About {
                    id: $id,
                    r#use: $use,
                    bears: "none",
                    paper: REDDI,
                }
            }

            fn check(&self, settings: &mut Settings<'_>) {
                settings.positive("learning_rate", self.learning_rate);
                settings.decay("beta1", self.beta1);
                settings.decay("beta2", self.beta2);
                settings.positive("adaptivity", self.adaptivity);
            }

            fn server_optimizer(&self) -> Box<dyn ServerOptimizer> {
                Box::new(ServerAdaptive {
                    rule: $rule,
                    learning_rate: self.learning_rate,
                    beta1: self.beta1,
                    beta2: self.beta2,
                    adaptivity: self.adaptivity,
                })
            }
        }
    };
}

adaptive!(
    FedAdamConfig,
    "Settings of FedAdam.",
    0.1,
    Adaptive::Adam,
    "fedadam",
    "Adam on the mean update; for sparse or badly scaled gradients"
);
adaptive!(
    FedYogiConfig,
    "Settings of FedYogi.",
    0.01,
    Adaptive::Yogi,
    "fedyogi",
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
}

impl Default for FedAdagradConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.1,
            beta1: 0.0,
            adaptivity: 0.001,
        }
    }
}

impl StrategyTable for FedAdagradConfig {
    fn about(&self) -> About {
        About {
            id: "fedadagrad",
            r#use: "Adagrad on the mean update; steps only shrink, so it forgives a large rate",
            bears: "none",
            paper: REDDI,
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        settings.positive("learning_rate", self.learning_rate);
        settings.decay("beta1", self.beta1);
        settings.positive("adaptivity", self.adaptivity);
    }

    fn server_optimizer(&self) -> Box<dyn ServerOptimizer> {
        Box::new(ServerAdaptive {
            rule: Adaptive::Adagrad,
            learning_rate: self.learning_rate,
            beta1: self.beta1,
            beta2: 0.0,
            adaptivity: self.adaptivity,
        })
    }
}
