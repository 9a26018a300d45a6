//! A person's leave for a job: a hospital that asks for it trains for no run that nobody there has
//! looked at.

use ward_core::{Digest, Protection, TrainOrder};

/// Where a hospital's people say which jobs they approve.
pub trait Approvals: Send + std::fmt::Debug {
    /// Whether the job of this [digest](job) is approved. It is asked before each training, so that leave
    /// may come, and be taken back, while a run goes on.
    ///
    /// # Errors
    /// Why nobody can say, for a person to read: then it is not.
    fn approves(&self, job: Digest) -> Result<bool, String>;

    /// What to do to approve a job, for a person to read.
    fn remedy(&self) -> String;
}

/// What is approved: everything that an order asks for in one run, but for what changes from round to
/// round (the learning rate of a schedule, means and deviations for scaling, a clip norm that moves).
#[must_use]
pub fn job(order: &TrainOrder) -> Digest {
    let mut job = TrainOrder {
        optimizer: order.optimizer.at_rate(0.0),
        scaling: None,
        ..order.clone()
    };
    if let Protection::Hospital(noise) = &mut job.protection
        && noise.bit_deviation.is_some()
    {
        noise.clip_norm = 0.0;
    }
    // What an order holds can always be written.
    Digest::of(&serde_json::to_vec(&job).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ward_core::{
        HospitalNoise, LocalWork, NoisePlacement, OptimizerSpec, RingSpec, RunId, Scaling, Seed,
    };

    use super::*;

    fn order() -> TrainOrder {
        let optimizer = OptimizerSpec::Sgd {
            learning_rate: 0.1,
            momentum: 0.0,
        };
        let ring = RingSpec {
            fraction_bits: 20,
            range: 4.0,
            most_weight: 1,
        };
        TrainOrder::new(LocalWork::Epochs(3), 10, optimizer, ring, Seed::run(1))
    }

    /// Whether an order changed so is of the same job.
    fn same(change: impl FnOnce(&mut TrainOrder)) -> bool {
        let mut changed = order();
        change(&mut changed);
        job(&changed) == job(&order())
    }

    #[test]
    fn rounds_are_of_one_job_and_other_work_is_another() {
        assert!(same(|order| order.optimizer = order.optimizer.at_rate(0.01)));
        let scaling = Scaling {
            means: vec![1.0],
            deviations: vec![2.0],
        };
        assert!(same(|order| order.scaling = Some(Arc::new(scaling))));
        assert!(!same(|order| order.work = LocalWork::Epochs(4)));
        assert!(!same(|order| order.run = RunId(7)));
    }

    #[test]
    fn a_norm_that_moves_is_of_the_job_and_one_that_stays_is_not() {
        let of = |clip_norm, bit_deviation| {
            job(&TrainOrder {
                protection: Protection::Hospital(HospitalNoise {
                    clip_norm,
                    noise_multiplier: 1.0,
                    bit_deviation,
                    bands: 1,
                    placement: NoisePlacement::Node,
                }),
                ..order()
            })
        };
        assert_eq!(of(1.0, Some(2.0)), of(1.5, Some(2.0)));
        assert_ne!(of(1.0, None), of(1.5, None));
    }
}
