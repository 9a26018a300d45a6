//! `[strategy.fedprox]`: the mean, with a pull towards the round's first parameters in training.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::TrainOrder;

use super::{About, StrategyTable};
use crate::config::check::Settings;

/// Settings of FedProx.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FedProxConfig {
    /// Strength of the pull, 0 or more. Default 0.01.
    pub mu: f32,
}

impl Default for FedProxConfig {
    fn default() -> Self {
        Self { mu: 0.01 }
    }
}

impl StrategyTable for FedProxConfig {
    fn about(&self) -> About {
        About {
            r#use: "holds local training near the round's model; for much or uneven local work",
            bears: "none",
            paper: "Li et al. 2020, Federated Optimization in Heterogeneous Networks, \
                    arXiv:1812.06127",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        settings.not_negative("mu", self.mu);
    }

    fn shape(&self, order: &mut TrainOrder) {
        order.proximal_mu = self.mu;
    }
}
