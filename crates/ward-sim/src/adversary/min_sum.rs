//! Min-sum: as far from all honest updates together as the most remote of them is.
//!
//! Shejwalkar and Houmansadr, "Manipulating the Byzantine: Optimizing Model Poisoning Attacks and
//! Defenses for Federated Learning", NDSS 2021: the "Min-Sum" attack.
//!
//!   Δ̃  = mean(H) + γ ∇ᵖ                                 ∇ᵖ = `perturbation`
//!   γ* = argmax γ  so that  Σ_i ‖Δ̃ − Δ_i‖² ≤ max_i Σ_j ‖Δ_i − Δ_j‖²
//!
//! The cross terms of the sum vanish around the mean: Σ_i ‖Δ̃ − Δ_i‖² = Σ_i ‖mean − Δ_i‖² +
//! n γ² ‖∇ᵖ‖², so γ* is a root. The authors' published program takes the least remote update as its
//! bound, which is stricter; here it is as in the paper.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::honest::{Honest, moved, squared_distance, squared_norm};
use super::perturbation::Perturbation;

/// All colluders send the outermost update whose sum of distances no rule can call unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MinSum {
    /// `unit-vector` (default: against the honest mean), `deviation` or `sign`.
    pub perturbation: Perturbation,
}

impl MinSum {
    /// What every colluder sends, d numbers.
    #[must_use]
    pub fn forge(&self, honest: &Honest) -> Vec<f64> {
        let mean = honest.mean();
        let direction = self.perturbation.direction(honest);
        let room = most_remote(honest) - remoteness(honest, &mean);
        let unit = honest.updates().len() as f64 * squared_norm(&direction);
        let gamma = if unit > 0.0 {
            (room.max(0.0) / unit).sqrt()
        } else {
            0.0
        };
        moved(mean, gamma, &direction)
    }
}

/// The sum of squared distances of `vector` to all honest updates.
fn remoteness(honest: &Honest, vector: &[f64]) -> f64 {
    let distances = honest.updates().iter().map(|u| squared_distance(u, vector));
    distances.sum()
}

fn most_remote(honest: &Honest) -> f64 {
    let sums = honest.updates().iter().map(|u| remoteness(honest, u));
    sums.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_bound_holds_with_equality(
            updates in prop::collection::vec(prop::collection::vec(-3.0_f64..3.0, 4), 2..9),
            perturbation in prop::sample::select(vec![
                Perturbation::UnitVector, Perturbation::Deviation, Perturbation::Sign,
            ]),
        ) {
            let honest = Honest::new(updates).unwrap();
            let forged = MinSum { perturbation }.forge(&honest);
            let (sum, limit) = (remoteness(&honest, &forged), most_remote(&honest));
            prop_assert!((sum - limit).abs() <= 1e-9 * limit, "{sum} is not {limit}");
        }
    }

    #[test]
    fn identical_hospitals_leave_no_room() {
        let honest = Honest::new(vec![vec![1.0, 2.0]; 4]).unwrap();
        assert_eq!(MinSum::default().forge(&honest), [1.0, 2.0]);
    }
}
