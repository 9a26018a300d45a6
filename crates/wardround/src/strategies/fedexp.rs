//! `[strategy.fedexp]`: a server step that grows with the disagreement of the updates.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Algorithm, Layout, TrainOrder};
use ward_round::ServerOptimizer;
use ward_round::strategy::ServerFedExP;

use super::{About, StrategyTable};
use crate::config::check::Settings;

/// Settings of FedExP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FedExPConfig {
    /// Added to the squared norm of the mean update, above 0. Default 0.001.
    pub epsilon: f32,
}

impl Default for FedExPConfig {
    fn default() -> Self {
        Self { epsilon: 1e-3 }
    }
}

impl StrategyTable for FedExPConfig {
    fn about(&self) -> About {
        About {
            r#use: "steps further than the mean where updates disagree; no server rate to tune",
            bears: "none",
            paper: "Jhunjhunwala, Wang and Joshi 2023, FedExP: Speeding Up Federated Averaging via \
                    Extrapolation, arXiv:2301.09604",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        settings.positive("epsilon", self.epsilon);
    }

    fn server_optimizer(&self, _layout: &Layout) -> Box<dyn ServerOptimizer> {
        Box::new(ServerFedExP {
            epsilon: self.epsilon,
        })
    }

    fn shape(&self, order: &mut TrainOrder) {
        order.algorithm = Algorithm::FedExP;
    }
}
