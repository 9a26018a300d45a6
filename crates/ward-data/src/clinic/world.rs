//! The world: what conditions look like, and how frequent they are.

use rand::RngExt;
use rand::seq::{SliceRandom, index};
use rand_distr::{Beta, Distribution};
use ward_core::Seed;

use super::{CONDITIONS, FINDINGS, Prior};

/// Chances of a finding that is not of a condition's core.
const BACKGROUND: [f64; 2] = [0.01, 0.05];
/// Findings of a condition's core, and the parameters of their chances' Beta distribution.
const CORE: usize = 7;
const CORE_CHANCE: [f64; 2] = [6.0, 3.0];
/// Zipf's exponent.
const EXPONENT: f64 = 0.6;

/// Everybody's conditions.
#[derive(Debug, Clone, PartialEq)]
pub struct World {
    /// The chance of each finding in each condition.
    pub chances: [[f64; FINDINGS]; CONDITIONS],
    /// How frequent conditions are in the nation.
    pub prior: [f64; CONDITIONS],
}

impl World {
    /// The world at `place`.
    #[must_use]
    pub fn draw(place: Seed) -> Self {
        let mut rng = place.child("findings", 0).stream();
        let mut chances = [[0.0; FINDINGS]; CONDITIONS];
        let [low, high] = BACKGROUND;
        for of_condition in &mut chances {
            of_condition.fill_with(|| low + (high - low) * rng.random::<f64>());
            for finding in index::sample(&mut rng, FINDINGS, CORE) {
                of_condition[finding] = core_chance(&mut rng);
            }
        }
        Self {
            chances,
            prior: prior(place.child("prior", 0)),
        }
    }
}

fn core_chance(rng: &mut impl rand::Rng) -> f64 {
    let [alpha, beta] = CORE_CHANCE;
    // Its mean where the parameters were no distribution's, and these are.
    Beta::new(alpha, beta).map_or(alpha / (alpha + beta), |chance| chance.sample(rng))
}

/// Zipf's shares in an order of their own, drawn at `place`.
pub(crate) fn prior(place: Seed) -> Prior {
    let mut shares: Prior = std::array::from_fn(|rank| (rank as f64 + 1.0).powf(-EXPONENT));
    let total: f64 = shares.iter().sum();
    shares.iter_mut().for_each(|share| *share /= total);
    shares.shuffle(&mut place.stream());
    shares
}
