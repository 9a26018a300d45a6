//! `[personalisation.fedbn]`: normalisation layers that stay in the hospital.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Layout, Personalisation, TrainOrder};

use super::{About, PersonalisationTable, SHARED_UPDATE, private};
use crate::config::check::Settings;

/// Settings of FedBN. The built-in models have no normalisation layers: it is for models of one's own,
/// with layers that keep no running statistics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FedBnConfig {
    /// Names of the tensors that stay, `*` for anything. Default `["*norm*"]`.
    pub private: Vec<String>,
}

impl Default for FedBnConfig {
    fn default() -> Self {
        Self {
            private: vec!["*norm*".to_owned()],
        }
    }
}

impl PersonalisationTable for FedBnConfig {
    fn about(&self) -> About {
        About {
            id: "fedbn",
            r#use: "normalisation layers of one's own; for hospitals whose machines measure \
                    differently, and models that have such layers",
            keeps: "the private tensors, by default those with `norm` in their names",
            leaves: SHARED_UPDATE,
            paper: "Li et al. 2021, FedBN: Federated Learning on Non-IID Features via Local Batch \
                    Normalization, arXiv:2102.07623",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        settings.remembering();
    }

    fn private(&self, _: &Layout) -> Option<Vec<String>> {
        Some(self.private.clone())
    }

    fn personalisation(&self, _: &TrainOrder, layout: &Layout) -> Personalisation {
        Personalisation::Private {
            tensors: private::matching(&self.private, layout),
            head_first: None,
        }
    }
}
