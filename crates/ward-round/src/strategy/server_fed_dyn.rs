//! FedDyn's server (Acar et al. 2021, arXiv:2111.04263, Algorithm 1).
//!
//!   h ← h − α s Δ              `state`, `alpha`, `share`
//!   w ← w + Δ − h / α
//!
//! Δ is the aggregate as we define it (after − before), the plain mean over the reporters, and s the
//! share of all nodes that may be asked that reported: s Δ is the paper's sum over the reporters by the
//! number of all devices. The hospitals' side is in the trainer.

use ward_core::Params;

use super::{Move, OptimizerState, ServerOptimizer};

/// FedDyn's server.
#[derive(Debug, Clone, Copy)]
pub struct ServerFedDyn {
    /// Strength α of the regulariser, above 0; the hospitals' own.
    pub alpha: f32,
}

impl ServerOptimizer for ServerFedDyn {
    fn apply(&self, state: &mut OptimizerState, params: &mut Params, step: &Move<'_>) {
        let [state] = state.moments(params.0.len(), [0.0]) else {
            return;
        };
        let pull = self.alpha * step.share as f32;
        for ((w, h), delta) in params.0.iter_mut().zip(state).zip(&step.aggregate.0) {
            *h -= pull * delta;
            *w += delta - *h / self.alpha;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::moved;
    use super::*;
    use ward_core::Delta;

    #[test]
    fn two_rounds_by_hand() {
        let optimizer = ServerFedDyn { alpha: 0.5 };
        let (mut state, mut params) = (OptimizerState::default(), Params(vec![1.0]));
        optimizer.apply(
            &mut state,
            &mut params,
            &Move {
                share: 0.5,
                ..moved(&Delta(vec![0.8]))
            },
        );
        // h = -.5 * .5 * .8 = -.2; w = 1 + .8 + .4.
        assert!((params.0[0] - 2.2).abs() < 1e-6);
        optimizer.apply(&mut state, &mut params, &moved(&Delta(vec![-0.4])));
        // h = -.2 + .5 * .4 = 0; w = 2.2 - .4.
        assert!((params.0[0] - 1.8).abs() < 1e-6);
    }
}
