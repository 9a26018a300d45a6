//! A hospital's share of the noise on a sum: nobody ever sees the sum without it.
//!
//! Each hospital adds discrete noise of a part of the variance, so that those who are honest and still there
//! at the end make up the whole. A sum of discrete Gaussian numbers with deviations of at least 64 ring steps is one
//! itself, up to a distance below 1e-300 (Kairouz, Liu and Steinke 2021, arXiv:2102.06387).

use ward_core::RingSpec;

use super::discrete_gaussian::DiscreteGaussian;
use super::event::Invalid;

/// The noise of one of at least `honest` hospitals whose sum is to have `noise_multiplier` times `clip`. The
/// norm of an update of `length` numbers on the ring is at most `clip` plus half a step in each number.
///
/// # Errors
/// [`Invalid`] where there is no such noise.
pub fn share(
    noise_multiplier: f64,
    clip: f64,
    length: usize,
    ring: &RingSpec,
    honest: u32,
) -> Result<DiscreteGaussian, Invalid> {
    let deviation = noise_multiplier * longest(clip, length, ring);
    DiscreteGaussian::new(deviation * deviation / f64::from(honest))
}

/// The largest norm of an update of `length` numbers, clipped to `clip`, in steps of the ring.
#[must_use]
pub fn longest(clip: f64, length: usize, ring: &RingSpec) -> f64 {
    clip * (1_u64 << ring.fraction_bits) as f64 + (length as f64).sqrt() / 2.0
}

/// Adds noise to words of the ring, modulo 2^64.
pub fn add(words: &mut [u64], noise: &[i64]) {
    for (word, noise) in words.iter_mut().zip(noise) {
        *word = word.wrapping_add(noise.cast_unsigned());
    }
}
