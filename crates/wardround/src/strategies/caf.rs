//! `[strategy.caf]`: the mean that a filter by covariance leaves narrowest.

use ward_robust::Robust;
use ward_robust::rule::{Caf, Scale};

use super::keys::robust_table;
use super::{About, StrategyTable};
use crate::config::check::Settings;

robust_table!(CafConfig, "Settings of the covariance-bound filter.");

impl StrategyTable for CafConfig {
    fn about(&self) -> About {
        About {
            r#use: "filters along the direction in which updates vary most",
            bears: "f where n > 2f",
            paper: "Allouah, Guerraoui and Stephan 2025, Towards Trustworthy Federated Learning with \
                    Untrusted Participants, arXiv:2505.01874",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        self.keys().check(settings);
    }

    fn robust(&self, target: usize) -> Option<Robust> {
        let scale = Scale::Counting;
        Some(self.keys().around(Caf { scale }, target))
    }
}
