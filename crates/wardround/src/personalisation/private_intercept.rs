//! `[personalisation.private-intercept]`: the biases of the last layer stay in the hospital.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Layout, Personalisation, TrainOrder};

use super::{About, PersonalisationTable, SHARED_UPDATE, private};
use crate::config::check::Settings;

/// A private intercept has no settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct PrivateInterceptConfig {}

impl PersonalisationTable for PrivateInterceptConfig {
    fn about(&self) -> About {
        About {
            id: "private-intercept",
            r#use: "one number of one's own for each class: for hospitals with very different shares \
                    of the sick",
            keeps: "the biases of the last layer",
            leaves: SHARED_UPDATE,
            paper: "the smallest head of Arivazhagan et al. 2019, Federated Learning with \
                    Personalization Layers, arXiv:1912.00818",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        settings.remembering();
    }

    fn private(&self, layout: &Layout) -> Option<Vec<String>> {
        Some(vec![format!("{}.bias", private::last_layer(layout))])
    }

    fn personalisation(&self, _: &TrainOrder, layout: &Layout) -> Personalisation {
        let intercept = self.private(layout).unwrap_or_default();
        Personalisation::Private {
            tensors: private::matching(&intercept, layout),
            head_first: None,
        }
    }
}
