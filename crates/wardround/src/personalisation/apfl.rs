//! `[personalisation.apfl]`: a mixture of a second model and the common one.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Layout, Personalisation, TrainOrder};

use super::{About, PersonalisationTable, WHOLE_UPDATE};
use crate::codes::Code;
use crate::config::check::Settings;

/// Settings of APFL.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ApflConfig {
    /// The second model's share in the mixture at first, 0 to 1. Default 0.5.
    pub alpha: f32,
    /// Whether each hospital's share follows its own gradient. Default true.
    pub adaptive: bool,
}

impl Default for ApflConfig {
    fn default() -> Self {
        Self {
            alpha: 0.5,
            adaptive: true,
        }
    }
}

impl PersonalisationTable for ApflConfig {
    fn about(&self) -> About {
        About {
            id: "apfl",
            r#use: "a second model mixed with the common one, in a share that each hospital finds \
                    for itself; twice the work",
            keeps: "the second model and its share",
            leaves: WHOLE_UPDATE,
            paper: "Deng, Kamani and Mahdavi 2020, Adaptive Personalized Federated Learning, \
                    arXiv:2003.13461",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        if !(0.0..=1.0).contains(&self.alpha) {
            let message = format!("must be a share from 0 to 1, not {}", self.alpha);
            settings.add(Code::OutOfRange, "alpha", &message);
        }
        settings.remembering();
    }

    fn personalisation(&self, _: &TrainOrder, _: &Layout) -> Personalisation {
        Personalisation::Apfl {
            alpha: self.alpha,
            adaptive: self.adaptive,
        }
    }
}
