//! `[strategy.ifca]`: several models, each for the hospitals that it fits best.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Algorithm, Layout, TrainOrder};
use ward_round::ServerOptimizer;
use ward_round::strategy::ServerIfca;

use super::{About, StrategyTable};
use crate::codes::Code;
use crate::config::check::Settings;
use crate::personalisation::PersonalisationConfig;

/// Settings of IFCA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct IfcaConfig {
    /// How many models, 2 to 16. Default 2.
    pub clusters: u8,
}

impl Default for IfcaConfig {
    fn default() -> Self {
        Self { clusters: 2 }
    }
}

impl StrategyTable for IfcaConfig {
    fn about(&self) -> About {
        About {
            r#use: "several models, of which each hospital trains and uses the one that fits its rows \
                    best; for groups that contradict each other; that many times the traffic",
            bears: "none",
            paper: "Ghosh et al. 2020, An Efficient Framework for Clustered Federated Learning, \
                    arXiv:2006.04088",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        let most = Algorithm::MOST_MODELS;
        if !(2..=most).contains(&self.clusters) {
            let message = format!("must be 2 to {most}, not {}", self.clusters);
            settings.add(Code::OutOfRange, "clusters", &message);
        }
        let personalisation = settings.experiment.personalisation.as_ref();
        if personalisation.is_some_and(PersonalisationConfig::is_private) {
            let message = "does not go with private tensors: a model is chosen by what the whole of \
                           it says of a hospital's rows, and nobody trains its private part";
            settings.add(Code::Combination, "clusters", message).help =
                Some("choose `fine-tuning`, `ditto` or `apfl`, or leave one of the two out".into());
        }
        if settings.experiment.ring.range < 1.0 {
            let message = "does not go with a `ring.range` below 1: a hospital's choice is sealed as \
                           a 1 and zeros";
            settings.add(Code::Combination, "clusters", message);
        }
    }

    fn server_optimizer(&self, _layout: &Layout) -> Box<dyn ServerOptimizer> {
        Box::new(ServerIfca)
    }

    fn shape(&self, order: &mut TrainOrder) {
        order.algorithm = Algorithm::Ifca {
            clusters: self.clusters,
        };
    }
}
