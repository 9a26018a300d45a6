//! The weighted mean of updates: FedAvg's aggregation (McMahan et al. 2017, arXiv:1602.05629,
//! Algorithm 1).
//!
//!   Δ = Σ nₖ Δₖ / Σ nₖ        `weight`, `words`
//!
//! Computed in the ring of `ward_privacy::ring`: exact, streaming, and only the sum is needed.

use ward_core::{Abandoned, Delta, Malformed, NodeId, Upload};
use ward_privacy::RingSum;

use super::{Accumulator, Aggregator, Bears, Claims, Opening, Visibility};

/// The weighted mean.
#[derive(Debug, Clone, Copy)]
pub struct Mean;

impl Aggregator for Mean {
    fn needs(&self) -> Visibility {
        Visibility::SumOnly
    }

    fn claims(&self) -> Claims {
        Claims {
            weights: true,
            bears: Bears::Nothing,
            ..Claims::ALL
        }
    }

    fn open(&self, opening: Opening<'_>) -> Box<dyn Accumulator> {
        Box::new(RunningMean(RingSum::new(opening.len, opening.order.ring)))
    }
}

#[derive(Debug)]
struct RunningMean(RingSum);

impl Accumulator for RunningMean {
    fn accept(&mut self, _from: NodeId, upload: &Upload) -> Result<(), Malformed> {
        self.0.accept(upload)
    }

    fn count(&mut self, _from: NodeId, upload: &Upload) -> Result<(), Malformed> {
        self.0.add(upload);
        Ok(())
    }

    fn finish(&self) -> Result<Delta, Abandoned> {
        Ok(self.0.mean())
    }
}
