//! FedExP's server (Jhunjhunwala, Wang and Joshi 2023, arXiv:2301.09604, Algorithm 1).
//!
//!   η ← max(1, Σ ‖Δₖ‖² / (2 M (‖Δ‖² + ε)))     `extras`, `epsilon`
//!   w ← w + η Δ
//!
//! Δ is the aggregate as we define it (after − before), over the M reporters. The mean of the squared
//! norms arrives behind it as a [`Wide`] number, so that nobody need see one hospital's update. With
//! weights, both means are weighted. The paper scores the mean of the last two models; we score the
//! last.

use ward_core::{Params, Wide};

use super::{Move, OptimizerState, ServerOptimizer};

/// FedExP's server.
#[derive(Debug, Clone, Copy)]
pub struct ServerFedExP {
    /// ε, added to the squared norm of the mean update, above 0.
    pub epsilon: f32,
}

impl ServerFedExP {
    fn step_size(&self, step: &Move<'_>) -> f32 {
        let norms = Wide::value(step.extras).unwrap_or(0.0);
        let norm = step.aggregate.norm();
        (norms / (2.0 * (norm * norm + f64::from(self.epsilon)))).max(1.0) as f32
    }
}

impl ServerOptimizer for ServerFedExP {
    fn apply(&self, _: &mut OptimizerState, params: &mut Params, step: &Move<'_>) {
        let step_size = self.step_size(step);
        for (w, delta) in params.0.iter_mut().zip(&step.aggregate.0) {
            *w += step_size * delta;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::tests::by_hand;

    #[test]
    fn two_rounds_by_hand() {
        // Updates (3, 0) and (-1, 2): mean (1, 1), squared norms 9 and 5, mean 7;
        // η = 7 / (2 (2 + .5)) = 1.4. Then two equal ones of norm 5: η = 25 / 51 < 1.
        by_hand(
            &ServerFedExP { epsilon: 0.5 },
            &[0.0, 0.0],
            &[
                (&[1.0, 1.0], &Wide::new(7.0).numbers(), 1.0, &[1.4, 1.4]),
                (&[3.0, 4.0], &Wide::new(25.0).numbers(), 1.0, &[4.4, 5.4]),
            ],
        );
    }
}
