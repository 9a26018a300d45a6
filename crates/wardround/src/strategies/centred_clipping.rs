//! `[strategy.centred-clipping]`: the last result, moved as far as each update may.

use ward_robust::Robust;
use ward_robust::rule::CentredClipping;

use super::keys::robust_table;
use super::{About, StrategyTable};
use crate::config::check::Settings;

robust_table!(
    CentredClippingConfig,
    "Settings of centred clipping around the last round's result.",
    /// How far one update may pull, above 0. Default 10 (the paper's, without momentum).
    radius: f64 = 10.0,
    /// Steps, at least 1. Default 1 (the paper's).
    steps: u32 = 1
);

impl StrategyTable for CentredClippingConfig {
    fn about(&self) -> About {
        About {
            r#use: "the last result, moved by each update as far as it may",
            bears: "f where n > 2f",
            paper: "Karimireddy, He and Jaggi 2021, Learning from History for Byzantine Robust \
                    Optimization, arXiv:2012.10333",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        self.keys().check(settings);
        settings.positive("radius", self.radius);
        settings.at_least("steps", self.steps, 1);
    }

    fn robust(&self, target: usize) -> Option<Robust> {
        let rule = CentredClipping {
            radius: self.radius,
            steps: self.steps,
        };
        Some(self.keys().around(rule, target))
    }
}
