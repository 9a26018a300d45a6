//! FedAdagrad, FedYogi and FedAdam (Reddi et al. 2021, arXiv:2003.00295, Algorithm 2).
//!
//!   m ← β₁ m + (1 − β₁) Δ                              `momentum`, `beta1`
//!   v ← v + Δ²                          (Adagrad)       `variance`
//!   v ← v − (1 − β₂) Δ² sign(v − Δ²)    (Yogi)          `beta2`
//!   v ← β₂ v + (1 − β₂) Δ²              (Adam)
//!   w ← w + η m / (√v + τ) − η λ w                      `learning_rate`, `adaptivity`, `weight_decay`
//!
//! Δ is the aggregate as we define it (after − before). The last term is AdamW's decoupled decay
//! (Loshchilov and Hutter 2019, arXiv:1711.05101, Algorithm 2), with λ multiplied by the rate as in
//! PyTorch and not by the schedule alone; 0 in the three others. The first paper starts v at τ² and m at 0, and
//! has no bias correction; so do we. (FLamby's runs start v at 0: with its τ of 1e-8 the
//! difference is beyond `f32`.)

use ward_core::Params;

use super::{LearningRate, Move, OptimizerState, ServerOptimizer};

/// How the variance is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Adaptive {
    /// It only grows.
    Adagrad,
    /// It moves by a bounded step.
    Yogi,
    /// It is an exponential average.
    Adam,
}

/// An adaptive server optimizer.
#[derive(Debug, Clone, Copy)]
pub struct ServerAdaptive {
    /// Which of the three.
    pub rule: Adaptive,
    /// Step size η.
    pub learning_rate: LearningRate,
    /// Decay β₁ of the momentum; the paper's Adagrad has 0.
    pub beta1: f32,
    /// Decay β₂ of the variance; Adagrad has none.
    pub beta2: f32,
    /// Degree of adaptivity τ, added to the root of the variance.
    pub adaptivity: f32,
    /// Pull λ of each parameter towards 0; 0 is off.
    pub weight_decay: f32,
}

impl ServerOptimizer for ServerAdaptive {
    fn apply(&self, state: &mut OptimizerState, params: &mut Params, step: &Move<'_>) {
        let first = self.adaptivity * self.adaptivity;
        let [momentum, variance] = state.moments(params.0.len(), [0.0, first]) else {
            return;
        };
        let rate = self.learning_rate.at(step);
        let moments = momentum.iter_mut().zip(variance);
        for ((w, (m, v)), &delta) in params.0.iter_mut().zip(moments).zip(&step.aggregate.0) {
            let square = delta * delta;
            *m = self.beta1 * *m + (1.0 - self.beta1) * delta;
            match self.rule {
                Adaptive::Adagrad => *v += square,
                Adaptive::Yogi if *v > square => *v -= (1.0 - self.beta2) * square,
                Adaptive::Yogi if *v < square => *v += (1.0 - self.beta2) * square,
                Adaptive::Yogi => {}
                Adaptive::Adam => *v = self.beta2 * *v + (1.0 - self.beta2) * square,
            }
            *w += rate * *m / (v.sqrt() + self.adaptivity) - rate * self.weight_decay * *w;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::moved;
    use super::*;
    use ward_core::Delta;

    /// Two rounds with Δ = 1 and then Δ = −0.5, computed by hand in `f64`.
    fn after_two_rounds(rule: Adaptive, weight_decay: f32) -> f64 {
        let optimizer = ServerAdaptive {
            rule,
            learning_rate: 0.1.into(),
            beta1: 0.9,
            beta2: 0.99,
            adaptivity: 1e-3,
            weight_decay,
        };
        let (mut state, mut params) = (OptimizerState::default(), Params(vec![0.0]));
        optimizer.apply(&mut state, &mut params, &moved(&Delta(vec![1.0])));
        optimizer.apply(&mut state, &mut params, &moved(&Delta(vec![-0.5])));
        f64::from(params.0[0])
    }

    fn by_hand(v1: f64, v2: f64) -> f64 {
        let (m1, m2) = (0.1, 0.9 * 0.1 + 0.1 * -0.5);
        0.1 * m1 / (v1.sqrt() + 1e-3) + 0.1 * m2 / (v2.sqrt() + 1e-3)
    }

    #[test]
    fn adam_by_hand() {
        let v1 = 0.99 * 1e-6 + 0.01;
        let v2 = 0.99 * v1 + 0.01 * 0.25;
        assert!((after_two_rounds(Adaptive::Adam, 0.0) - by_hand(v1, v2)).abs() < 1e-7);
    }

    #[test]
    fn decoupled_decay_by_hand() {
        let v1 = 0.99 * 1e-6 + 0.01;
        let v2 = 0.99 * v1 + 0.01 * 0.25;
        // The first round starts at 0: only the second is pulled, by η λ = .02 of what the first made.
        let first = 0.1 * 0.1 / (f64::sqrt(v1) + 1e-3);
        let expected = by_hand(v1, v2) - 0.02 * first;
        assert!((after_two_rounds(Adaptive::Adam, 0.2) - expected).abs() < 1e-7);
    }

    #[test]
    fn yogi_by_hand() {
        let v1 = 1e-6 + 0.01; // v < Δ²: it grows
        let v2 = v1 + 0.01 * 0.25; // still below
        assert!((after_two_rounds(Adaptive::Yogi, 0.0) - by_hand(v1, v2)).abs() < 1e-7);
    }

    #[test]
    fn adagrad_by_hand() {
        let (v1, v2) = (1e-6 + 1.0, 1e-6 + 1.25);
        assert!((after_two_rounds(Adaptive::Adagrad, 0.0) - by_hand(v1, v2)).abs() < 1e-7);
    }
}
