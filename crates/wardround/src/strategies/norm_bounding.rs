//! `[strategy.norm-bounding]`: the mean of clipped updates.

use ward_robust::Robust;
use ward_robust::rule::NormBounding;

use super::keys::robust_table;
use super::{About, StrategyTable};
use crate::config::check::Settings;

robust_table!(
    NormBoundingConfig,
    "Settings of norm bounding, the mean of clipped updates.",
    /// The Euclidean norm to which longer updates are shortened, above 0. Default 1.
    radius: f64 = 1.0,
    /// Whether hospitals count by the rows that they claim; not together with `before`. Default
    /// false: a hospital gains nothing by claiming more.
    claimed_weights: bool = false
);

impl StrategyTable for NormBoundingConfig {
    fn about(&self) -> About {
        About {
            r#use: "the mean of shortened updates: limits what one hospital can do, cheaply",
            bears: "none; one moves the mean by radius / n at most",
            paper: "Sun et al. 2019, Can You Really Backdoor Federated Learning?, arXiv:1911.07963",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        self.keys().believing(self.claimed_weights).check(settings);
        settings.positive("radius", self.radius);
    }

    fn robust(&self, target: usize) -> Option<Robust> {
        let radius = self.radius;
        let keys = self.keys().believing(self.claimed_weights);
        Some(keys.around(NormBounding { radius }, target))
    }
}
