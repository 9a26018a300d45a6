//! SCAFFOLD's server (Karimireddy et al. 2020, arXiv:1910.06378, Algorithm 1).
//!
//!   w ← w + η Δ                         `learning_rate`, `aggregate`
//!   c ← c + s Δc                        `state`, `share`, `extras`
//!
//! Δ and Δc are the means over the reporters, and s their share of all enrolled nodes: s Δc is the
//! paper's sum over the reporters by the number of all clients. The hospitals are sent c behind the
//! model.

use ward_core::Params;

use super::{Move, OptimizerState, ServerOptimizer};

/// SCAFFOLD's server.
#[derive(Debug, Clone, Copy)]
pub struct ServerScaffold {
    /// Step size η; 1 is the paper's.
    pub learning_rate: f32,
}

impl ServerOptimizer for ServerScaffold {
    fn apply(&self, state: &mut OptimizerState, params: &mut Params, step: &Move<'_>) {
        for (w, delta) in params.0.iter_mut().zip(&step.aggregate.0) {
            *w += self.learning_rate * delta;
        }
        let [control] = state.moments(params.0.len(), [0.0]) else {
            return;
        };
        for (c, delta) in control.iter_mut().zip(step.extras) {
            *c += step.share as f32 * delta;
        }
    }

    fn extras(&self, state: &OptimizerState, parameters: usize) -> Vec<f32> {
        match state.moments.first() {
            Some(control) => control.clone(),
            None => vec![0.0; parameters],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::tests::by_hand;

    #[test]
    fn two_rounds_by_hand() {
        let optimizer = ServerScaffold { learning_rate: 0.5 };
        assert_eq!(optimizer.extras(&OptimizerState::default(), 2), [0.0, 0.0]);
        // c = (.25, -1), then (.25 + .5, -1 + 1).
        let state = by_hand(
            &optimizer,
            &[1.0, 1.0],
            &[
                (&[2.0, -2.0], &[0.5, -2.0], 0.5, &[2.0, 0.0]),
                (&[0.0, 1.0], &[0.5, 1.0], 1.0, &[2.0, 0.5]),
            ],
        );
        assert_eq!(optimizer.extras(&state, 2), [0.75, 0.0]);
    }
}
