//! Noise on whole updates: clipping, and exact discrete Gaussian noise in the ring's integers.
//!
//! An update is shortened to norm C and rounded to multiples of 2^-f, so two sums that differ by one
//! hospital differ, in those multiples, by at most
//!
//!   S = C 2^f + sqrt(d) / 2
//!
//! in Euclidean norm: each of d coordinates is rounded by a half at most. The noise has deviation z S,
//! and costs what Gaussian noise of that multiplier does (Canonne, Kamath and Steinke 2020,
//! arXiv:2004.00010, Theorem 4 with Corollary 8). In shares, each of h hospitals adds deviation
//! z S / sqrt(h). The sum of such shares is not itself a discrete Gaussian; at the deviations that occur
//! here, thousands of steps, the difference is far below what any delta can tell (Kairouz, Liu and
//! Steinke 2021, arXiv:2102.06387, Theorem 1).

use ward_core::{HospitalNoise, NoisePlacement, RingSpec, Upload};

use crate::dp::{DiscreteGaussian, NoiseRng};

/// The part of the clip norm that rounding to `f32` could add.
const ROUNDING: f64 = 1e-6;

/// Clipping and noise as one order asks for them.
pub(crate) struct HospitalMechanism {
    clip_norm: f64,
    /// z S.
    deviation: f64,
    /// How many shares make the whole noise.
    shares: f64,
    /// The largest word that the ring allows an update of weight 1.
    most: i64,
}

impl HospitalMechanism {
    /// What `asked` comes to for updates of `len` numbers in `ring`.
    #[must_use]
    pub(crate) fn new(asked: &HospitalNoise, ring: &RingSpec, len: usize) -> Self {
        let unit = (1u64 << ring.fraction_bits) as f64;
        let clip_norm = f64::from(asked.clip_norm);
        let sensitivity = clip_norm * unit + (len as f64).sqrt() / 2.0;
        Self {
            clip_norm,
            deviation: asked.noise_multiplier * sensitivity,
            shares: match asked.placement {
                NoisePlacement::Shared { honest } => f64::from(honest.max(1)),
                NoisePlacement::Node | NoisePlacement::Coordinator => 1.0,
            },
            most: (f64::from(ring.range) * unit) as i64,
        }
    }

    /// Shortens an update to the clip norm; one of norm 0 stays as it is.
    pub(crate) fn clip(&self, numbers: &mut [f32]) {
        let squares = numbers.iter().map(|d| f64::from(*d).powi(2));
        let norm = squares.sum::<f64>().sqrt();
        if norm > self.clip_norm {
            let share = self.clip_norm * (1.0 - ROUNDING) / norm;
            for number in numbers {
                *number = (f64::from(*number) * share) as f32;
            }
        }
    }

    /// Adds a hospital's share of the noise to its words, and brings what then does not fit the ring back
    /// to its edge, which costs nothing.
    pub(crate) fn add_share(&self, words: &mut [u64], rng: &mut NoiseRng) {
        let gaussian = DiscreteGaussian::new(self.deviation / self.shares.sqrt());
        for word in words {
            let noised = word.cast_signed().saturating_add(gaussian.sample(rng));
            *word = noised.clamp(-self.most, self.most).cast_unsigned();
        }
    }

    /// The whole noise, as an upload of no weight: for a coordinator to add to a sum of `len` words.
    #[must_use]
    pub(crate) fn whole(&self, len: usize, rng: &mut NoiseRng) -> Upload {
        let gaussian = DiscreteGaussian::new(self.deviation);
        let words = (0..len).map(|_| gaussian.sample(rng).cast_unsigned());
        Upload {
            words: words.collect::<Vec<_>>().into(),
            weight: 0,
            loss: 0.0,
        }
    }
}
