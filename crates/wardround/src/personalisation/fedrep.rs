//! `[personalisation.fedrep]`: a head that stays in the hospital, trained before the body.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Layout, LocalWork, Personalisation, TrainOrder};

use super::{About, PersonalisationTable, SHARED_UPDATE, private};
use crate::config::check::Settings;

/// Passes over the rows that the head is trained for where nothing is said.
const HEAD_EPOCHS: u32 = 10;

/// Settings of FedRep. Give `head_epochs` or `head_steps`, or neither.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub struct FedRepConfig {
    /// Names of the head's tensors, which stay, `*` for anything. Default: the last layer's.
    pub private: Vec<String>,
    /// Passes over the hospital's rows that the head is trained for, at least 1. Default 10.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_epochs: Option<u32>,
    /// Batches that the head is trained for, at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_steps: Option<u32>,
}

impl PersonalisationTable for FedRepConfig {
    fn about(&self) -> About {
        About {
            id: "fedrep",
            r#use: "as FedPer, the head trained first with the body at rest, then the body with the \
                    head at rest; 10 epochs of the head where nothing is said",
            keeps: "the private tensors, by default the last layer",
            leaves: SHARED_UPDATE,
            paper: "Collins et al. 2021, Exploiting Shared Representations for Personalized \
                    Federated Learning, arXiv:2102.07078",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        let given = [self.head_epochs, self.head_steps];
        settings.not_both(["head_epochs", "head_steps"], given);
        settings.remembering();
    }

    fn private(&self, layout: &Layout) -> Option<Vec<String>> {
        Some(private::or_last_layer(&self.private, layout))
    }

    fn personalisation(&self, _: &TrainOrder, layout: &Layout) -> Personalisation {
        let work = match (self.head_epochs, self.head_steps) {
            (None, Some(steps)) => LocalWork::Steps(steps),
            (epochs, _) => LocalWork::Epochs(epochs.unwrap_or(HEAD_EPOCHS)),
        };
        Personalisation::Private {
            tensors: private::matching(&private::or_last_layer(&self.private, layout), layout),
            head_first: Some(work),
        }
    }
}
