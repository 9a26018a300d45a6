//! `[personalisation.fine-tuning]`: the round's model, trained a little before it is used.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Layout, LocalWork, Personalisation, TrainOrder};

use super::{About, PersonalisationTable, WHOLE_UPDATE};
use crate::config::check::Settings;

/// Settings of fine-tuning. Give `epochs` or `steps`, or neither.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub struct FineTuningConfig {
    /// Passes over the hospital's rows, at least 1. Default: as much as a round's training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epochs: Option<u32>,
    /// Batches, at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u32>,
    /// Step size, above 0. Default: that of training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f32>,
}

impl PersonalisationTable for FineTuningConfig {
    fn about(&self) -> About {
        About {
            id: "fine-tuning",
            r#use: "each hospital trains the round's model a little further on its own rows before \
                    using it; the simplest, to be tried first",
            keeps: "nothing: the tuned model is made anew",
            leaves: WHOLE_UPDATE,
            paper: "Yu, Bagdasaryan and Shmatikov 2020, Salvaging Federated Learning by Local \
                    Adaptation, arXiv:2002.04758",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        settings.not_both(["epochs", "steps"], [self.epochs, self.steps]);
        settings.positive("learning_rate", self.learning_rate.unwrap_or(1.0));
    }

    fn personalisation(&self, order: &TrainOrder, _: &Layout) -> Personalisation {
        let work = match (self.epochs, self.steps) {
            (Some(epochs), _) => LocalWork::Epochs(epochs),
            (None, Some(steps)) => LocalWork::Steps(steps),
            (None, None) => order.work,
        };
        Personalisation::FineTuning {
            work,
            learning_rate: self.learning_rate,
        }
    }
}
