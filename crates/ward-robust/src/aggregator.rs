//! A robust rule as a strategy's aggregator: each upload is decoded, looked at and kept until the
//! round closes.

use ward_core::{Abandoned, Delta, Malformed, NodeId, RingSpec, Seed, Upload};
use ward_privacy::ring;
use ward_round::strategy::{Accumulator, Claims, Opening};
use ward_round::{Aggregator, Visibility};

use crate::{Robust, Updates};

impl Aggregator for Robust {
    fn needs(&self) -> Visibility {
        Visibility::EachUpdate
    }

    fn claims(&self) -> Claims {
        let rule = self.rule.claims();
        Claims {
            weights: rule.weights && self.claimed_weights,
            ..rule
        }
    }

    fn carries(&self) -> bool {
        self.rule.carries()
    }

    fn open(&self, opening: Opening<'_>) -> Box<dyn Accumulator> {
        let mut updates = Updates::new(opening.len);
        // Nothing is carried into the first round, and then the reference is zero.
        let _ = updates.refer_to(opening.carried.to_vec());
        Box::new(Kept {
            robust: self.clone(),
            ring: opening.order.ring,
            seed: opening.seed,
            updates,
        })
    }
}

/// A round's updates so far.
#[derive(Debug)]
struct Kept {
    robust: Robust,
    ring: RingSpec,
    seed: Seed,
    updates: Updates<f32>,
}

impl Accumulator for Kept {
    fn accept(&mut self, from: NodeId, upload: &Upload) -> Result<(), Malformed> {
        ring::check(upload, self.updates.len(), &self.ring)?;
        self.count(from, upload)
    }

    fn count(&mut self, from: NodeId, upload: &Upload) -> Result<(), Malformed> {
        let delta = ring::decode(upload, &self.ring);
        let (norm, bound) = (delta.norm(), self.robust.norm_bound);
        if norm > bound {
            return Err(Malformed::OverBound { norm, bound });
        }
        self.updates.insert(from, delta.0, upload.weight)
    }

    fn finish(&self) -> Result<Delta, Abandoned> {
        let combined = self.robust.combine(&self.updates, self.seed)?;
        Ok(Delta(combined))
    }
}
