//! LARS as a server optimizer (You, Gitman and Ginsburg 2017, Large Batch Training of Convolutional
//! Networks, arXiv:1708.03888; here in the form of You et al. 2020, arXiv:1904.00962, Algorithm 1).
//!
//!   m ← β m + (1 − β) (Δ − λ w)                        `velocity`, `momentum`, `weight_decay`
//!   w ← w + η |w| / |m| m      tensor by tensor        `learning_rate`, `tensors`
//!
//! Δ is the aggregate as we define it (after − before). φ is the identity, and a tensor of norm 0
//! moves by η m. The first paper takes the ratio before the momentum, and has two rates whose product
//! is η.

use ward_core::{Layout, Params};

use super::{LearningRate, Move, OptimizerState, ServerOptimizer, layerwise};

/// LARS.
#[derive(Debug, Clone)]
pub struct ServerLars {
    /// Step size η: how far a tensor moves, as a share of its norm.
    pub learning_rate: LearningRate,
    /// Decay β of the velocity.
    pub momentum: f32,
    /// Pull λ of each parameter towards 0.
    pub weight_decay: f32,
    /// The model's tensors.
    pub tensors: Layout,
}

impl ServerOptimizer for ServerLars {
    fn apply(&self, state: &mut OptimizerState, params: &mut Params, step: &Move<'_>) {
        let [velocity] = state.moments(params.0.len(), [0.0]) else {
            return;
        };
        for ((m, w), delta) in velocity.iter_mut().zip(&params.0).zip(&step.aggregate.0) {
            *m = self.momentum * *m + (1.0 - self.momentum) * (delta - self.weight_decay * w);
        }
        let rate = self.learning_rate.at(step);
        layerwise(&self.tensors, &mut params.0, velocity, rate);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{moved, two_tensors};
    use super::*;
    use ward_core::Delta;

    #[test]
    fn two_rounds_by_hand() {
        let optimizer = ServerLars {
            learning_rate: 0.5.into(),
            momentum: 0.5,
            weight_decay: 0.25,
            tensors: two_tensors(),
        };
        let (mut state, mut params) = (OptimizerState::default(), Params(vec![4.0, 0.0, 0.0]));
        optimizer.apply(&mut state, &mut params, &moved(&Delta(vec![7.0, 8.0, 2.0])));
        // m = ½ (7 − 1, 8, 2) = (3, 4, 1): norms 5 and 1, and those of w 4 and 0.
        // w = (4 + .5 · 4/5 · 3, .5 · 4/5 · 4, .5 · 1).
        near(&params, [5.2, 1.6, 0.5]);
        optimizer.apply(
            &mut state,
            &mut params,
            &moved(&Delta(vec![0.3, -3.6, 0.0])),
        );
        // m = ½ (3 + .3 − 1.3, 4 − 3.6 − .4, 1 − .125) = (1, 0, .4375).
        // |w| = √(5.2² + 1.6²) = √29.6 and .5, each moved by half of it.
        near(&params, [5.2 + 0.5 * 29.6_f64.sqrt(), 1.6, 0.75]);
    }

    fn near(params: &Params, expected: [f64; 3]) {
        for (got, expected) in params.0.iter().zip(expected) {
            assert!((f64::from(*got) - expected).abs() < 1e-5, "{params:?}");
        }
    }
}
