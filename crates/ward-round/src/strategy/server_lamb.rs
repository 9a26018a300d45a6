//! LAMB as a server optimizer (You et al. 2020, Large Batch Optimization for Deep Learning,
//! arXiv:1904.00962, Algorithm 2).
//!
//!   m ← β₁ m + (1 − β₁) Δ                              `momentum`, `beta1`
//!   v ← β₂ v + (1 − β₂) Δ²                             `variance`, `beta2`
//!   u = m / (√v + ε) − λ w                             `epsilon`, `weight_decay`
//!   w ← w + η |w| / |u| u      tensor by tensor        `learning_rate`, `tensors`
//!
//! Δ is the aggregate as we define it (after − before). φ is the identity, as in the authors' code,
//! and a tensor of norm 0 moves by η u. There is no bias correction, as in FedAdam: it scales the
//! whole of m and of √v, and where λ is 0 and ε small the ratio takes that out again.

use ward_core::{Layout, Params};

use super::{LearningRate, Move, OptimizerState, ServerOptimizer, layerwise};

/// LAMB.
#[derive(Debug, Clone)]
pub struct ServerLamb {
    /// Step size η: how far a tensor moves, as a share of its norm.
    pub learning_rate: LearningRate,
    /// Decay β₁ of the momentum.
    pub beta1: f32,
    /// Decay β₂ of the variance.
    pub beta2: f32,
    /// Added to the root of the variance, ε, above 0.
    pub epsilon: f32,
    /// Pull λ of each parameter towards 0.
    pub weight_decay: f32,
    /// The model's tensors.
    pub tensors: Layout,
}

impl ServerOptimizer for ServerLamb {
    fn apply(&self, state: &mut OptimizerState, params: &mut Params, step: &Move<'_>) {
        let [momentum, variance] = state.moments(params.0.len(), [0.0, 0.0]) else {
            return;
        };
        let moments = momentum.iter_mut().zip(variance);
        let numbers = params.0.iter().zip(moments).zip(&step.aggregate.0);
        let direction = numbers.map(|((w, (m, v)), &delta)| {
            *m = self.beta1 * *m + (1.0 - self.beta1) * delta;
            *v = self.beta2 * *v + (1.0 - self.beta2) * delta * delta;
            *m / (v.sqrt() + self.epsilon) - self.weight_decay * w
        });
        let direction: Vec<f32> = direction.collect();
        let rate = self.learning_rate.at(step);
        layerwise(&self.tensors, &mut params.0, &direction, rate);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{moved, two_tensors};
    use super::*;
    use ward_core::Delta;

    #[test]
    fn two_rounds_by_hand() {
        let optimizer = ServerLamb {
            learning_rate: 0.1.into(),
            beta1: 0.5,
            beta2: 0.75,
            epsilon: 0.5,
            weight_decay: 0.25,
            tensors: two_tensors(),
        };
        let (mut state, mut params) = (OptimizerState::default(), Params(vec![3.0, 4.0, 0.0]));
        optimizer.apply(
            &mut state,
            &mut params,
            &moved(&Delta(vec![2.0, 0.0, -1.0])),
        );
        // m = (1, 0, −.5), v = (1, 0, .25), √v + ε = (1.5, .5, 1).
        // u = (1/1.5 − .75, −1, −.5) = (−1/12, −1, −.5); |w| = 5, |u| of the first = √(1/144 + 1).
        let ratio = 0.1 * 5.0 / (1.0_f64 / 144.0 + 1.0).sqrt();
        let first = [3.0 - ratio / 12.0, 4.0 - ratio, -0.05];
        near(&params, first);
        optimizer.apply(&mut state, &mut params, &moved(&Delta(vec![0.0, 1.0, 0.0])));
        // m = (.5, .5, −.25), v = (.75, .25, .1875).
        let [a, b, c] = first;
        let u = [
            0.5 / (0.75_f64.sqrt() + 0.5) - 0.25 * a,
            0.5 - 0.25 * b,
            -0.25 / (0.1875_f64.sqrt() + 0.5) - 0.25 * c,
        ];
        let ratio = 0.1 * a.hypot(b) / u[0].hypot(u[1]);
        // The second tensor has one number: it moves by η |w| in u's direction.
        near(
            &params,
            [a + ratio * u[0], b + ratio * u[1], c - 0.1 * 0.05],
        );
    }

    fn near(params: &Params, expected: [f64; 3]) {
        for (got, expected) in params.0.iter().zip(expected) {
            assert!((f64::from(*got) - expected).abs() < 1e-6, "{params:?}");
        }
    }
}
