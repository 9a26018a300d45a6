//! The ideal observer: a window is normal in either rhythm, with a known mean and covariance.
//!
//!   S_sinus = .05^2 .7^|i-j| + j^2 [i=j] + p^2,  S_fibrillation = (.16^2 + j^2) [i=j] + p^2
//!
//! where p is the deviation of people's means. The logarithm of the likelihood ratio is
//! (x' S_s^-1 x - x' S_f^-1 x + ln det S_s - ln det S_f) / 2, x less the mean, by Cholesky factors.

use super::{FIBRILLATION_SPREAD, MEAN, SINUS_CORRELATION, SINUS_SPREAD, WINDOW};

type Square = [[f64; WINDOW]; WINDOW];

/// The observer of one jitter.
#[derive(Debug, Clone)]
pub(super) struct Observer {
    sinus: Normal,
    fibrillation: Normal,
}

impl Observer {
    /// The observer of windows with `jitter`, of people whose means deviate by `person`.
    pub(super) fn new(jitter: f64, person: f64) -> Self {
        let covariance = |rhythm: &dyn Fn(usize) -> f64| -> Square {
            std::array::from_fn(|i| {
                std::array::from_fn(|j| {
                    let moved = if i == j { jitter * jitter } else { 0.0 };
                    rhythm(i.abs_diff(j)) + moved + person * person
                })
            })
        };
        let sinus = |apart: usize| SINUS_SPREAD.powi(2) * SINUS_CORRELATION.powi(apart as i32);
        let fibrillation = |apart: usize| match apart {
            0 => FIBRILLATION_SPREAD.powi(2),
            _ => 0.0,
        };
        Self {
            sinus: Normal::new(&covariance(&sinus)),
            fibrillation: Normal::new(&covariance(&fibrillation)),
        }
    }

    /// The logarithm of the likelihood ratio of fibrillation against sinus rhythm.
    pub(super) fn evidence(&self, intervals: &[f32; WINDOW]) -> f32 {
        let x = intervals.map(|interval| f64::from(interval) - MEAN);
        (self.fibrillation.log_density(&x) - self.sinus.log_density(&x)) as f32
    }
}

/// A centred normal density.
#[derive(Debug, Clone)]
struct Normal {
    /// The Cholesky factor of the covariance: below the diagonal and on it.
    factor: Square,
    /// Half the logarithm of the covariance's determinant.
    half_log_det: f64,
}

impl Normal {
    fn new(covariance: &Square) -> Self {
        let mut factor = [[0.0; WINDOW]; WINDOW];
        for i in 0..WINDOW {
            for j in 0..=i {
                let known: f64 = (0..j).map(|k| factor[i][k] * factor[j][k]).sum();
                let left: f64 = covariance[i][j] - known;
                factor[i][j] = if i == j {
                    left.sqrt()
                } else {
                    left / factor[j][j]
                };
            }
        }
        let half_log_det = (0..WINDOW).map(|i| factor[i][i].ln()).sum();
        Self {
            factor,
            half_log_det,
        }
    }

    /// The logarithm of the density at `x`, but for a constant.
    fn log_density(&self, x: &[f64; WINDOW]) -> f64 {
        let mut white = [0.0; WINDOW];
        let mut square = 0.0;
        for (i, line) in self.factor.iter().enumerate() {
            let known: f64 = line[..i].iter().zip(&white).map(|(f, w)| f * w).sum();
            white[i] = (x[i] - known) / line[i];
            square += white[i] * white[i];
        }
        -square / 2.0 - self.half_log_det
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn independent_numbers_have_the_density_of_each() {
        let covariance: Square =
            std::array::from_fn(|i| std::array::from_fn(|j| if i == j { 0.25 } else { 0.0 }));
        let x: [f64; WINDOW] = std::array::from_fn(|i| 0.1 * i as f64);
        let by_hand: f64 = x.iter().map(|x| -x * x / 0.5 - 0.5_f64.ln()).sum();
        assert!((Normal::new(&covariance).log_density(&x) - by_hand).abs() < 1e-9);
    }

    #[test]
    fn a_common_part_is_the_matrix_determinant_lemma() {
        // S = a I + b 11': det = a^(n-1) (a + n b), and 1' S^-1 1 = n / (a + n b).
        let (a, b, n) = (0.04, 0.0064, WINDOW as f64);
        let covariance: Square =
            std::array::from_fn(|i| std::array::from_fn(|j| if i == j { a + b } else { b }));
        let normal = Normal::new(&covariance);
        let half = 0.5 * ((n - 1.0) * a.ln() + (a + n * b).ln());
        assert!((normal.half_log_det - half).abs() < 1e-9);
        let at_ones = normal.log_density(&[1.0; WINDOW]);
        assert!((at_ones + n / (a + n * b) / 2.0 + half).abs() < 1e-9);
    }
}
