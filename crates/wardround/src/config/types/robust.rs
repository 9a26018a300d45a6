//! Strategies that bear bad updates: a table for each rule, its own keys first, then those that all
//! have.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

/// The keys that all these strategies have.
#[derive(Debug, Clone, Copy)]
pub struct RobustKeys<'a> {
    /// How many updates may be bad, where it is said.
    pub f: Option<u32>,
    /// What is done first.
    pub before: &'a [BeforeConfig],
    /// The largest norm of an update.
    pub norm_bound: f64,
}

/// The bound on norms where none is said: far above what sound training sends.
const NORM_BOUND: f64 = 100.0;

macro_rules! robust_config {
    ($name:ident, $title:literal $(, $(#[$doc:meta])* $key:ident: $type:ty = $default:expr)*) => {
        #[doc = $title]
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($(#[$doc])* pub $key: $type,)*
            /// How many of a round's updates may be bad, 0 or more. Default: a fifth of the reports
            /// that a round aims at, rounded down.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub f: Option<u32>,
            /// What is done to the updates first, in this order: `"nnm"`, `"arc"`,
            /// `{ bucketing = 2 }`, `{ clipping = 1.0 }`. Default none.
            pub before: Vec<BeforeConfig>,
            /// The largest Euclidean norm of an update, above 0; a larger one is refused. Default
            /// 100.
            pub norm_bound: f64,
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $($key: $default,)* f: None, before: Vec::new(), norm_bound: NORM_BOUND }
            }
        }

        impl $name {
            /// The keys that all robust strategies have.
            #[must_use]
            pub fn keys(&self) -> RobustKeys<'_> {
                RobustKeys { f: self.f, before: &self.before, norm_bound: self.norm_bound }
            }
        }
    };
}

/// Settings of the strategy to take where there is no reason for another: nearest-neighbour mixing
/// and the trimmed mean from five reports on, the median for fewer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RobustConfig {
    /// How many of a round's updates may be bad, 0 or more. Default: a fifth of the reports that a
    /// round aims at, rounded down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f: Option<u32>,
    /// The largest Euclidean norm of an update, above 0; a larger one is refused. Default 100.
    pub norm_bound: f64,
}

impl Default for RobustConfig {
    fn default() -> Self {
        Self {
            f: None,
            norm_bound: NORM_BOUND,
        }
    }
}

robust_config!(
    MedianConfig,
    "Settings of the coordinate-wise median.",
    /// Whether it is the weighted median, by the rows that hospitals claim; not together with
    /// `before`. Default false: a hospital gains nothing by claiming more.
    claimed_weights: bool = false
);
robust_config!(
    TrimmedMeanConfig,
    "Settings of the coordinate-wise trimmed mean."
);
robust_config!(MeaMedConfig, "Settings of the mean around the median.");
robust_config!(KrumConfig, "Settings of Krum.");
robust_config!(
    MultiKrumConfig,
    "Settings of Multi-Krum.",
    /// Updates that are averaged, at least 1 and at most n - f. Default n - f.
    #[serde(skip_serializing_if = "Option::is_none")]
    keep: Option<u32> = None
);
robust_config!(BulyanConfig, "Settings of Bulyan over Krum.");
robust_config!(
    GeometricMedianConfig,
    "Settings of the geometric median by smoothed Weiszfeld steps (RFA).",
    /// Distances count as at least this, above 0. Default 0.000001 (the paper's).
    smoothing: f64 = 1e-6,
    /// Steps, at least 1. Default 100: they cost next to nothing here.
    steps: u32 = 100,
    /// Whether hospitals count by the rows that they claim; not together with `before`. Default
    /// false: a hospital gains nothing by claiming more.
    claimed_weights: bool = false
);
robust_config!(
    CentredClippingConfig,
    "Settings of centred clipping around the last round's result.",
    /// How far one update may pull, above 0. Default 10 (the paper's, without momentum).
    radius: f64 = 10.0,
    /// Steps, at least 1. Default 1 (the paper's).
    steps: u32 = 1
);
robust_config!(MdaConfig, "Settings of minimum-diameter averaging.");
robust_config!(CafConfig, "Settings of the covariance-bound filter.");
robust_config!(
    NormBoundingConfig,
    "Settings of norm bounding, the mean of clipped updates.",
    /// The Euclidean norm to which longer updates are shortened, above 0. Default 1.
    radius: f64 = 1.0,
    /// Whether hospitals count by the rows that they claim; not together with `before`. Default
    /// false: a hospital gains nothing by claiming more.
    claimed_weights: bool = false
);
