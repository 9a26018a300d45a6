//! The personalisations that a config can name: one file for each. They go with any strategy.
//!
//! A file holds all that is particular to its own behind `PersonalisationTable`: its settings with
//! their defaults and ranges, its line and paper in `wardround strategies`, which tensors stay in the
//! hospital, and what the order says of it. A new one is a new file and a line in the list below.
//!
//! MOON (Li, He and Song 2021, arXiv:2103.16257) is left out: it contrasts what a projection head
//! says of two models, and the built-in models have no head worth contrasting.

mod apfl;
mod ditto;
mod fedbn;
mod fedper;
mod fedrep;
mod fine_tuning;
mod private;
mod private_intercept;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Layout, Personalisation, TrainOrder};

pub use apfl::ApflConfig;
pub use ditto::DittoConfig;
pub use fedbn::FedBnConfig;
pub use fedper::FedPerConfig;
pub use fedrep::FedRepConfig;
pub use fine_tuning::FineTuningConfig;
pub use private_intercept::PrivateInterceptConfig;

use crate::config::check::Settings;

/// What a person is told of a personalisation.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// The word for it in a config: `[personalisation.ID]`.
    pub id: &'static str,
    /// What it is for, in a line.
    pub r#use: &'static str,
    /// What stays in the hospital.
    pub keeps: &'static str,
    /// What leaves it.
    pub leaves: &'static str,
    /// Where it is published.
    pub paper: &'static str,
}

/// What leaves where an update is FedAvg's own.
const WHOLE_UPDATE: &str = "an update of the whole model, as without; its own scores";
/// What leaves where some tensors are private.
const SHARED_UPDATE: &str = "an update of the shared tensors, zeros for the others; its own scores";

/// A personalisation's table in a config, and all that follows from it.
pub(crate) trait PersonalisationTable: fmt::Debug {
    /// What a person is told of it.
    fn about(&self) -> About;

    /// Finds settings that are out of range, or do not go with others.
    fn check(&self, settings: &mut Settings<'_>);

    /// Names, with `*` for anything, of the tensors of a model of `layout` that stay in the hospital;
    /// `None` where that is not what it does.
    fn private(&self, _layout: &Layout) -> Option<Vec<String>> {
        None
    }

    /// What `order` is to say of it, for a model of `layout`.
    fn personalisation(&self, order: &TrainOrder, layout: &Layout) -> Personalisation;
}

macro_rules! personalisations {
    ($($(#[$doc:meta])* $name:ident($table:ty),)*) => {
        /// How each hospital comes to a model of its own.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        pub enum PersonalisationConfig {
            $($(#[$doc])* $name($table),)*
        }

        impl PersonalisationConfig {
            /// Every personalisation with its defaults, in the order in which they are listed.
            #[must_use]
            pub fn defaults() -> Vec<Self> {
                vec![$(Self::$name(<$table>::default()),)*]
            }

            fn table(&self) -> &dyn PersonalisationTable {
                match self {
                    $(Self::$name(table) => table,)*
                }
            }
        }
    };
}

personalisations! {
    /// The round's model, trained a little on the hospital's own rows before it is used (Yu et al.
    /// 2020).
    FineTuning(FineTuningConfig),
    /// A head that stays in the hospital (Arivazhagan et al. 2019).
    Fedper(FedPerConfig),
    /// A head that stays, trained before the body (Collins et al. 2021).
    Fedrep(FedRepConfig),
    /// Normalisation layers that stay (Li et al. 2021).
    Fedbn(FedBnConfig),
    /// The biases of the last layer stay: each hospital's own share of the sick.
    PrivateIntercept(PrivateInterceptConfig),
    /// A second model, pulled towards the common one (Li et al. 2021).
    Ditto(DittoConfig),
    /// A mixture of a second model and the common one (Deng et al. 2020).
    Apfl(ApflConfig),
}

impl PersonalisationConfig {
    /// Whether some tensors stay in the hospital.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.table().private(&Layout::default()).is_some()
    }

    /// What a person is told of it.
    #[must_use]
    pub fn about(&self) -> About {
        self.table().about()
    }

    /// The word for it.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.about().id
    }

    /// Finds settings that are out of range, or do not go with others.
    pub(crate) fn check(&self, settings: &mut Settings<'_>) {
        self.table().check(settings);
    }

    /// Finds private tensors that a model of `layout` does not have, and models with nothing shared.
    pub(crate) fn check_against(&self, layout: &Layout, settings: &mut Settings<'_>) {
        if let Some(patterns) = self.table().private(layout) {
            private::check(&patterns, layout, settings);
        }
    }

    /// What `order` is to say of it, for a model of `layout`.
    #[must_use]
    pub fn personalisation(&self, order: &TrainOrder, layout: &Layout) -> Personalisation {
        self.table().personalisation(order, layout)
    }
}
