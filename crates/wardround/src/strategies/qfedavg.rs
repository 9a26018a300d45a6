//! `[strategy.qfedavg]`: hospitals that the model serves badly count more.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Algorithm, Layout, TrainOrder};
use ward_round::ServerOptimizer;
use ward_round::strategy::ServerQFedAvg;

use super::{About, StrategyTable};
use crate::codes::Code;
use crate::config::check::Settings;
use crate::config::types::OptimizerConfig;

/// Settings of q-FedAvg.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct QFedAvgConfig {
    /// How much more a hospital counts the higher its loss, 0 or more; 0 is FedAvg. Default 0.1.
    pub q: f32,
    /// Lipschitz constant of the gradient, above 0: the higher, the smaller the steps. Default
    /// 1 / `training.optimizer.sgd.learning_rate` (the paper's), in each round that of the round where
    /// there is a `training.schedule`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lipschitz: Option<f32>,
}

impl Default for QFedAvgConfig {
    fn default() -> Self {
        Self {
            q: 0.1,
            lipschitz: None,
        }
    }
}

impl StrategyTable for QFedAvgConfig {
    fn about(&self) -> About {
        About {
            r#use: "hospitals that the model serves badly count more; for fairness at some cost to \
                    the mean",
            bears: "none",
            paper: "Li et al. 2020, Fair Resource Allocation in Federated Learning, arXiv:1905.10497",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        settings.not_negative("q", self.q);
        settings.positive("lipschitz", self.lipschitz.unwrap_or(1.0));
        let optimizer = &settings.experiment.training.optimizer;
        if self.lipschitz.is_none() && !matches!(optimizer, OptimizerConfig::Sgd(_)) {
            let message = "follows from SGD's learning rate, and training has none";
            let problem = settings.add(Code::Combination, "lipschitz", message);
            problem.help = Some("give `lipschitz`, or train with `optimizer.sgd`".into());
        }
    }

    fn server_optimizer(&self, _layout: &Layout) -> Box<dyn ServerOptimizer> {
        Box::new(ServerQFedAvg)
    }

    fn shape(&self, order: &mut TrainOrder) {
        order.algorithm = Algorithm::QFedAvg {
            q: self.q,
            lipschitz: self.lipschitz,
        };
    }
}
