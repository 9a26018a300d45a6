//! Exact discrete Gaussian noise (Canonne, Kamath and Steinke 2020, arXiv:2004.00010, Algorithm 3).
//!
//! The probability of a whole number x is proportional to exp(-x^2 / (2 variance)). All decisions are made
//! in whole numbers, so the released sum has no low bits that floating point would betray
//! (Mironov 2012, doi:10.1145/2382196.2382264). How long a draw takes depends on its value: draw all noise
//! before any data is touched.

use super::bernoulli::{Fraction, exp_minus};
use super::event::Invalid;
use super::noise::NoiseRng;

/// Bits of `t^2` times the variance's denominator: the most for which products of a draw fit 128 bits.
const BITS: u32 = 56;
/// The largest variance, (2^26)^2.
pub const MOST_VARIANCE: f64 = (1_u64 << 52) as f64;
/// Scales beyond which a candidate is turned down without a coin, which would say yes with a probability
/// below 2^-2000.
const FARTHEST: u64 = 60;

/// Discrete Gaussian noise of one variance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiscreteGaussian {
    /// The variance is `above / below`.
    above: u64,
    below: u64,
    /// The scale of the candidates, one more than the whole part of the standard deviation.
    scale: u64,
}

impl DiscreteGaussian {
    /// Noise of this variance, in squared units of the ring. From 1 up it is exact; a smaller one is rounded
    /// up to a multiple of 2^-54.
    ///
    /// # Errors
    /// [`Invalid::Variance`] unless it is above 0 and up to [`MOST_VARIANCE`].
    pub fn new(variance: f64) -> Result<Self, Invalid> {
        let possible = variance > 0.0 && variance <= MOST_VARIANCE;
        if !possible {
            return Err(Invalid::Variance(variance));
        }
        let scale = variance.sqrt().floor() as u64 + 1;
        // The largest power of two that keeps scale^2 times it within the bits.
        let below = 1 << (BITS - 2 * (scale.ilog2() + 1));
        let above = (variance * below as f64).ceil() as u64;
        Ok(Self {
            above,
            below,
            scale,
        })
    }

    /// One draw.
    pub fn draw(&self, rng: &mut NoiseRng) -> i64 {
        let t = self.scale;
        loop {
            // A discrete Laplace number of scale t: a remainder, then whole scales, then a sign.
            let remainder = rng.below(t);
            let fraction = Fraction {
                above: u128::from(remainder),
                below: u128::from(t),
            };
            if !exp_minus(rng, fraction) {
                continue;
            }
            let mut scales = 0;
            while exp_minus(rng, Fraction { above: 1, below: 1 }) {
                scales += 1;
            }
            let negative = rng.word() & 1 == 1;
            if scales > FARTHEST {
                continue;
            }
            let size = remainder + t * scales;
            if negative && size == 0 {
                continue;
            }
            // Kept with probability exp(-(size - variance / t)^2 / (2 variance)).
            let distance = u128::from((size * t * self.below).abs_diff(self.above));
            let spread = u128::from(self.above) * u128::from(t * t * self.below);
            let fraction = Fraction {
                above: distance * distance,
                below: 2 * spread,
            };
            if exp_minus(rng, fraction) {
                let size = size.cast_signed();
                return if negative { -size } else { size };
            }
        }
    }

    /// `count` draws.
    pub fn draws(&self, count: usize, rng: &mut NoiseRng) -> Vec<i64> {
        (0..count).map(|_| self.draw(rng)).collect()
    }
}
