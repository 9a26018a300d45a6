//! `[strategy.krum]` and `[strategy.multi-krum]`: the updates that have the nearest neighbours.

use ward_robust::Robust;
use ward_robust::rule::{Krum, MultiKrum};

use super::keys::robust_table;
use super::{About, StrategyTable};
use crate::config::check::Settings;

const BLANCHARD: &str = "Blanchard et al. 2017, Machine Learning with Adversaries: Byzantine \
                         Tolerant Gradient Descent, arXiv:1703.02757";

robust_table!(KrumConfig, "Settings of Krum.");

impl StrategyTable for KrumConfig {
    fn about(&self) -> About {
        About {
            r#use: "one hospital's update, that with the nearest neighbours; learns from one a round",
            bears: "f where n >= 2f + 3",
            paper: BLANCHARD,
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        self.keys().check(settings);
    }

    fn robust(&self, target: usize) -> Option<Robust> {
        Some(self.keys().around(Krum, target))
    }
}

robust_table!(
    MultiKrumConfig,
    "Settings of Multi-Krum.",
    /// Updates that are averaged, at least 1 and at most n - f. Default n - f.
    #[serde(skip_serializing_if = "Option::is_none")]
    keep: Option<u32> = None
);

impl StrategyTable for MultiKrumConfig {
    fn about(&self) -> About {
        About {
            r#use: "the mean of the updates that have the nearest neighbours",
            bears: "f where n >= 2f + 3",
            paper: BLANCHARD,
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        self.keys().check(settings);
        settings.at_least("keep", self.keep.unwrap_or(1), 1);
    }

    fn robust(&self, target: usize) -> Option<Robust> {
        let keep = self.keep.map(|keep| keep as usize);
        Some(self.keys().around(MultiKrum { keep }, target))
    }
}
