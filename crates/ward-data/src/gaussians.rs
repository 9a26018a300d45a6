//! Two normal classes with one covariance at a given distance d', of which `coronary-ct` and
//! `thyroid-ultrasound` are made:
//!
//!   x | y ~ N(mu_y, Sigma),  Sigma_ij = .3^|i-j|,  mu_1 = -mu_0,  mu_1 - mu_0 = c Sigma v
//!
//! with c such that (mu_1 - mu_0)' Sigma^-1 (mu_1 - mu_0) = d'^2. So c v'x is the logarithm of the
//! likelihood ratio: the best rule is linear, its AUC Phi(d' / sqrt 2), its balanced accuracy
//! Phi(d' / 2). A hospital's shifts move features by known amounts, and change none of that.

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

use crate::place::{Place, Split};
use crate::synthetic::Shift;

/// Correlation of neighbouring features.
const CORRELATION: f64 = 0.3;

/// Two classes of N features.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Gaussians<const N: usize> {
    pub(crate) dprime: f64,
    /// c v: what each feature adds to the evidence.
    weights: [f64; N],
    /// mu_1 - mu_0.
    pub(crate) difference: [f64; N],
}

impl<const N: usize> Gaussians<N> {
    /// Classes `dprime` apart along Sigma `direction`.
    pub(crate) fn new(direction: [f64; N], dprime: f64) -> Self {
        let along = spread(&direction);
        let length: f64 = direction.iter().zip(along).map(|(v, s)| v * s).sum();
        let scale = dprime / length.sqrt();
        Self {
            dprime,
            weights: direction.map(|v| scale * v),
            difference: along.map(|s| scale * s),
        }
    }

    /// Makes cases, as [`crate::synthetic::Scenario::cases`] says.
    pub(crate) fn cases<'a>(
        &'a self,
        shift: &'a Shift<N>,
        place: Place,
        split: Split,
    ) -> impl FnMut(u64, &mut [f32]) -> u8 + 'a {
        let stream = place.cases(split, "case");
        let prevalence = shift.prevalence_near(0.5);
        let fresh = (1.0 - CORRELATION * CORRELATION).sqrt();
        move |case, features| {
            let mut rng = stream.stream_of(case);
            let truth = rng.random::<f64>() < prevalence;
            let side = if truth { 0.5 } else { -0.5 };
            let mut deviation: f64 = StandardNormal.sample(&mut rng);
            for (j, feature) in features.iter_mut().enumerate() {
                if j > 0 {
                    let new: f64 = StandardNormal.sample(&mut rng);
                    deviation = CORRELATION * deviation + fresh * new;
                }
                *feature = (side * self.difference[j] + deviation + shift.features[j]) as f32;
            }
            u8::from(truth)
        }
    }

    /// The logarithm of the likelihood ratio of a stored row.
    pub(crate) fn evidence(&self, shift: &Shift<N>, features: &[f32]) -> f32 {
        let parts = self.weights.iter().zip(features).zip(shift.features);
        let sum: f64 = parts
            .map(|((weight, x), moved)| weight * (f64::from(*x) - moved))
            .sum();
        sum as f32
    }
}

/// Sigma `vector`.
fn spread<const N: usize>(vector: &[f64; N]) -> [f64; N] {
    std::array::from_fn(|i| {
        let parts = vector.iter().enumerate();
        parts
            .map(|(j, v)| v * CORRELATION.powi(i.abs_diff(j) as i32))
            .sum()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known::known;

    #[test]
    fn v_sigma_v_is_the_known_one() {
        let v = crate::coronary_ct::DIRECTION;
        let length: f64 = v.iter().zip(spread(&v)).map(|(v, s)| v * s).sum();
        known("coronary-ct/geometry/vSv").is(&[length]);
    }

    #[test]
    fn features_have_their_covariance() {
        let classes = Gaussians::new([1.0, 1.0, 1.0], 2.0);
        let place = Place::new(ward_core::Seed::run(1), "any", ward_core::NodeId(0));
        let mut make = classes.cases(&Shift::NONE, place, Split::Train);
        const N: u64 = 40_000;
        let mut sums = [[0.0; 3]; 3];
        let mut x = [0.0_f32; 3];
        for case in 0..N {
            let side = if make(case, &mut x) > 0 { 0.5 } else { -0.5 };
            let d: [f64; 3] =
                std::array::from_fn(|j| f64::from(x[j]) - side * classes.difference[j]);
            (0..9).for_each(|k| sums[k / 3][k % 3] += d[k / 3] * d[k % 3]);
        }
        for (k, sum) in sums.into_iter().flatten().enumerate() {
            let known = CORRELATION.powi((k / 3).abs_diff(k % 3) as i32);
            assert!((sum / N as f64 - known).abs() < 4.0 * (2.0 / N as f64).sqrt());
        }
    }
}
