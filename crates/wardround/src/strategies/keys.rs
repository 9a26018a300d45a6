//! What all strategies share that bear bad updates: keys, defaults, and the way to a rule.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_robust::before::{AdaptiveClipping, Bucketing, Clipping, NearestNeighbourMixing};
use ward_robust::{Before, Robust, Rule};

use crate::codes::Code;
use crate::config::check::Settings;

/// Something that is done to the updates before a rule.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BeforeConfig {
    /// `"nnm"`: each update becomes the mean of the n - f nearest to it, so that hospitals that
    /// differ honestly are not mistaken for bad ones (Allouah et al. 2023).
    Nnm,
    /// `"arc"`: the longest updates are shortened to the next norm (Allouah et al. 2025).
    Arc,
    /// `{ bucketing = 2 }`: updates are averaged in random groups of so many, at least 1; up to f
    /// groups may be bad (Karimireddy et al. 2022).
    Bucketing(u32),
    /// `{ clipping = 1.0 }`: updates longer than this Euclidean norm, above 0, are shortened to it.
    Clipping(f64),
}

/// What a person is told of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AboutBefore {
    /// The word for it in a config.
    pub(crate) id: &'static str,
    /// What it is for, in a line.
    pub(crate) r#use: &'static str,
    /// What its number is; `none` where it has none.
    pub(crate) settings: &'static str,
    /// Where it is published.
    pub(crate) paper: &'static str,
}

impl BeforeConfig {
    /// One of each, in the order in which they are listed.
    pub(crate) const EXAMPLES: [Self; 4] = [
        Self::Nnm,
        Self::Arc,
        Self::Bucketing(2),
        Self::Clipping(1.0),
    ];

    pub(crate) fn about(self) -> AboutBefore {
        match self {
            Self::Nnm => AboutBefore {
                id: "nnm",
                r#use: "each update becomes the mean of the n - f nearest to it; for hospitals that \
                        differ honestly",
                settings: "none",
                paper: "Allouah et al. 2023, Fixing by Mixing, arXiv:2302.01772",
            },
            Self::Arc => AboutBefore {
                id: "arc",
                r#use: "the longest updates are shortened to the next norm; no radius to tune",
                settings: "none",
                paper: "Allouah et al. 2025, Adaptive Gradient Clipping for Robust Federated Learning, \
                        arXiv:2405.14432",
            },
            Self::Bucketing(_) => AboutBefore {
                id: "bucketing",
                r#use: "updates are averaged in random groups, of which up to f may be bad; for many \
                        hospitals that differ",
                settings: "updates in a group, at least 1",
                paper: "Karimireddy, He and Jaggi 2022, Byzantine-Robust Learning on Heterogeneous \
                        Datasets via Bucketing, arXiv:2006.09365",
            },
            Self::Clipping(_) => AboutBefore {
                id: "clipping",
                r#use: "updates that are longer than a norm are shortened to it; where honest norms are \
                        known",
                settings: "Euclidean norm, above 0",
                paper: "none of its own; with a norm that adapts it is `arc`",
            },
        }
    }

    fn make(self) -> Arc<dyn Before> {
        match self {
            Self::Nnm => Arc::new(NearestNeighbourMixing),
            Self::Arc => Arc::new(AdaptiveClipping),
            Self::Bucketing(size) => Arc::new(Bucketing {
                size: size as usize,
            }),
            Self::Clipping(radius) => Arc::new(Clipping { radius }),
        }
    }
}

/// The bound on norms where none is said. The longest honest update of this repository's experiments
/// is 2.6 long (a CNN's first round under Adam; logistic regressions and small perceptrons stay below
/// 1), so that none of them is refused, and a bad one is at most a few times as long as those around
/// it. Many parameters, large steps or long rounds need more.
pub(super) const NORM_BOUND: f64 = 10.0;

/// The keys that all these strategies have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Keys<'a> {
    /// How many updates may be bad, where it is said.
    pub(super) f: Option<u32>,
    /// What is done first.
    pub(super) before: &'a [BeforeConfig],
    /// The largest norm of an update.
    pub(super) norm_bound: f64,
    /// Whether hospitals count by the rows that they claim, in a rule that might do otherwise.
    pub(super) claimed_weights: bool,
}

impl Keys<'_> {
    /// The same, where the weights that hospitals claim may count.
    pub(super) fn believing(self, claimed_weights: bool) -> Self {
        Self {
            claimed_weights,
            ..self
        }
    }

    /// `rule` and all around it, where rounds aim at `target` reports.
    pub(super) fn around(&self, rule: impl Rule + 'static, target: usize) -> Robust {
        self.with(Arc::new(rule), target)
    }

    /// As [`Self::around`], of a rule that is shared already.
    pub(super) fn with(&self, rule: Arc<dyn Rule>, target: usize) -> Robust {
        Robust {
            before: self.before.iter().map(|before| before.make()).collect(),
            rule,
            f: self.f.map_or(target / 5, |f| f as usize),
            norm_bound: self.norm_bound,
            claimed_weights: self.claimed_weights,
        }
    }

    /// Finds those that are out of range, or do not go together.
    pub(super) fn check(&self, settings: &mut Settings<'_>) {
        settings.positive("norm_bound", self.norm_bound);
        for before in self.before {
            match *before {
                BeforeConfig::Nnm | BeforeConfig::Arc => {}
                BeforeConfig::Bucketing(size) => settings.at_least("before", size, 1),
                BeforeConfig::Clipping(radius) => settings.positive("before", radius),
            }
        }
        if self.claimed_weights && !self.before.is_empty() {
            let message = "belongs to updates as they came; what `before` makes of them has no \
                           claimed weight";
            settings.add(Code::Combination, "claimed_weights", message);
        }
    }
}

/// A table of a robust strategy: its own keys first, then those that all have.
macro_rules! robust_table {
    ($name:ident, $title:literal $(, $(#[$doc:meta])* $key:ident: $type:ty = $default:expr)*) => {
        #[doc = $title]
        #[derive(
            Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[$doc])* pub $key: $type,)*
            /// How many of a round's updates may be bad, 0 or more. Default: a fifth of the reports
            /// that a round aims at, rounded down.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub f: Option<u32>,
            /// What is done to the updates first, in this order: `"nnm"`, `"arc"`,
            /// `{ bucketing = 2 }`, `{ clipping = 1.0 }`. Default none.
            pub before: Vec<$crate::strategies::BeforeConfig>,
            /// The largest Euclidean norm of an update, above 0; a larger one is refused. Default
            /// 10: several times what hospitals send in the experiments here.
            pub norm_bound: f64,
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $($key: $default,)*
                    f: None,
                    before: Vec::new(),
                    norm_bound: $crate::strategies::keys::NORM_BOUND,
                }
            }
        }

        impl $name {
            fn keys(&self) -> $crate::strategies::keys::Keys<'_> {
                $crate::strategies::keys::Keys {
                    f: self.f,
                    before: &self.before,
                    norm_bound: self.norm_bound,
                    claimed_weights: false,
                }
            }
        }
    };
}
pub(super) use robust_table;
