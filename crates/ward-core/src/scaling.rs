//! Federated z-scores: hospitals send sums, the coordinator sends means and deviations back.
//!
//! Sums are exact: each value is rounded once to a multiple of 2^-40 and added as an integer of
//! 128 bits, so the order of hospitals cannot matter and no row is seen.

use serde::{Deserialize, Serialize};

/// Fraction bits of a [`Summary`]'s sums.
const FRACTION_BITS: u32 = 40;
/// The largest magnitude a feature may have: 2^40, so that squares of 2^40 rows still fit.
pub const LARGEST_FEATURE: f64 = (1u64 << 40) as f64;

/// Sums over one hospital's training rows, or over many hospitals'.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Summary {
    /// How many rows were summed.
    pub rows: u64,
    /// The sum of each feature, in units of 2^-40.
    pub sums: Vec<i128>,
    /// The sum of each feature's square, in units of 2^-40.
    pub squares: Vec<i128>,
}

/// Mean and standard deviation of each feature: `z = (x - mean) / deviation`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scaling {
    /// The mean of each feature.
    pub means: Vec<f64>,
    /// The sample standard deviation (n - 1) of each feature plus 1e-9: never zero.
    pub deviations: Vec<f64>,
}

impl Summary {
    /// The sums of `rows`, each of `width` features. Features must be finite and at most
    /// [`LARGEST_FEATURE`]; the loader has checked that.
    #[must_use]
    pub fn of(features: &[f32], width: usize) -> Self {
        let fixed = |value: f64| (value * (1u64 << FRACTION_BITS) as f64).round() as i128;
        let mut summary = Self {
            rows: (features.len() / width.max(1)) as u64,
            sums: vec![0; width],
            squares: vec![0; width],
        };
        for row in features.chunks_exact(width.max(1)) {
            for (j, &x) in row.iter().enumerate() {
                summary.sums[j] += fixed(f64::from(x));
                summary.squares[j] += fixed(f64::from(x) * f64::from(x));
            }
        }
        summary
    }

    /// Adds another hospital's sums.
    pub fn add(&mut self, other: &Self) {
        if self.sums.is_empty() {
            self.sums = vec![0; other.sums.len()];
            self.squares = vec![0; other.squares.len()];
        }
        self.rows += other.rows;
        self.sums
            .iter_mut()
            .zip(&other.sums)
            .for_each(|(a, b)| *a = a.wrapping_add(*b));
        self.squares
            .iter_mut()
            .zip(&other.squares)
            .for_each(|(a, b)| *a = a.wrapping_add(*b));
    }

    /// Mean and sample deviation of everything summed. A constant feature is centred and keeps its
    /// scale, as does an empty summary's.
    #[must_use]
    pub fn scaling(&self) -> Scaling {
        let unit = (1u64 << FRACTION_BITS) as f64;
        let n = self.rows.max(1) as f64;
        let means: Vec<f64> = self.sums.iter().map(|&s| s as f64 / unit / n).collect();
        let deviations = self
            .squares
            .iter()
            .zip(&means)
            .map(|(&square, mean)| {
                let centred = (square as f64 / unit - n * mean * mean).max(0.0);
                let deviation = (centred / (n - 1.0).max(1.0)).sqrt();
                // Less is rounding: the feature is constant, and dividing by it would blow up the
                // first row that differs.
                if deviation > 1e-6 * mean.abs() + 1e-9 {
                    deviation
                } else {
                    1.0
                }
            })
            .collect();
        Scaling { means, deviations }
    }
}

impl Scaling {
    /// Scales rows of `means.len()` features in place.
    pub fn apply(&self, features: &mut [f32]) {
        for row in features.chunks_exact_mut(self.means.len().max(1)) {
            for ((x, mean), deviation) in row.iter_mut().zip(&self.means).zip(&self.deviations) {
                *x = ((f64::from(*x) - mean) / deviation) as f32;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_of_two_hospitals_are_the_sums_of_their_rows() {
        let (a, b) = ([1.0, 10.0, 2.0, 20.0, 4.0, 30.0], [8.0, -5.0]);
        let mut apart = Summary::of(&a, 2);
        apart.add(&Summary::of(&b, 2));
        let mut other_way = Summary::of(&b, 2);
        other_way.add(&Summary::of(&a, 2));
        let together = Summary::of(&[&a[..], &b[..]].concat(), 2);
        assert_eq!(apart, together);
        assert_eq!(other_way, together);
        let scaling = together.scaling();
        assert!((scaling.means[0] - 3.75).abs() < 1e-9);
        assert!((scaling.deviations[0] - 3.095_695_936_8).abs() < 1e-6);
    }

    #[test]
    fn a_constant_feature_scales_to_zero() {
        let mut rows = [5.0_f32, 5.0, 5.0];
        Summary::of(&rows, 1).scaling().apply(&mut rows);
        assert_eq!(rows, [0.0; 3]);
    }
}
