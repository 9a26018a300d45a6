//! q-FedAvg's server (Li et al. 2020, arXiv:1905.10497, Algorithm 2).
//!
//!   w ← w + Σ Fₖ^q Δₖ / Σ hₖ            `aggregate`, `extras`
//!   hₖ = q Fₖ^(q−1) L ‖Δₖ‖² + Fₖ^q
//!
//! Δₖ is after − before. The paper's Δw, Δ and h are L times as large as what travels here: the L
//! cancels in the quotient. A hospital sends Fₖ^q Δₖ in place of its update, and hₖ behind it as a
//! [`Wide`] number; both arrive as means. With q = 0 this is FedAvg.

use ward_core::{Params, Wide};

use super::{Move, OptimizerState, ServerOptimizer};

/// q-FedAvg's server.
#[derive(Debug, Clone, Copy)]
pub struct ServerQFedAvg;

impl ServerOptimizer for ServerQFedAvg {
    fn apply(&self, _: &mut OptimizerState, params: &mut Params, step: &Move<'_>) {
        let Some(h) = Wide::value(step.extras).filter(|h| *h > 0.0) else {
            return; // every loss is 0: there is nothing to improve
        };
        for (w, weighted) in params.0.iter_mut().zip(&step.aggregate.0) {
            *w += (f64::from(*weighted) / h) as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::tests::by_hand;

    #[test]
    fn two_rounds_by_hand() {
        // q = 1, L = 10; losses 2 and .5, updates .2 and -.1: the means of .4 and -.05, and of
        // .4 + 2 and .1 + .5. Then nothing is left to improve.
        by_hand(
            &ServerQFedAvg,
            &[1.0],
            &[
                (
                    &[0.175],
                    &Wide::new(1.5).numbers(),
                    1.0,
                    &[1.0 + 0.175 / 1.5],
                ),
                (&[0.0], &Wide::new(0.0).numbers(), 1.0, &[1.0 + 0.175 / 1.5]),
            ],
        );
    }
}
