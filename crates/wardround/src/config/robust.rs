//! From the config's words to a robust rule, and what is wrong with them.

use std::sync::Arc;

use ward_robust::before::{AdaptiveClipping, Bucketing, Clipping, NearestNeighbourMixing};
use ward_robust::rule::{
    Bulyan, Caf, CentredClipping, GeometricMedian, Krum, Mda, MeaMed, Median, MultiKrum,
    NormBounding, Scale, Start, TrimmedMean,
};
use ward_robust::{Before, Robust, Rule};

use super::types::{BeforeConfig, RobustKeys, StrategyConfig};

/// Reports from which on the default strategy mixes and trims.
const ENOUGH_TO_MIX: usize = 5;

impl StrategyConfig {
    /// The rule and all around it, where the strategy has one and rounds aim at `target` reports.
    #[must_use]
    pub fn robust(&self, target: usize) -> Option<Robust> {
        let (rule, keys): (Arc<dyn Rule>, _) = match self {
            Self::Fedavg(_)
            | Self::Fedavgm(_)
            | Self::Fedprox(_)
            | Self::Feddyn(_)
            | Self::Fedadam(_)
            | Self::Fedyogi(_)
            | Self::Fedadagrad(_) => return None,
            Self::Robust(c) => {
                let mixes = target >= ENOUGH_TO_MIX;
                let keys = RobustKeys {
                    f: c.f,
                    before: if mixes { &[BeforeConfig::Nnm] } else { &[] },
                    norm_bound: c.norm_bound,
                };
                match mixes {
                    true => (Arc::new(TrimmedMean), keys),
                    false => (Arc::new(Median { weighted: false }), keys),
                }
            }
            Self::Median(c) => {
                let weighted = c.claimed_weights;
                (Arc::new(Median { weighted }), c.keys())
            }
            Self::TrimmedMean(c) => (Arc::new(TrimmedMean), c.keys()),
            Self::Meamed(c) => (Arc::new(MeaMed), c.keys()),
            Self::Krum(c) => (Arc::new(Krum), c.keys()),
            Self::MultiKrum(c) => {
                let keep = c.keep.map(|keep| keep as usize);
                (Arc::new(MultiKrum { keep }), c.keys())
            }
            Self::Bulyan(c) => (Arc::new(Bulyan), c.keys()),
            Self::GeometricMedian(c) => {
                let rule = GeometricMedian {
                    smoothing: c.smoothing,
                    steps: c.steps,
                    start: Start::Mean,
                };
                (Arc::new(rule), c.keys())
            }
            Self::CentredClipping(c) => {
                let (radius, steps) = (c.radius, c.steps);
                (Arc::new(CentredClipping { radius, steps }), c.keys())
            }
            Self::Mda(c) => (Arc::new(Mda), c.keys()),
            Self::Caf(c) => {
                let scale = Scale::Counting;
                (Arc::new(Caf { scale }), c.keys())
            }
            Self::NormBounding(c) => {
                let radius = c.radius;
                (Arc::new(NormBounding { radius }), c.keys())
            }
        };
        Some(Robust {
            before: keys.before.iter().map(before).collect(),
            rule,
            f: keys.f.map_or(target / 5, |f| f as usize),
            norm_bound: keys.norm_bound,
            claimed_weights: self.believes(),
        })
    }

    /// Whether hospitals count by the rows that they claim, in a rule that might do otherwise.
    fn believes(&self) -> bool {
        match self {
            Self::Median(c) => c.claimed_weights,
            Self::GeometricMedian(c) => c.claimed_weights,
            Self::NormBounding(c) => c.claimed_weights,
            _ => false,
        }
    }
}

fn before(config: &BeforeConfig) -> Arc<dyn Before> {
    match *config {
        BeforeConfig::Nnm => Arc::new(NearestNeighbourMixing),
        BeforeConfig::Arc => Arc::new(AdaptiveClipping),
        BeforeConfig::Bucketing(size) => Arc::new(Bucketing {
            size: size as usize,
        }),
        BeforeConfig::Clipping(radius) => Arc::new(Clipping { radius }),
    }
}
