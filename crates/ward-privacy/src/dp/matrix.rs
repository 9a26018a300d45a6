//! Noise that cancels between steps, for batches that are fixed and known (DP-FTRL).
//!
//! Independent noise Z becomes C^-1 Z, where C is lower triangular with the same few numbers on its diagonals:
//! those of the square root of the matrix of ones, cut off after `bands` (Kairouz et al. 2021,
//! arXiv:2103.00039; Choquette-Choo et al. 2023, arXiv:2306.08153). Sums over the steps so far, which are
//! what the model is, have less noise, and no sampling is assumed: a record takes part at most k times, at least
//! `bands` steps apart.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use ward_core::RoundId;

use super::rdp::RdpCurve;

/// The banded matrix.
#[derive(Debug, Clone, PartialEq)]
pub struct Banded {
    /// The numbers on the diagonals, from 1.
    coefficients: Vec<f64>,
}

impl Banded {
    /// A matrix with so many diagonals, at least 1; one diagonal is independent noise.
    #[must_use]
    pub fn new(bands: usize) -> Self {
        let next = |c: &f64, k: usize| c * (2 * k - 1) as f64 / (2 * k) as f64;
        let mut coefficients = vec![1.0];
        for k in 1..bands {
            coefficients.push(next(&coefficients[k - 1], k));
        }
        Self { coefficients }
    }

    /// Whether it is one diagonal: noise that cancels nowhere.
    #[must_use]
    pub fn is_one(&self) -> bool {
        self.coefficients.len() == 1
    }

    /// How many times the clip norm a record that takes part `participations` times, at least as many steps
    /// apart as there are bands, can move what is released. The noise multiplier of the whole release, for
    /// accounting as one Gaussian release, is the deviation of Z over the clip norm and this.
    #[must_use]
    pub fn sensitivity(&self, participations: u32) -> f64 {
        let squares: f64 = self.coefficients.iter().map(|c| c * c).sum();
        (f64::from(participations) * squares).sqrt()
    }

    /// The root mean square, over the first `steps` steps, of the noise on sums of all steps so far, where Z
    /// has deviation 1.
    #[must_use]
    pub fn prefix_error(&self, steps: usize) -> f64 {
        // The sums' matrix has the running sums of C^-1's first column on its diagonals.
        let mut stream = BandedNoise::new(self.clone());
        let (mut sum, mut square, mut total) = (0.0, 0.0, 0.0);
        for step in 0..steps {
            let unit = if step == 0 { 1.0 } else { 0.0 };
            sum += stream.next(vec![unit])[0];
            square += sum * sum;
            total += square;
        }
        (total / steps as f64).sqrt()
    }
}

/// C^-1 Z, step by step. It remembers one vector less than there are bands.
#[derive(Debug, Clone)]
pub struct BandedNoise {
    matrix: Banded,
    /// What was given out, the latest first.
    past: VecDeque<Vec<f64>>,
}

impl BandedNoise {
    /// Nothing given out yet.
    #[must_use]
    pub fn new(matrix: Banded) -> Self {
        Self {
            matrix,
            past: VecDeque::new(),
        }
    }

    /// The next step's noise, from independent noise of the same length in every step.
    pub fn next(&mut self, independent: Vec<f64>) -> Vec<f64> {
        let mut noise = independent;
        for (c, earlier) in self.matrix.coefficients[1..].iter().zip(&self.past) {
            for (now, before) in noise.iter_mut().zip(earlier) {
                *now -= c * before;
            }
        }
        self.past.push_front(noise.clone());
        self.past.truncate(self.matrix.coefficients.len() - 1);
        noise
    }
}

/// Banded noise in whole numbers, on sums of rounds: what was given out in the last of them.
///
/// The noise of a round is W less the rounded sum of c_j times the noise of j rounds before, where W is whole
/// and independent of all before. So nothing is ever added to a sum but whole numbers, and what one update moves
/// is a shift of W in its round and in the `bands - 1` after it: by C times the update, and by 1 in each number
/// of a later round for what rounding may turn. Rounds without a sum have no noise and stand for zeros: then too
/// a hospital whose rounds are `bands` apart moves each W at most once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct NoisePast(Vec<(RoundId, Vec<i64>)>);

impl NoisePast {
    /// The noise of `round`, later than all before, from whole and independent noise.
    pub fn next(&mut self, matrix: &Banded, round: RoundId, independent: Vec<i64>) -> Vec<i64> {
        let bands = matrix.coefficients.len();
        let lag = |earlier: &RoundId| (round.0 - earlier.0) as usize;
        self.0.retain(|(earlier, _)| lag(earlier) < bands);
        let mut noise = independent;
        for (place, now) in noise.iter_mut().enumerate() {
            let past = self.0.iter();
            let terms = past
                .map(|(earlier, noise)| matrix.coefficients[lag(earlier)] * noise[place] as f64);
            *now -= terms.sum::<f64>().round() as i64;
        }
        self.0.push((round, noise.clone()));
        noise
    }

    /// Whether it holds nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// How far, in steps of the ring, rounding in [`NoisePast::next`] can move independent noise in all, for one
/// update of `length` numbers; a little more than it can in exact arithmetic.
#[must_use]
pub fn rounding(length: usize, bands: usize) -> f64 {
    1.001 * ((length * (bands - 1)) as f64).sqrt()
}

/// What binary trees of partial sums cost, to which banded noise is the successor: `trees` of `leaves` steps,
/// each record once in a tree, noise multiplier `z` on every node (Kairouz et al. 2021, appendix D).
#[must_use]
pub fn tree_aggregation(leaves: u64, trees: u32, z: f64) -> RdpCurve {
    let levels = (leaves + 1).next_power_of_two().ilog2();
    RdpCurve::gaussian(f64::from(trees * levels) / (2.0 * z * z))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn coefficients_are_those_of_the_root() {
        let expected = [1.0, 0.5, 0.375, 0.3125, 0.273_437_5, 0.246_093_75];
        assert_eq!(Banded::new(6).coefficients, expected);
    }

    #[test]
    fn sensitivities_and_errors_are_the_known_ones() {
        for (steps, bands, times, sensitivity, error, independent) in [
            (100, 10, 10, 4.232_427_130_6, 9.61, 22.47),
            (200, 20, 10, 4.489_866_176_3, 10.36, 31.70),
            (50, 50, 1, 1.519_843_175_0, 2.15, 5.05),
            (64, 8, 8, 3.707_699_296_4, 7.69, 16.12),
        ] {
            let (banded, plain) = (Banded::new(bands), Banded::new(1));
            let found = banded.sensitivity(times);
            assert!((found - sensitivity).abs() < 1e-9, "{found}");
            let found = found * banded.prefix_error(steps);
            assert!((found - error).abs() < 0.006, "{found} for {error}");
            let found = plain.sensitivity(times) * plain.prefix_error(steps);
            assert!(
                (found - independent).abs() < 0.006,
                "{found} for {independent}"
            );
        }
    }

    /// The independent noise behind `given`, of which each belongs to its round: what [`NoisePast::next`]
    /// was given.
    fn behind(matrix: &Banded, given: &[(RoundId, Vec<i64>)]) -> Vec<Vec<i64>> {
        let found = given.iter().enumerate().map(|(at, (round, noise))| {
            let mut independent = noise.clone();
            for (place, now) in independent.iter_mut().enumerate() {
                let earlier = given[..at].iter().filter_map(|(before, noise)| {
                    let c = matrix.coefficients.get((round.0 - before.0) as usize)?;
                    Some(c * noise[place] as f64)
                });
                *now += earlier.sum::<f64>().round() as i64;
            }
            independent
        });
        found.collect()
    }

    proptest! {
        /// What an accountant is told: whatever else was drawn, an update moves independent noise no
        /// further than the sensitivity, in as many rounds as there are bands and in no other.
        #[test]
        fn an_update_moves_independent_noise_no_further_than_its_sensitivity(
            bands in 1..6_usize,
            drawn in prop::collection::vec((any::<bool>(), prop::collection::vec(-1_000_000..1_000_000_i64, 4)), 1..20),
            update in prop::collection::vec(-500..500_i64, 4),
            at in any::<prop::sample::Index>(),
        ) {
            let matrix = Banded::new(bands);
            let mut past = NoisePast::default();
            let mut given: Vec<(RoundId, Vec<i64>)> = Vec::new();
            // Some rounds have no sum.
            for (round, (open, independent)) in drawn.iter().enumerate() {
                if *open || round == 0 {
                    let round = RoundId(round as u32);
                    given.push((round, past.next(&matrix, round, independent.clone())));
                }
            }
            prop_assert!(past.0.len() <= bands);
            let before = behind(&matrix, &given);
            let opened = drawn.iter().enumerate().filter(|(round, (open, _))| *open || *round == 0);
            prop_assert_eq!(&before, &opened.map(|(_, (_, w))| w.clone()).collect::<Vec<_>>());
            // The same sums without the update are those of other noise.
            let at = at.index(given.len());
            let took_part = given[at].0;
            given[at].1.iter_mut().zip(&update).for_each(|(noise, moved)| *noise += moved);
            let mut moved = 0.0;
            for (place, (with, without)) in behind(&matrix, &given).iter().zip(&before).enumerate() {
                let lag = given[place].0.0.checked_sub(took_part.0);
                let within = lag.is_some_and(|lag| (lag as usize) < bands);
                prop_assert!(within || with == without);
                moved += with.iter().zip(without).map(|(a, b)| ((a - b) as f64).powi(2)).sum::<f64>();
            }
            let norm = update.iter().map(|x| (*x as f64).powi(2)).sum::<f64>().sqrt();
            let most = matrix.sensitivity(1) * norm + rounding(4, bands);
            prop_assert!(moved.sqrt() <= most + 1e-9, "{} {most}", moved.sqrt());
        }

        #[test]
        fn the_matrix_times_the_noise_is_independent_again(
            bands in 1..6_usize, steps in prop::collection::vec(prop::collection::vec(-9.0..9.0_f64, 3), 1..20),
        ) {
            let matrix = Banded::new(bands);
            let mut stream = BandedNoise::new(matrix.clone());
            let noise: Vec<Vec<f64>> = steps.iter().map(|z| stream.next(z.clone())).collect();
            prop_assert!(stream.past.len() < bands);
            for (t, z) in steps.iter().enumerate() {
                for (i, z) in z.iter().enumerate() {
                    let terms = matrix.coefficients.iter().enumerate().take(t + 1);
                    let sum: f64 = terms.map(|(lag, c)| c * noise[t - lag][i]).sum();
                    prop_assert!((sum - z).abs() < 1e-9);
                }
            }
        }
    }
}
