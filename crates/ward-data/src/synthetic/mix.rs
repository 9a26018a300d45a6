//! How common the classes are: in the nation, and in one hospital.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::partition::{ALPHAS, dirichlet};
use crate::place::Place;
use crate::source::Problem;

/// A hospital's own mix of classes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ClassMix {
    /// The nation's.
    National,
    /// Dirichlet about the nation's, with this concentration for each class: 100 hardly differs, 1 is
    /// mild, 0.3 usual, 0.1 severe.
    Dirichlet(f64),
}

impl Default for ClassMix {
    fn default() -> Self {
        Self::Dirichlet(0.3)
    }
}

impl ClassMix {
    /// What is wrong with the setting; `path` is where it stands.
    pub(crate) fn problem(self, path: &str) -> Option<Problem> {
        match self {
            Self::Dirichlet(alpha) if !ALPHAS.contains(&alpha) => {
                let message = format!("{alpha} is not 0.001 to 1000000");
                Some(Problem::new(&format!("{path}.dirichlet"), message))
            }
            Self::National | Self::Dirichlet(_) => None,
        }
    }

    /// The shares of the hospital at `place`: Dirichlet(alpha K p) for K classes of shares p.
    pub(crate) fn draw(self, national: &[f64], place: Place) -> Vec<f64> {
        match self {
            Self::National => national.to_vec(),
            Self::Dirichlet(alpha) => {
                let all = alpha * national.len() as f64;
                let alphas: Vec<f64> = national.iter().map(|share| all * share).collect();
                dirichlet(&alphas, &mut place.hospital("class-mix"))
            }
        }
    }
}

/// The class that a draw `at` of 0..1 falls to, where classes have these shares of all.
pub(crate) fn pick(shares: &[f64], at: f64) -> usize {
    let mut below = 0.0;
    let passed = shares.iter().take_while(|share| {
        below += *share;
        below <= at
    });
    // Shares add up to 1 but for rounding.
    passed.count().min(shares.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::{NodeId, Seed};

    #[test]
    fn a_draw_falls_to_the_class_whose_share_it_is_in() {
        let shares = [0.5, 0.0, 0.3, 0.2];
        let found = [0.0, 0.499, 0.5, 0.79, 0.8, 0.999].map(|at| pick(&shares, at));
        assert_eq!(found, [0, 0, 2, 2, 3, 3]);
        assert_eq!(pick(&[0.1, 0.1], 0.9), 1);
    }

    #[test]
    fn mixes_are_about_the_nations_and_the_more_so_the_larger_alpha() {
        let national = [0.6, 0.3, 0.1];
        let spread = |alpha: f64| {
            let hospitals = 2_000;
            let (mut sum, mut squares) = (0.0, 0.0);
            for node in 0..hospitals {
                let place = Place::new(Seed::run(1), "any", NodeId(node));
                let mix = ClassMix::Dirichlet(alpha).draw(&national, place);
                assert!((mix.iter().sum::<f64>() - 1.0).abs() < 1e-9);
                sum += mix[1];
                squares += (mix[1] - 0.3).powi(2);
            }
            (sum / f64::from(hospitals), squares / f64::from(hospitals))
        };
        // The variance of a Dirichlet share: p (1 - p) / (alpha K + 1).
        for alpha in [0.3, 10.0] {
            let (mean, variance) = spread(alpha);
            let known = 0.21 / (3.0 * alpha + 1.0);
            assert!(
                (mean - 0.3).abs() < 3.0 * (known / 2_000.0).sqrt(),
                "{mean}"
            );
            assert!(
                (variance / known - 1.0).abs() < 0.15,
                "{variance} is not {known}"
            );
        }
    }
}
