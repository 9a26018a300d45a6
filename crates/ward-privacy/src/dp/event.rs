//! What happened to the data, in plain numbers: the input of every accountant.
//!
//! The batches of training are made from the same [`Sampling`] that is accounted for, so shuffled batches
//! cannot be claimed to be Poisson samples (Chua et al. 2024, arXiv:2403.17673).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::guarantee::Neighbours;

/// How the records of one noised step are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Sampling {
    /// Each record independently with probability `rate`, in secret; a batch may be empty.
    Poisson {
        /// The probability, above 0 to 1.
        rate: f64,
    },
    /// A Poisson sample, of which `most` records are kept at random where there are more.
    TruncatedPoisson {
        /// The probability before truncation, above 0 to 1.
        rate: f64,
        /// The largest batch, in records, at least 1.
        most: u64,
        /// Records in the data set, at least 1.
        of: u64,
    },
    /// A batch of exactly `batch` records, drawn afresh for each step.
    FixedWithoutReplacement {
        /// Records in a batch, from 1 to `of`.
        batch: u64,
        /// Records in the data set.
        of: u64,
    },
    /// Each record once in an epoch, in any order: no amplification is claimed, and a step of the
    /// [`Event`] is an epoch.
    ShuffledEpochs,
    /// All records in each step.
    FullBatch,
}

/// Why numbers describe nothing that can be accounted for.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Invalid {
    /// The probability of a record.
    #[error("a sampling rate of {0} is not a probability; give one above 0 and up to 1")]
    Rate(f64),
    /// The size of a batch.
    #[error("a batch of {batch} records out of {of} cannot be; give from 1 to all of them")]
    Batch {
        /// Records in a batch.
        batch: u64,
        /// Records in the data set.
        of: u64,
    },
    /// The noise.
    #[error("a noise multiplier of {0} is not a size; give a finite number, 0 or more")]
    NoiseMultiplier(f64),
    /// The noise on bits beside updates.
    #[error(
        "noise of deviation {bits} on bits leaves none for the updates of a noise multiplier of {all}; give \
         more than half of that"
    )]
    Bits {
        /// Deviation of the noise on the sum of bits.
        bits: f64,
        /// The noise multiplier of both together.
        all: f64,
    },
    /// The spread of noise on a ring.
    #[error(
        "noise of variance {0} cannot be drawn exactly; give one above 0 and up to 2^52 squared steps of the ring"
    )]
    Variance(f64),
    /// The probability with which a guarantee may fail.
    #[error("a delta of {0} guarantees nothing that is known; give one above 0 and below 1")]
    Delta(f64),
    /// The guarantee.
    #[error("an epsilon of {0} is no target; give a finite number above 0")]
    Epsilon(f64),
}

impl Sampling {
    /// Checks the numbers.
    ///
    /// # Errors
    /// [`Invalid`] names the first number that cannot be.
    pub fn check(&self) -> Result<(), Invalid> {
        let rate_is_one = |rate: f64| {
            let possible = rate > 0.0 && rate <= 1.0;
            possible.then_some(()).ok_or(Invalid::Rate(rate))
        };
        let batch_fits = |batch: u64, of: u64| {
            let possible = (1..=of).contains(&batch);
            possible.then_some(()).ok_or(Invalid::Batch { batch, of })
        };
        match *self {
            Self::Poisson { rate } => rate_is_one(rate),
            Self::TruncatedPoisson { rate, most, of } => {
                rate_is_one(rate)?;
                batch_fits(most, of)
            }
            Self::FixedWithoutReplacement { batch, of } => batch_fits(batch, of),
            Self::ShuffledEpochs | Self::FullBatch => Ok(()),
        }
    }

    /// The pairs of data sets between which the accountants' bound for this sampling holds.
    #[must_use]
    pub fn neighbours(&self) -> Neighbours {
        match self {
            Self::Poisson { .. } | Self::TruncatedPoisson { .. } | Self::FullBatch => {
                Neighbours::AddOrRemove
            }
            Self::FixedWithoutReplacement { .. } => Neighbours::Replace,
            Self::ShuffledEpochs => Neighbours::ZeroOut,
        }
    }
}

/// Steps of one kind: records sampled, clipped, added up and noised.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Written")]
pub struct Event {
    sampling: Sampling,
    noise_multiplier: f64,
    steps: u64,
}

/// An [`Event`] as it is read, before its numbers are checked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    /// How the records of a step are chosen.
    sampling: Sampling,
    /// Standard deviation of the noise over the clip norm.
    noise_multiplier: f64,
    /// Steps; epochs where batches are shuffled.
    steps: u64,
}

impl TryFrom<Written> for Event {
    type Error = Invalid;

    fn try_from(written: Written) -> Result<Self, Invalid> {
        Self::new(written.sampling, written.noise_multiplier, written.steps)
    }
}

impl Event {
    /// `steps` steps (epochs for [`Sampling::ShuffledEpochs`]) with noise of standard deviation
    /// `noise_multiplier` times the clip norm on each sum. No noise costs an infinite epsilon.
    ///
    /// # Errors
    /// [`Invalid`] where a number cannot be.
    pub fn new(sampling: Sampling, noise_multiplier: f64, steps: u64) -> Result<Self, Invalid> {
        sampling.check()?;
        if !noise_multiplier.is_finite() || noise_multiplier < 0.0 {
            return Err(Invalid::NoiseMultiplier(noise_multiplier));
        }
        Ok(Self {
            sampling,
            noise_multiplier,
            steps,
        })
    }

    /// How records are chosen.
    #[must_use]
    pub fn sampling(&self) -> Sampling {
        self.sampling
    }

    /// Standard deviation of the noise over the clip norm.
    #[must_use]
    pub fn noise_multiplier(&self) -> f64 {
        self.noise_multiplier
    }

    /// How often it happened.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// What `events` are together: each kind once, with all its steps.
    #[must_use]
    pub fn merged(events: &[Self]) -> Vec<Self> {
        let mut merged: Vec<Self> = Vec::new();
        for event in events.iter().filter(|event| event.steps > 0) {
            let same = |known: &&mut Self| {
                known.sampling == event.sampling && known.noise_multiplier == event.noise_multiplier
            };
            match merged.iter_mut().find(same) {
                Some(known) => known.steps = known.steps.saturating_add(event.steps),
                None => merged.push(*event),
            }
        }
        merged
    }
}
