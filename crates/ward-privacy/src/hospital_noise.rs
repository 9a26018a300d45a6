//! Noise on whole updates: an update is clipped, rounded to the ring, and gets exact discrete Gaussian
//! noise, in shares or all of it ([`distributed`]).

use ward_core::{HospitalNoise, NoisePlacement, RingSpec, Upload};

use crate::dp::{DiscreteGaussian, Invalid, NoiseRng, distributed};

/// The part of the clip norm that rounding to `f32` could add.
const ROUNDING: f64 = 1e-6;

/// Clipping and noise as one order asks for them.
pub(crate) struct HospitalMechanism {
    clip_norm: f64,
    /// What one party adds.
    noise: DiscreteGaussian,
    /// The largest word that the ring allows an update of weight 1.
    most: i64,
}

impl HospitalMechanism {
    /// What `asked` comes to for updates of `length` numbers in `ring`.
    ///
    /// # Errors
    /// [`Invalid`] where there is no such noise: the ring is too fine for it.
    pub(crate) fn new(
        asked: &HospitalNoise,
        ring: &RingSpec,
        length: usize,
    ) -> Result<Self, Invalid> {
        let clip_norm = f64::from(asked.clip_norm);
        let honest = match asked.placement {
            NoisePlacement::Shared { honest } => honest.max(1),
            NoisePlacement::Node | NoisePlacement::Coordinator => 1,
        };
        let unit = (1u64 << ring.fraction_bits) as f64;
        Ok(Self {
            clip_norm,
            noise: distributed::share(asked.noise_multiplier, clip_norm, length, ring, honest)?,
            most: (f64::from(ring.range) * unit) as i64,
        })
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

    /// One party's noise for so many words. It is drawn before words are looked at: how long that takes
    /// depends on what is drawn.
    pub(crate) fn draw(&self, length: usize, rng: &mut NoiseRng) -> Vec<i64> {
        self.noise.draws(length, rng)
    }

    /// Adds a hospital's noise to its words, and brings what then does not fit the ring back to its edge,
    /// which costs nothing.
    pub(crate) fn add(&self, words: &mut [u64], noise: &[i64]) {
        distributed::add(words, noise);
        for word in words {
            *word = word
                .cast_signed()
                .clamp(-self.most, self.most)
                .cast_unsigned();
        }
    }

    /// The noise on a sum, as an upload of no weight.
    pub(crate) fn on_sum(&self, length: usize, rng: &mut NoiseRng) -> Upload {
        let words = self.draw(length, rng).into_iter().map(i64::cast_unsigned);
        Upload {
            words: words.collect::<Vec<_>>().into(),
            weight: 0,
            loss: 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::Seed;

    const RING: RingSpec = RingSpec {
        fraction_bits: 20,
        range: 4.0,
        most_weight: 1,
    };

    fn mechanism(placement: NoisePlacement) -> HospitalMechanism {
        let asked = HospitalNoise {
            clip_norm: 0.5,
            noise_multiplier: 2.0,
            placement,
        };
        HospitalMechanism::new(&asked, &RING, 100).unwrap()
    }

    fn norm(numbers: &[f32]) -> f64 {
        let squares = numbers.iter().map(|n| f64::from(*n).powi(2));
        squares.sum::<f64>().sqrt()
    }

    #[test]
    fn an_update_is_shortened_to_the_clip_norm_and_never_lengthened() {
        let mechanism = mechanism(NoisePlacement::Node);
        let mut long = vec![0.3, -0.4, 1.2];
        mechanism.clip(&mut long);
        assert!(norm(&long) <= 0.5 && norm(&long) > 0.499_999);
        assert!((f64::from(long[0] / long[2]) - 0.25).abs() < 1e-6);
        for mut short in [vec![0.1, -0.2], vec![0.0, 0.0]] {
            let before = short.clone();
            mechanism.clip(&mut short);
            assert_eq!(short, before);
        }
    }

    #[test]
    fn noise_has_its_deviation_and_shares_of_it_make_the_whole() {
        // z (C 2^f + sqrt(d) / 2).
        let whole = 2.0 * (0.5 * 1_048_576.0 + 5.0);
        for (placement, parties) in [
            (NoisePlacement::Node, 1.0),
            (NoisePlacement::Coordinator, 1.0),
            (NoisePlacement::Shared { honest: 9 }, 9.0),
        ] {
            let mechanism = mechanism(placement);
            let mut rng = NoiseRng::simulated(Seed::run(3));
            let noise = mechanism.draw(40_000, &mut rng);
            let squares = noise.iter().map(|n| (*n as f64).powi(2));
            let deviation = (squares.sum::<f64>() / 40_000.0 * parties).sqrt();
            assert!(
                (deviation / whole - 1.0).abs() < 0.02,
                "{placement:?}: {deviation}"
            );
        }
    }

    #[test]
    fn what_does_not_fit_the_ring_is_brought_to_its_edge() {
        let mechanism = mechanism(NoisePlacement::Node);
        let edge = 4 << 20;
        let mut words = [5_u64, (-5_i64).cast_unsigned(), 7];
        mechanism.add(&mut words, &[1 << 40, -(1 << 40), 3]);
        assert_eq!(words.map(u64::cast_signed), [edge, -edge, 10]);
    }
}
