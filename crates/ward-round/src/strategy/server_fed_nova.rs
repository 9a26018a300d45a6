//! FedNova's server (Wang et al. 2020, arXiv:2007.07481, equations 6 to 9).
//!
//!   τ ← Σ pₖ ‖aₖ‖₁                      `extras`
//!   w ← w + η τ Σ pₖ dₖ                 `learning_rate`, `aggregate`
//!
//! dₖ = Δₖ / ‖aₖ‖₁ is what a hospital sends in place of its update, and ‖aₖ‖₁ its effective steps,
//! which arrive behind it as a [`Wide`] number; pₖ is its share of the weights. With equal ‖aₖ‖₁ this
//! is FedAvg.

use ward_core::{Params, Wide};

use super::{Move, OptimizerState, ServerOptimizer};

/// FedNova's server.
#[derive(Debug, Clone, Copy)]
pub struct ServerFedNova {
    /// Step size η; 1 is the paper's.
    pub learning_rate: f32,
}

impl ServerOptimizer for ServerFedNova {
    fn apply(&self, _: &mut OptimizerState, params: &mut Params, step: &Move<'_>) {
        let steps = Wide::value(step.extras).unwrap_or(0.0) as f32;
        for (w, direction) in params.0.iter_mut().zip(&step.aggregate.0) {
            *w += self.learning_rate * (steps * direction);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::tests::by_hand;

    #[test]
    fn two_rounds_by_hand() {
        // Two hospitals of equal weight, updates 6 and 1 in 12 and 2 steps: d = .5 and .5, τ = 7,
        // so 3.5 and not their mean; then half of that with 1 in 4 steps and 3 in 4.
        by_hand(
            &ServerFedNova { learning_rate: 1.0 },
            &[0.0],
            &[
                (&[0.5], &Wide::new(7.0).numbers(), 1.0, &[3.5]),
                (&[0.5], &Wide::new(4.0).numbers(), 1.0, &[5.5]),
            ],
        );
    }
}
