//! `[personalisation.fedper]`: a head that stays in the hospital.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Layout, Personalisation, TrainOrder};

use super::{About, PersonalisationTable, SHARED_UPDATE, private};
use crate::config::check::Settings;

/// Settings of FedPer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub struct FedPerConfig {
    /// Names of the tensors that stay, `*` for anything: `["dense2.*"]`. Default: the last layer's.
    pub private: Vec<String>,
}

impl PersonalisationTable for FedPerConfig {
    fn about(&self) -> About {
        About {
            id: "fedper",
            r#use: "a common body and a head of one's own; for hospitals that ask different things \
                    of the same signs",
            keeps: "the private tensors, by default the last layer",
            leaves: SHARED_UPDATE,
            paper: "Arivazhagan et al. 2019, Federated Learning with Personalization Layers, \
                    arXiv:1912.00818",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        settings.remembering();
    }

    fn private(&self, layout: &Layout) -> Option<Vec<String>> {
        Some(private::or_last_layer(&self.private, layout))
    }

    fn personalisation(&self, _: &TrainOrder, layout: &Layout) -> Personalisation {
        Personalisation::Private {
            tensors: private::matching(&private::or_last_layer(&self.private, layout), layout),
            head_first: None,
        }
    }
}
