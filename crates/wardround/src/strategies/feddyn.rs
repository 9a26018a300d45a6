//! `[strategy.feddyn]`: a regulariser that each hospital adjusts from round to round.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Algorithm, Layout, TrainOrder};
use ward_round::ServerOptimizer;
use ward_round::strategy::ServerFedDyn;

use super::{About, StrategyTable};
use crate::config::check::Settings;

/// Settings of FedDyn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FedDynConfig {
    /// Strength of the regulariser, above 0. Default 0.01.
    pub alpha: f32,
}

impl Default for FedDynConfig {
    fn default() -> Self {
        Self { alpha: 0.01 }
    }
}

impl StrategyTable for FedDynConfig {
    fn about(&self) -> About {
        About {
            r#use: "each hospital learns what pulls it away and corrects for it; it remembers that \
                    between rounds",
            bears: "none",
            paper: "Acar et al. 2021, Federated Learning Based on Dynamic Regularization, \
                    arXiv:2111.04263",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        settings.positive("alpha", self.alpha);
        settings.alike();
        settings.counted();
        settings.remembering();
    }

    fn server_optimizer(&self, _layout: &Layout) -> Box<dyn ServerOptimizer> {
        Box::new(ServerFedDyn { alpha: self.alpha })
    }

    fn shape(&self, order: &mut TrainOrder) {
        order.algorithm = Algorithm::FedDyn { alpha: self.alpha };
    }
}
