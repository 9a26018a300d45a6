//! What a release costs: the accountant's event, made from the numbers that ran.

use serde::{Deserialize, Serialize};
use ward_core::{Draws, Noised, Protection, TrainOrder};

use crate::dp::matrix::Banded;
use crate::dp::{Event, Invalid, PrivacyUnit, Sampling};

/// What one release costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Charge {
    /// No noise: everything that can be read out of the update may be.
    Unprotected,
    /// An accountant's event.
    Noised {
        /// Whose presence the noise hides.
        unit: PrivacyUnit,
        /// What happened.
        event: Event,
    },
}

impl Charge {
    /// What `order` will cost a hospital of `rows` rows.
    ///
    /// # Errors
    /// [`Invalid`] when the order's numbers describe no mechanism.
    pub fn of(order: &TrainOrder, rows: u64) -> Result<Self, Invalid> {
        match order.protection {
            Protection::None => Ok(Self::Unprotected),
            Protection::Patient(_) => Self::of_training(order.noised(rows), rows),
            // Where noise cancels between rounds, an update moves the independent noise of several.
            Protection::Hospital(noise) => Ok(Self::Noised {
                unit: PrivacyUnit::Hospital,
                event: Event::new(
                    Sampling::FullBatch,
                    noise.noise_multiplier / Banded::new(noise.bands as usize).sensitivity(1),
                    1,
                )?,
            }),
        }
    }

    /// What training on `rows` rows did cost.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn of_training(noised: Option<Noised>, rows: u64) -> Result<Self, Invalid> {
        let Some(Noised {
            noise,
            steps,
            batch,
        }) = noised
        else {
            return Ok(Self::Unprotected);
        };
        let sampling = Sampling::of(noise.draws, rows, batch);
        let steps = match sampling {
            // Each row is read once in a pass, begun or whole.
            Sampling::ShuffledEpochs => steps.div_ceil(rows.max(1).div_ceil(batch.max(1))),
            _ => steps,
        };
        Ok(Self::Noised {
            unit: PrivacyUnit::Patient,
            event: Event::new(sampling, noise.noise_multiplier, steps)?,
        })
    }
}

impl Sampling {
    /// The draws that an order asks for, among `rows` rows of which a full batch has `batch`.
    #[must_use]
    pub fn of(draws: Draws, rows: u64, batch: u64) -> Self {
        match draws {
            Draws::Poisson { rate } => Self::Poisson { rate },
            Draws::TruncatedPoisson { rate, most } => Self::TruncatedPoisson {
                rate,
                most: u64::from(most).min(rows),
                of: rows,
            },
            Draws::FixedSize { .. } => Self::FixedWithoutReplacement { batch, of: rows },
            Draws::Shuffled => Self::ShuffledEpochs,
            Draws::Full => Self::FullBatch,
        }
    }

    /// The share of the rows that a step reads, on average; `None` where steps are passes.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        match *self {
            Self::Poisson { rate } | Self::TruncatedPoisson { rate, .. } => Some(rate),
            Self::FixedWithoutReplacement { batch, of } => Some(batch as f64 / of as f64),
            Self::FullBatch => Some(1.0),
            Self::ShuffledEpochs => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::{
        HospitalNoise, LocalWork, NoisePlacement, OptimizerSpec, PatientNoise, RingSpec, Seed,
    };

    fn order(work: LocalWork, draws: Draws) -> TrainOrder {
        let optimizer = OptimizerSpec::Sgd {
            learning_rate: 0.1,
            momentum: 0.0,
        };
        let ring = RingSpec {
            fraction_bits: 8,
            range: 4.0,
            most_weight: 1,
        };
        TrainOrder {
            protection: Protection::Patient(PatientNoise {
                draws,
                noise_multiplier: 1.5,
                sizes_are_public: false,
            }),
            ..TrainOrder::new(work, 30, optimizer, ring, Seed::run(1))
        }
    }

    fn event(work: LocalWork, draws: Draws, rows: u64) -> Event {
        match Charge::of(&order(work, draws), rows).unwrap() {
            Charge::Noised {
                unit: PrivacyUnit::Patient,
                event,
            } => event,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_pass_of_a_sampler_reads_all_rows_once_on_average() {
        let passes = LocalWork::Epochs(2);
        let poisson = event(passes, Draws::Poisson { rate: 0.1 }, 500);
        assert_eq!(poisson.sampling(), Sampling::Poisson { rate: 0.1 });
        assert_eq!((poisson.steps(), poisson.noise_multiplier()), (20, 1.5));
        let fixed = event(passes, Draws::FixedSize { rate: 0.1 }, 505);
        let of = Sampling::FixedWithoutReplacement { batch: 51, of: 505 };
        assert_eq!((fixed.sampling(), fixed.steps()), (of, 20));
        assert_eq!(event(passes, Draws::Full, 500).steps(), 2);
    }

    #[test]
    fn shuffled_passes_are_charged_as_passes_however_many_steps_they_have() {
        // 100 rows in batches of 30 are four steps.
        for (work, passes) in [
            (LocalWork::Epochs(3), 3),
            (LocalWork::Steps(4), 1),
            (LocalWork::Steps(5), 2),
        ] {
            let event = event(work, Draws::Shuffled, 100);
            assert_eq!(
                (event.sampling(), event.steps()),
                (Sampling::ShuffledEpochs, passes)
            );
        }
    }

    #[test]
    fn a_truncated_batch_has_no_more_rows_than_there_are() {
        let draws = Draws::TruncatedPoisson {
            rate: 0.5,
            most: 64,
        };
        let most = |rows| match event(LocalWork::Steps(1), draws, rows).sampling() {
            Sampling::TruncatedPoisson { most, of, .. } => (most, of),
            other => panic!("{other:?}"),
        };
        assert_eq!((most(40), most(400)), ((40, 40), (64, 400)));
    }

    #[test]
    fn noise_that_cancels_costs_each_participation_its_sensitivity() {
        let of = |bands| {
            let mut order = order(LocalWork::Steps(1), Draws::Full);
            order.protection = Protection::Hospital(HospitalNoise {
                clip_norm: 1.0,
                noise_multiplier: 3.0,
                bit_deviation: None,
                bands,
                placement: NoisePlacement::Coordinator,
            });
            match Charge::of(&order, 10).unwrap() {
                Charge::Noised { event, .. } => event.noise_multiplier(),
                Charge::Unprotected => panic!("no charge"),
            }
        };
        assert_eq!(of(1), 3.0);
        // Ten participations, ten rounds apart, are the known answer for (100, 10, 10, 10).
        assert!((3.0 / of(10) * f64::sqrt(10.0) - 4.232_427_130_6).abs() < 1e-9);
    }

    #[test]
    fn without_noise_there_is_no_event() {
        let mut order = order(LocalWork::Steps(1), Draws::Full);
        order.protection = Protection::None;
        assert_eq!(Charge::of(&order, 10), Ok(Charge::Unprotected));
        assert_eq!(Charge::of_training(None, 10), Ok(Charge::Unprotected));
    }
}
