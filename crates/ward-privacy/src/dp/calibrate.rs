//! The noise that a target epsilon needs.

use super::account::{check_delta, renyi, smallest};
use super::event::{Event, Invalid, Sampling};
use super::gaussian;

/// The noise multiplier above which none is looked for.
const MOST_NOISE: f64 = 1e6;
/// The noise multiplier below which none is looked for, where batches are sampled.
const LEAST_NOISE: f64 = 1e-3;
/// How much above the smallest multiplier an answer may be, where batches are sampled.
const PART: f64 = 1e-3;

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Uncalibrated {
    /// A number is no number of its kind.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Even a lot of noise does not reach it.
    #[error(
        "no noise multiplier up to {MOST_NOISE:e} reaches an epsilon of {epsilon}; allow more, or take fewer steps"
    )]
    OutOfReach {
        /// The target.
        epsilon: f64,
    },
}

/// The smallest noise multiplier with which `steps` steps cost at most `target` at `delta`, rounded up:
/// by 1e-12 of it where nothing is sampled, else by at most one part in 1,000.
///
/// # Errors
/// [`Uncalibrated`] for numbers that cannot be, and for a target that no noise reaches.
pub fn noise_multiplier(
    sampling: Sampling,
    steps: u64,
    target: f64,
    delta: f64,
) -> Result<f64, Uncalibrated> {
    check_delta(delta)?;
    if !target.is_finite() || target <= 0.0 {
        return Err(Invalid::Epsilon(target).into());
    }
    let event = |z: f64| Event::new(sampling, z, steps);
    event(MOST_NOISE)?;
    if steps == 0 {
        return Ok(0.0);
    }
    let unsampled = gaussian::noise_multiplier(target, delta) * (steps as f64).sqrt();
    // Rounding must not take it below what is needed.
    let unsampled = unsampled * (1.0 + 1e-12);
    let sampled = |farthest: f64| {
        let cheap = |z: f64| event(z).is_ok_and(|event| renyi(&[event], delta) <= target);
        let tight = |z: f64| event(z).is_ok_and(|event| smallest(&[event], delta).0 <= target);
        // Sampling cannot cost more than the same steps on everybody, with sums that move as far.
        lowered(lowered(farthest * unsampled, cheap), tight)
    };
    let found = match sampling {
        Sampling::ShuffledEpochs | Sampling::FullBatch => unsampled,
        Sampling::Poisson { .. } => sampled(1.0),
        Sampling::TruncatedPoisson { .. } | Sampling::FixedWithoutReplacement { .. } => {
            sampled(2.0)
        }
    };
    if found > MOST_NOISE {
        return Err(Uncalibrated::OutOfReach { epsilon: target });
    }
    Ok(found)
}

/// The smallest number for which `fits`, up to [`PART`], not above `high`.
fn lowered(high: f64, fits: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (0.75 * high, high);
    while low > LEAST_NOISE && fits(low) {
        (low, high) = (0.75 * low, low);
    }
    while high > low * (1.0 + PART) {
        let middle = (low * high).sqrt();
        if fits(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}
