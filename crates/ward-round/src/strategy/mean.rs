//! The weighted mean of updates: FedAvg's aggregation (McMahan et al. 2017, arXiv:1602.05629,
//! Algorithm 1).
//!
//!   Δ = Σ nₖ Δₖ / Σ nₖ        `weight`, `words`
//!
//! Computed in the ring of `ward_privacy::ring`: exact, streaming, and only the sum is needed.

use ward_core::{Delta, NodeId, RingSpec, Upload};
use ward_privacy::RingSum;

use super::{Accumulator, Aggregator, Visibility};

/// The weighted mean.
#[derive(Debug, Clone, Copy)]
pub struct Mean;

impl Aggregator for Mean {
    fn needs(&self) -> Visibility {
        Visibility::SumOnly
    }

    fn open(&self, len: usize, ring: RingSpec) -> Box<dyn Accumulator> {
        Box::new(RunningMean(RingSum::new(len, ring)))
    }
}

#[derive(Debug)]
struct RunningMean(RingSum);

impl Accumulator for RunningMean {
    fn accept(&mut self, _from: NodeId, upload: &Upload) {
        self.0.add(upload);
    }

    fn finish(&self) -> Delta {
        self.0.mean()
    }
}
