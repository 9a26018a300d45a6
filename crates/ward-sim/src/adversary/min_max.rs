//! Min-max: as far out as the two honest updates that are furthest apart.
//!
//! Shejwalkar and Houmansadr, "Manipulating the Byzantine: Optimizing Model Poisoning Attacks and
//! Defenses for Federated Learning", NDSS 2021: the "Min-Max" attack.
//!
//!   Δ̃  = mean(H) + γ ∇ᵖ                                 ∇ᵖ = `perturbation`
//!   γ* = argmax γ  so that  max_i ‖Δ̃ − Δ_i‖ ≤ max_ij ‖Δ_i − Δ_j‖
//!
//! The paper's Algorithm 1 halves its way to γ*. Each ‖Δ̃ − Δ_i‖² is a quadratic in γ, so γ* is the
//! smallest of n positive roots, and the bound holds with equality.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::honest::{Honest, moved, squared_distance, squared_norm};
use super::perturbation::Perturbation;

/// All colluders send the outermost update whose distances no rule can call unusual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MinMax {
    /// `unit-vector` (default: against the honest mean), `deviation` or `sign`.
    pub perturbation: Perturbation,
}

impl MinMax {
    /// What every colluder sends, d numbers.
    #[must_use]
    pub fn forge(&self, honest: &Honest) -> Vec<f64> {
        let mean = honest.mean();
        let direction = self.perturbation.direction(honest);
        let farthest = farthest_apart(honest);
        let steps = honest
            .updates()
            .iter()
            .map(|update| reach(&mean, &direction, update, farthest));
        let gamma = steps.fold(f64::INFINITY, f64::min);
        moved(
            mean,
            if gamma.is_finite() { gamma } else { 0.0 },
            &direction,
        )
    }
}

/// The largest squared distance of two honest updates.
fn farthest_apart(honest: &Honest) -> f64 {
    let updates = honest.updates();
    let pairs = updates
        .iter()
        .enumerate()
        .flat_map(|(i, a)| updates[..i].iter().map(move |b| squared_distance(a, b)));
    pairs.fold(0.0, f64::max)
}

/// The largest γ with ‖start + γ direction − update‖² ≤ `limit`; the mean of the honest is nearer
/// than that to each of them, so there is one. Infinite along no direction.
fn reach(start: &[f64], direction: &[f64], update: &[f64], limit: f64) -> f64 {
    let a = squared_norm(direction);
    if a == 0.0 {
        return f64::INFINITY;
    }
    let b: f64 = direction
        .iter()
        .zip(start.iter().zip(update))
        .map(|(d, (s, u))| d * (s - u))
        .sum();
    let c = squared_distance(start, update) - limit;
    (-b + (b * b - a * c).max(0.0).sqrt()) / a
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
            let forged = MinMax { perturbation }.forge(&honest);
            let distances = honest.updates().iter().map(|u| squared_distance(&forged, u));
            let largest = distances.fold(0.0, f64::max);
            let limit = farthest_apart(&honest);
            prop_assert!((largest - limit).abs() <= 1e-9 * limit, "{largest} is not {limit}");
        }
    }

    #[test]
    fn identical_hospitals_leave_no_room() {
        let honest = Honest::new(vec![vec![1.0, 2.0]; 4]).unwrap();
        assert_eq!(MinMax::default().forge(&honest), [1.0, 2.0]);
        let still = Honest::new(vec![vec![0.0, 0.0]; 4]).unwrap();
        assert_eq!(MinMax::default().forge(&still), [0.0, 0.0]);
    }
}
