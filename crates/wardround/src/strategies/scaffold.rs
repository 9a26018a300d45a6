//! `[strategy.scaffold]`: control variates that take out what pulls each hospital away.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Algorithm, Layout, TrainOrder};
use ward_round::ServerOptimizer;
use ward_round::strategy::ServerScaffold;

use super::{About, StrategyTable};
use crate::config::check::Settings;

/// Settings of SCAFFOLD.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScaffoldConfig {
    /// Server step size, above 0. Default 1 (the paper's).
    pub learning_rate: f32,
}

impl Default for ScaffoldConfig {
    fn default() -> Self {
        Self { learning_rate: 1.0 }
    }
}

impl StrategyTable for ScaffoldConfig {
    fn about(&self) -> About {
        About {
            r#use: "control variates take out what pulls each hospital away; twice the traffic, and \
                    hospitals remember theirs between rounds",
            bears: "none",
            paper: "Karimireddy et al. 2020, SCAFFOLD: Stochastic Controlled Averaging for Federated \
                    Learning, arXiv:1910.06378",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        settings.positive("learning_rate", self.learning_rate);
        settings.alike();
        settings.counted();
        settings.remembering();
        settings.sgd(true);
    }

    fn server_optimizer(&self, _layout: &Layout) -> Box<dyn ServerOptimizer> {
        Box::new(ServerScaffold {
            learning_rate: self.learning_rate,
        })
    }

    fn shape(&self, order: &mut TrainOrder) {
        order.algorithm = Algorithm::Scaffold;
    }
}
