//! `[personalisation.ditto]`: a second model, pulled towards the common one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Layout, Personalisation, TrainOrder};

use super::{About, PersonalisationTable, WHOLE_UPDATE};
use crate::codes::Code;
use crate::config::check::Settings;
use crate::config::types::OptimizerConfig;

/// Settings of Ditto.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DittoConfig {
    /// Strength of the pull towards the round's model, 0 or more; with SGD up to
    /// 1 / `training.optimizer.sgd.learning_rate`. At 0 each hospital trains alone. Default 1 (the
    /// paper's, but for strong attacks).
    pub lambda: f32,
}

impl Default for DittoConfig {
    fn default() -> Self {
        Self { lambda: 1.0 }
    }
}

impl PersonalisationTable for DittoConfig {
    fn about(&self) -> About {
        About {
            id: "ditto",
            r#use: "a second model of one's own, pulled towards the common one; twice the work",
            keeps: "its own model",
            leaves: WHOLE_UPDATE,
            paper: "Li et al. 2021, Ditto: Fair and Robust Federated Learning Through \
                    Personalization, arXiv:2012.04221",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        settings.not_negative("lambda", self.lambda);
        settings.remembering();
        if let OptimizerConfig::Sgd(sgd) = settings.experiment.training.optimizer
            && self.lambda * sgd.learning_rate > 1.0
        {
            let message = format!(
                "is {}, and with a learning rate of {} each step would overshoot the model that it \
                 is pulled to",
                self.lambda, sgd.learning_rate
            );
            let problem = settings.add(Code::Combination, "lambda", &message);
            problem.help = Some("lower lambda, or training.optimizer.sgd.learning_rate".into());
        }
    }

    fn personalisation(&self, _: &TrainOrder, _: &Layout) -> Personalisation {
        Personalisation::Ditto {
            lambda: self.lambda,
        }
    }
}
