//! `[strategy.geometric-median]`: the point with the least sum of distances.

use ward_robust::Robust;
use ward_robust::rule::{GeometricMedian, Start};

use super::keys::robust_table;
use super::{About, StrategyTable};
use crate::config::check::Settings;

robust_table!(
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

impl StrategyTable for GeometricMedianConfig {
    fn about(&self) -> About {
        About {
            r#use: "the point with the least sum of distances to the updates",
            bears: "f where n > 2f",
            paper: "Pillutla, Kakade and Harchaoui 2022, Robust Aggregation for Federated Learning, \
                    arXiv:1912.13445",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        self.keys().believing(self.claimed_weights).check(settings);
        settings.positive("smoothing", self.smoothing);
        settings.at_least("steps", self.steps, 1);
    }

    fn robust(&self, target: usize) -> Option<Robust> {
        let rule = GeometricMedian {
            smoothing: self.smoothing,
            steps: self.steps,
            start: Start::Mean,
        };
        let keys = self.keys().believing(self.claimed_weights);
        Some(keys.around(rule, target))
    }
}
