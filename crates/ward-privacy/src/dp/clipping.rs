//! The norm to which updates are shortened, fixed or following a quantile of theirs.
//!
//! Adaptive clipping (Andrew et al. 2021, arXiv:1905.03871): each hospital says in one noised bit whether its
//! update was *within* the norm, and the norm moves against the share of those above the target:
//! `C <- C exp(-rate (share - quantile))`. With the opposite sign it would run away from the quantile.

use ward_core::RingSpec;

/// What a bit adds to a word of the ring where an update was within the norm, and takes away where it was
/// not: then it moves the sum by so much and no more.
pub const HALF_BIT: u32 = 1 << 10;

/// Shortens `update` to the L2 norm `clip`, and says whether it was within before. The result is never longer,
/// rounding included.
pub fn clip(update: &mut [f32], clip: f64) -> bool {
    let norm = update
        .iter()
        .map(|&x| f64::from(x) * f64::from(x))
        .sum::<f64>()
        .sqrt();
    if norm <= clip {
        return true;
    }
    // Rounding each number to single precision adds at most 2^-24 of it.
    let factor = clip / norm * (1.0 - f64::from(f32::EPSILON));
    for x in update {
        *x = (f64::from(*x) * factor) as f32;
    }
    false
}

/// How a clip norm follows a quantile of the norms of updates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdaptiveClip {
    /// The share of updates that are to be within it, above 0 and below 1. Default of the paper: a half.
    pub quantile: f64,
    /// How fast it moves, above 0. Default of the paper: 0.2.
    pub rate: f64,
    /// It never gets smaller than this.
    pub least: f64,
    /// Nor larger than this.
    pub most: f64,
}

impl AdaptiveClip {
    /// What becomes of `norm`, knowing the noised share of updates that were within it.
    #[must_use]
    pub fn next(&self, norm: f64, share_within: f64) -> f64 {
        let moved = norm * libm::exp(-self.rate * (share_within - self.quantile));
        moved.clamp(self.least, self.most)
    }
}

/// The share of updates that were within the norm, from the mean of words of [`HALF_BIT`], noised, as
/// numbers of `ring`. Noise may take it below 0 or above 1.
#[must_use]
pub fn share_within(mean: f32, ring: &RingSpec) -> f64 {
    let words = f64::from(mean) * (1_u64 << ring.fraction_bits) as f64;
    0.5 + words / f64::from(2 * HALF_BIT)
}

/// The deviation of the noise on the number of bits from `n` hospitals, for updates with noise multiplier `z`.
/// The paper's `n / 20` would leave nothing for the updates of a few hospitals.
#[must_use]
pub fn bit_deviation(n: u32, z: f64) -> f64 {
    (f64::from(n) / 20.0).max(z)
}

/// The noise multiplier of the updates with which updates and bits together cost what `z` alone would. A bit
/// moves the number by half around its middle. `None` unless twice `bit_deviation` is above `z`.
#[must_use]
pub fn update_multiplier(z: f64, bit_deviation: f64) -> Option<f64> {
    let rest = z.powi(-2) - (2.0 * bit_deviation).powi(-2);
    (rest > 0.0).then(|| rest.powf(-0.5))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ward_core::Seed;

    use super::*;
    use crate::dp::NoiseRng;
    use crate::dp::continuous::gaussian_noise;

    proptest! {
        #[test]
        fn nothing_is_longer_than_the_clip(update in prop::collection::vec(-9.0_f32..9.0, 1..300), norm in 0.01..30.0_f64) {
            let mut clipped = update.clone();
            let within = clip(&mut clipped, norm);
            let length = |v: &[f32]| v.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt();
            prop_assert!(length(&clipped) <= norm);
            prop_assert_eq!(within, length(&update) <= norm);
            let as_it_was = clipped == update;
            prop_assert!(within == as_it_was && (within || length(&clipped) > norm * 0.999_999));
        }
    }

    #[test]
    fn nothing_stays_nothing() {
        let mut zero = [0.0; 3];
        assert!(clip(&mut zero, 1.0));
        assert_eq!(zero, [0.0; 3]);
    }

    #[test]
    fn noise_is_divided_between_updates_and_bits() {
        for (z, n, deviation, updates) in [
            (1.0, 100, 5.0, 1.005_037_815_259),
            (1.0, 10, 1.0, 1.154_700_538_379),
            (0.5, 50, 2.5, 0.502_518_907_630),
            (2.0, 40, 2.0, 2.309_401_076_759),
        ] {
            assert_eq!(bit_deviation(n, z), deviation);
            let found = update_multiplier(z, deviation).unwrap();
            assert!((found - updates).abs() < 1e-11, "{found}");
        }
        assert_eq!(update_multiplier(1.0, 0.5), None);
    }

    /// The paper's rate, and room for the tests' norms.
    fn following(quantile: f64, least: f64) -> AdaptiveClip {
        AdaptiveClip {
            quantile,
            rate: 0.2,
            least,
            most: 100.0,
        }
    }

    #[test]
    fn noise_may_move_the_norm_no_further_than_its_limits() {
        let clip = following(0.5, 0.5);
        assert_eq!(clip.next(1.0, 1e9), 0.5);
        assert_eq!(clip.next(1.0, -1e9), 100.0);
    }

    #[test]
    fn a_mean_of_bits_is_a_share() {
        let ring = RingSpec {
            fraction_bits: 19,
            range: 4.0,
            most_weight: 1,
        };
        let half = HALF_BIT as f32 / (1 << 19) as f32;
        // Three of four were within.
        assert_eq!(share_within(half / 2.0, &ring), 0.75);
        assert_eq!(
            [half, -half].map(|mean| share_within(mean, &ring)),
            [1.0, 0.0]
        );
    }

    #[test]
    fn the_norm_moves_as_the_paper_says() {
        let (clip, mut found) = (following(0.5, 0.01), 1.0);
        let expected = [
            0.904_837_418_0,
            0.818_730_753_1,
            0.755_783_741_5,
            0.726_149_037_1,
            0.726_149_037_1,
            0.755_783_741_5,
            0.755_783_741_5,
        ];
        for (share, norm) in [1.0, 1.0, 0.9, 0.7, 0.5, 0.3, 0.5]
            .into_iter()
            .zip(expected)
        {
            found = clip.next(found, share);
            assert!((found - norm).abs() < 1e-10, "{found}");
        }
    }

    #[test]
    fn it_converges_to_the_quantile_from_both_sides() {
        // 50 hospitals whose updates have norms 0.1, 0.2, ... 5: half are within 2.5, a fifth within 1.
        let norms: Vec<f64> = (1..=50).map(|i| f64::from(i) / 10.0).collect();
        for (start, quantile, norm) in [
            (0.05, 0.5, 2.5),
            (80.0, 0.5, 2.5),
            (0.05, 0.2, 1.0),
            (80.0, 0.2, 1.0),
        ] {
            let mut rng = NoiseRng::simulated(Seed::run(9));
            let noise = gaussian_noise(400, bit_deviation(50, 1.0), &mut rng);
            let (clip, mut now) = (following(quantile, 0.01), start);
            let mut late = 0.0;
            for (round, noise) in noise.into_iter().enumerate() {
                let within = norms.iter().filter(|&&norm| norm <= now).count();
                now = clip.next(now, (within as f64 + f64::from(noise)) / 50.0);
                late += if round < 200 { 0.0 } else { now / 200.0 };
            }
            assert!(
                (late / norm - 1.0).abs() < 0.05,
                "{late} from {start} for {norm}"
            );
        }
    }
}
