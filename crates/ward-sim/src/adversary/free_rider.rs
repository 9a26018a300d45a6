//! Free-rider: takes the model and gives nothing.
//!
//! Fraboni, Vidal and Lorenzi, "Free-rider Attacks on Model Aggregation in Federated Learning",
//! AISTATS 2021.
//!
//!   Δ̃ = 0                                              plain
//!   Δ̃ ~ N(0, σ² I),  σ² = mean over H and coordinates of Δ²      `disguised`
//!
//! The paper's free-rider guesses σ from how the model moves; this one is given the scale of the
//! honest updates, so it is at least as well disguised.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::gaussian_noise::GaussianNoise;
use super::honest::{Honest, squared_norm};

/// Sends no change, or noise that looks like one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FreeRider {
    /// Whether to send noise of the scale of the honest updates instead of nothing. Default false.
    pub disguised: bool,
}

impl FreeRider {
    /// What is sent in place of an update of `parameters` numbers, undisguised.
    #[must_use]
    pub fn forge(&self, parameters: usize) -> Vec<f64> {
        vec![0.0; parameters]
    }

    /// The noise that passes for one of the `honest` updates.
    #[must_use]
    pub fn disguise(&self, honest: &Honest) -> GaussianNoise {
        let squares: f64 = honest.updates().iter().map(|u| squared_norm(u)).sum();
        let numbers = (honest.updates().len() * honest.parameters()).max(1);
        GaussianNoise {
            deviation: (squares / numbers as f64).sqrt(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::Seed;

    #[test]
    fn a_free_rider_moves_nothing_or_as_much_as_the_others() {
        let honest = Honest::new(vec![vec![0.3; 5_000], vec![-0.5; 5_000]]).unwrap();
        let rider = FreeRider::default();
        assert_eq!(rider.forge(3), [0.0; 3]);
        let noise = rider.disguise(&honest).forge(5_000, Seed::run(1));
        let scale = (squared_norm(&noise) / 5_000.0).sqrt();
        assert!((scale - 0.17_f64.sqrt()).abs() < 0.02, "{scale}");
    }
}
