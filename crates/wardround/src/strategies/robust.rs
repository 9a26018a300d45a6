//! `[strategy.robust]`: what to take where there is no reason for another robust strategy.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_robust::Robust;
use ward_robust::rule::{Median, TrimmedMean};

use super::keys::{BeforeConfig, Keys, NORM_BOUND};
use super::{About, StrategyTable};
use crate::config::check::Settings;

/// Reports from which on it mixes and trims.
const ENOUGH_TO_MIX: usize = 5;

/// Settings of the strategy to take where there is no reason for another: nearest-neighbour mixing
/// and the trimmed mean from five reports on, the median for fewer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RobustConfig {
    /// How many of a round's updates may be bad, 0 or more. Default: a fifth of the reports that a
    /// round aims at, rounded down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub f: Option<u32>,
    /// The largest Euclidean norm of an update, above 0; a larger one is refused. Default 10: several
    /// times what hospitals send in the experiments here.
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

impl RobustConfig {
    fn keys(&self, before: &'static [BeforeConfig]) -> Keys<'_> {
        Keys {
            f: self.f,
            before,
            norm_bound: self.norm_bound,
            claimed_weights: false,
        }
    }
}

impl StrategyTable for RobustConfig {
    fn about(&self) -> About {
        About {
            r#use: "nearest-neighbour mixing and the trimmed mean, the median below 5 reports; the \
                    robust one to start with",
            bears: "f where n > 2f",
            paper: "Allouah et al. 2023, Fixing by Mixing, arXiv:2302.01772",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        self.keys(&[]).check(settings);
    }

    fn robust(&self, target: usize) -> Option<Robust> {
        Some(match target >= ENOUGH_TO_MIX {
            true => self.keys(&[BeforeConfig::Nnm]).around(TrimmedMean, target),
            false => self.keys(&[]).around(Median { weighted: false }, target),
        })
    }
}
