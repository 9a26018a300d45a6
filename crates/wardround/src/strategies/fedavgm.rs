//! `[strategy.fedavgm]`: the mean with server momentum.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::Layout;
use ward_round::ServerOptimizer;
use ward_round::strategy::ServerSgd;

use super::schedule::{self, rate};
use super::{About, StrategyTable};
use crate::config::check::Settings;
use crate::config::types::ScheduleConfig;

/// Settings of FedAvgM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FedAvgMConfig {
    /// Server step size, above 0. Default 1.
    pub learning_rate: f32,
    /// Share of the last step kept, 0 to below 1. Default 0.9 (the paper's).
    pub momentum: f32,
    /// How the step size changes from round to round. Default: it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<ScheduleConfig>,
}

impl Default for FedAvgMConfig {
    fn default() -> Self {
        Self {
            learning_rate: 1.0,
            momentum: 0.9,
            schedule: None,
        }
    }
}

impl StrategyTable for FedAvgMConfig {
    fn about(&self) -> About {
        About {
            r#use: "the mean with server momentum; steadier where hospitals' labels differ",
            bears: "none",
            paper: "Hsu et al. 2019, Measuring the Effects of Non-Identical Data Distribution, \
                    arXiv:1909.06335",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        schedule::check(settings, self.learning_rate, self.schedule);
        settings.decay("momentum", self.momentum);
    }

    fn server_optimizer(&self, _layout: &Layout) -> Box<dyn ServerOptimizer> {
        Box::new(ServerSgd {
            learning_rate: rate(self.learning_rate, self.schedule),
            momentum: self.momentum,
        })
    }
}
