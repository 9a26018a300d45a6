//! Noise on whole updates: an update is clipped, rounded to the ring, and gets exact discrete Gaussian
//! noise, in shares or all of it ([`distributed`]).

use ward_core::{HospitalNoise, NoisePlacement, RingSpec, RoundId, Upload};

use crate::dp::clipping::{HALF_BIT, update_multiplier};
use crate::dp::matrix::{Banded, NoisePast, rounding};
use crate::dp::{DiscreteGaussian, Invalid, NoiseRng, distributed};

/// The part of the clip norm that rounding to `f32` could add.
const ROUNDING: f64 = 1e-6;

/// Clipping and noise as one order asks for them.
pub(crate) struct HospitalMechanism {
    clip_norm: f64,
    /// Numbers of an update.
    length: usize,
    /// What one party adds to each of them.
    noise: DiscreteGaussian,
    /// What it adds to the bit behind them, where there is one.
    bit: Option<DiscreteGaussian>,
    /// How noise cancels between rounds.
    bands: Banded,
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
        let all = asked.noise_multiplier;
        let (multiplier, bit) = match asked.bit_deviation {
            None => (all, None),
            Some(bits) => {
                let multiplier = update_multiplier(all, bits).ok_or(Invalid::Bits { bits, all })?;
                let words = bits * f64::from(2 * HALF_BIT);
                let bit = DiscreteGaussian::new(words * words / f64::from(honest))?;
                (multiplier, Some(bit))
            }
        };
        Ok(Self {
            clip_norm,
            length,
            noise: match asked.bands as usize {
                0 | 1 => distributed::share(multiplier, clip_norm, length, ring, honest)?,
                bands => {
                    // Over the sensitivity, this is the multiplier that is charged.
                    let rounding = rounding(length, bands) / Banded::new(bands).sensitivity(1);
                    let longest = distributed::longest(clip_norm, length, ring);
                    let deviation = multiplier * (longest + rounding);
                    DiscreteGaussian::new(deviation * deviation)?
                }
            },
            bands: Banded::new(asked.bands.max(1) as usize),
            bit,
            most: (f64::from(ring.range) * unit) as i64,
        })
    }

    /// Shortens an update to the clip norm, and says whether it was within; one of norm 0 stays as it is.
    pub(crate) fn clip(&self, numbers: &mut [f32]) -> bool {
        let squares = numbers.iter().map(|d| f64::from(*d).powi(2));
        let norm = squares.sum::<f64>().sqrt();
        let longer = norm > self.clip_norm;
        if longer {
            let share = self.clip_norm * (1.0 - ROUNDING) / norm;
            for number in numbers {
                *number = (f64::from(*number) * share) as f32;
            }
        }
        !longer
    }

    /// The word that says so, where the coordinator is to know how many updates were within.
    pub(crate) fn bit(&self, within: bool) -> Option<u64> {
        let half = i64::from(HALF_BIT);
        let word = if within { half } else { -half };
        self.bit.map(|_| word.cast_unsigned())
    }

    /// One party's noise for an update and its bit. It is drawn before words are looked at: how long that
    /// takes depends on what is drawn.
    pub(crate) fn draw(&self, rng: &mut NoiseRng) -> Vec<i64> {
        let mut noise = self.noise.draws(self.length, rng);
        noise.extend(self.bit.map(|bit| bit.draw(rng)));
        noise
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

    /// The noise on the sum of `round`, as an upload of no weight, knowing the noise of the rounds before.
    pub(crate) fn on_sum(
        &self,
        rng: &mut NoiseRng,
        round: RoundId,
        past: &mut NoisePast,
    ) -> Upload {
        let drawn = self.draw(rng);
        let noise = match self.bands.is_one() {
            true => drawn,
            false => past.next(&self.bands, round, drawn),
        };
        let words = noise.into_iter().map(i64::cast_unsigned);
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
            bit_deviation: None,
            bands: 1,
            placement,
        };
        HospitalMechanism::new(&asked, &RING, 100).unwrap()
    }

    /// The deviation of noise around 0.
    fn deviation(noise: &[i64]) -> f64 {
        let squares = noise.iter().map(|n| (*n as f64).powi(2));
        (squares.sum::<f64>() / noise.len() as f64).sqrt()
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
            let noise: Vec<i64> = (0..400).flat_map(|_| mechanism.draw(&mut rng)).collect();
            let deviation = deviation(&noise) * f64::sqrt(parties);
            assert!(
                (deviation / whole - 1.0).abs() < 0.02,
                "{placement:?}: {deviation}"
            );
        }
    }

    #[test]
    fn noise_is_divided_between_updates_and_bits_as_their_charge_has_it() {
        // 1 / 2^2 = 1 / z^2 + 1 / (2 * 1.25)^2, so that z = 10/3.
        let asked = |bits| HospitalNoise {
            clip_norm: 0.5,
            noise_multiplier: 2.0,
            bit_deviation: Some(bits),
            bands: 1,
            placement: NoisePlacement::Coordinator,
        };
        let mechanism = HospitalMechanism::new(&asked(1.25), &RING, 1).unwrap();
        let mut rng = NoiseRng::simulated(Seed::run(4));
        let draws: Vec<Vec<i64>> = (0..20_000).map(|_| mechanism.draw(&mut rng)).collect();
        let of = |place: usize| -> Vec<i64> { draws.iter().map(|draw| draw[place]).collect() };
        let whole = 10.0 / 3.0 * (0.5 * 1_048_576.0 + 0.5);
        assert!((deviation(&of(0)) / whole - 1.0).abs() < 0.02);
        assert!((deviation(&of(1)) / (1.25 * 2_048.0) - 1.0).abs() < 0.02);
        assert_eq!(mechanism.bit(true).map(u64::cast_signed), Some(1_024));
        assert_eq!(mechanism.bit(false).map(u64::cast_signed), Some(-1_024));
        assert!(HospitalMechanism::new(&asked(1.0), &RING, 1).is_err());
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
