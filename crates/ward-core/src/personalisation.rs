//! What a hospital does for a model of its own, beside or instead of the one model of all.
//!
//! The coordinator learns of it what it learns anyway: an update of the model's length, and scores.

use serde::{Deserialize, Serialize};

use crate::{Layout, LocalWork, StateKind};

/// How a hospital comes to a model of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Personalisation {
    /// Not at all.
    #[default]
    None,
    /// Before scoring, the round's model is trained on the hospital's own rows (Yu, Bagdasaryan and
    /// Shmatikov 2020, arXiv:2002.04758). Nothing is remembered.
    FineTuning {
        /// How much.
        work: LocalWork,
        /// Step size; `None` is the order's.
        learning_rate: Option<f32>,
    },
    /// Some tensors stay in the hospital: FedPer (Arivazhagan et al. 2019, arXiv:1912.00818), FedBN
    /// (Li et al. 2021, arXiv:2102.07623), a private intercept, and with `head_first` FedRep (Collins
    /// et al. 2021, arXiv:2102.07078).
    Private {
        /// Their names in the model's layout.
        tensors: Vec<String>,
        /// FedRep: they are trained first, for so long, and the others after them.
        head_first: Option<LocalWork>,
    },
    /// Ditto (Li et al. 2021, arXiv:2012.04221): a second model, pulled towards the round's.
    Ditto {
        /// Strength of the pull, 0 or more.
        lambda: f32,
    },
    /// APFL (Deng, Kamani and Mahdavi 2020, arXiv:2003.13461): a mixture of a second model and the
    /// common one.
    Apfl {
        /// The second model's share at first, 0 to 1.
        alpha: f32,
        /// Whether the share follows its own gradient.
        adaptive: bool,
    },
}

impl Personalisation {
    /// Whether a hospital may remember something for it between rounds.
    #[must_use]
    pub fn has_state(&self) -> bool {
        match self {
            Self::None | Self::FineTuning { .. } => false,
            Self::Private { .. } | Self::Ditto { .. } | Self::Apfl { .. } => true,
        }
    }

    /// What a hospital remembers for it between rounds, of a model of `layout`.
    #[must_use]
    pub fn remembers(&self, layout: &Layout) -> Option<StateKind> {
        match self {
            Self::None | Self::FineTuning { .. } => None,
            Self::Private { tensors, .. } => {
                let places = tensors.iter().filter_map(|name| layout.place(name));
                Some(StateKind::Private(places.map(|place| place.len()).sum()))
            }
            Self::Ditto { .. } => Some(StateKind::Ditto),
            Self::Apfl { .. } => Some(StateKind::Apfl),
        }
    }
}
