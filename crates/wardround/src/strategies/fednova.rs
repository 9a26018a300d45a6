//! `[strategy.fednova]`: updates divided by the steps that went into them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Algorithm, Layout, TrainOrder};
use ward_round::ServerOptimizer;
use ward_round::strategy::ServerFedNova;

use super::{About, StrategyTable};
use crate::config::check::Settings;

/// Settings of FedNova.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FedNovaConfig {
    /// Server step size, above 0. Default 1 (the paper's).
    pub learning_rate: f32,
}

impl Default for FedNovaConfig {
    fn default() -> Self {
        Self { learning_rate: 1.0 }
    }
}

impl StrategyTable for FedNovaConfig {
    fn about(&self) -> About {
        About {
            r#use: "divides each update by its steps, so that a hospital with more rows does not pull \
                    further; for epochs over uneven hospitals",
            bears: "none",
            paper: "Wang et al. 2020, Tackling the Objective Inconsistency Problem in Heterogeneous \
                    Federated Optimization, arXiv:2007.07481",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        settings.positive("learning_rate", self.learning_rate);
        settings.sgd(false);
    }

    fn server_optimizer(&self, _layout: &Layout) -> Box<dyn ServerOptimizer> {
        Box::new(ServerFedNova {
            learning_rate: self.learning_rate,
        })
    }

    fn shape(&self, order: &mut TrainOrder) {
        order.algorithm = Algorithm::FedNova;
    }
}
