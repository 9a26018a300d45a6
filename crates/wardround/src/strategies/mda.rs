//! `[strategy.mda]`: the mean of the narrowest n - f updates.

use ward_robust::Robust;
use ward_robust::rule::Mda;

use super::keys::robust_table;
use super::{About, StrategyTable};
use crate::config::check::Settings;

robust_table!(MdaConfig, "Settings of minimum-diameter averaging.");

impl StrategyTable for MdaConfig {
    fn about(&self) -> About {
        About {
            r#use: "the mean of the narrowest n - f updates; exact, for few hospitals",
            bears: "f where n > 2f, in 100000 subsets at most",
            paper: "El Mhamdi et al. 2020, Genuinely Distributed Byzantine Machine Learning, \
                    arXiv:1905.03853",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        self.keys().check(settings);
    }

    fn robust(&self, target: usize) -> Option<Robust> {
        Some(self.keys().around(Mda, target))
    }
}
