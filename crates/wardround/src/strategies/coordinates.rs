//! `[strategy.median]`, `[strategy.trimmed-mean]` and `[strategy.meamed]`: each coordinate alone.

use ward_robust::Robust;
use ward_robust::rule::{MeaMed, Median, TrimmedMean};

use super::keys::robust_table;
use super::{About, StrategyTable};
use crate::config::check::Settings;

const YIN: &str = "Yin et al. 2018, Byzantine-Robust Distributed Learning: Towards Optimal \
                   Statistical Rates, arXiv:1803.01498";

robust_table!(
    MedianConfig,
    "Settings of the coordinate-wise median.",
    /// Whether it is the weighted median, by the rows that hospitals claim; not together with
    /// `before`. Default false: a hospital gains nothing by claiming more.
    claimed_weights: bool = false
);

impl StrategyTable for MedianConfig {
    fn about(&self) -> About {
        About {
            r#use: "the median of each coordinate; bears the most, for few hospitals that are alike",
            bears: "f where n > 2f",
            paper: YIN,
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        self.keys().believing(self.claimed_weights).check(settings);
    }

    fn robust(&self, target: usize) -> Option<Robust> {
        let weighted = self.claimed_weights;
        let keys = self.keys().believing(weighted);
        Some(keys.around(Median { weighted }, target))
    }
}

robust_table!(
    TrimmedMeanConfig,
    "Settings of the coordinate-wise trimmed mean."
);

impl StrategyTable for TrimmedMeanConfig {
    fn about(&self) -> About {
        About {
            r#use: "the mean without the f least and greatest of each coordinate",
            bears: "f where n > 2f",
            paper: YIN,
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        self.keys().check(settings);
    }

    fn robust(&self, target: usize) -> Option<Robust> {
        Some(self.keys().around(TrimmedMean, target))
    }
}

robust_table!(MeaMedConfig, "Settings of the mean around the median.");

impl StrategyTable for MeaMedConfig {
    fn about(&self) -> About {
        About {
            r#use: "the mean of the n - f values of each coordinate nearest its median",
            bears: "f where n > 2f",
            paper: "Xie, Koyejo and Gupta 2018, Generalized Byzantine-tolerant SGD, \
                    arXiv:1802.10116",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        self.keys().check(settings);
    }

    fn robust(&self, target: usize) -> Option<Robust> {
        Some(self.keys().around(MeaMed, target))
    }
}
