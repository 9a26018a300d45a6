//! `[strategy.bulyan]`: picks by Krum, then the mean around their median.

use ward_robust::Robust;
use ward_robust::rule::Bulyan;

use super::keys::robust_table;
use super::{About, StrategyTable};
use crate::config::check::Settings;

robust_table!(BulyanConfig, "Settings of Bulyan over Krum.");

impl StrategyTable for BulyanConfig {
    fn about(&self) -> About {
        About {
            r#use: "picks by Krum, then the mean around each coordinate's median; for large models",
            bears: "f where n >= 4f + 3",
            paper: "El Mhamdi, Guerraoui and Rouault 2018, The Hidden Vulnerability of Distributed \
                    Learning in Byzantium, arXiv:1802.07927",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        self.keys().check(settings);
    }

    fn robust(&self, target: usize) -> Option<Robust> {
        Some(self.keys().around(Bulyan, target))
    }
}
