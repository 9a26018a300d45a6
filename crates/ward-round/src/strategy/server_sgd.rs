//! Server SGD with momentum: FedAvg and FedAvgM (Hsu et al. 2019, arXiv:1909.06335).
//!
//!   v ← β v + Δ            `momentum`
//!   w ← w + η v            `learning_rate`
//!
//! Δ is the aggregate as we define it (after − before). FedAvg is η = 1, β = 0.

use ward_core::{Params, Schedule};

use super::{LearningRate, Move, OptimizerState, ServerOptimizer};

/// Server SGD.
#[derive(Debug, Clone, Copy)]
pub struct ServerSgd {
    /// Step size η; 1 applies the aggregate as it is.
    pub learning_rate: LearningRate,
    /// Share β of the last step kept; 0 keeps nothing and needs no state.
    pub momentum: f32,
}

impl ServerSgd {
    /// FedAvg: the aggregate as it is.
    pub const FED_AVG: Self = Self {
        learning_rate: LearningRate {
            first: 1.0,
            schedule: Schedule::Constant,
        },
        momentum: 0.0,
    };
}

impl ServerOptimizer for ServerSgd {
    fn apply(&self, state: &mut OptimizerState, params: &mut Params, step: &Move<'_>) {
        let rate = self.learning_rate.at(step);
        if self.momentum == 0.0 {
            for (w, delta) in params.0.iter_mut().zip(&step.aggregate.0) {
                *w += rate * delta;
            }
            return;
        }
        let [velocity] = state.moments(params.0.len(), [0.0]) else {
            return;
        };
        for ((w, v), delta) in params.0.iter_mut().zip(velocity).zip(&step.aggregate.0) {
            *v = self.momentum * *v + delta;
            *w += rate * *v;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::moved;
    use super::*;
    use ward_core::Delta;

    #[test]
    fn two_rounds_of_momentum_by_hand() {
        let optimizer = ServerSgd {
            learning_rate: 0.5.into(),
            momentum: 0.9,
        };
        let (mut state, mut params) = (OptimizerState::default(), Params(vec![1.0, 0.0]));
        optimizer.apply(&mut state, &mut params, &moved(&Delta(vec![2.0, -4.0])));
        assert_eq!(params.0, [2.0, -2.0]);
        optimizer.apply(&mut state, &mut params, &moved(&Delta(vec![1.0, 0.0])));
        // v = .9 * 2 + 1 = 2.8 and .9 * -4 = -3.6.
        assert!((params.0[0] - 3.4).abs() < 1e-6 && (params.0[1] + 3.8).abs() < 1e-6);
    }

    #[test]
    fn fed_avg_adds_the_aggregate_and_remembers_nothing() {
        let (mut state, mut params) = (OptimizerState::default(), Params(vec![1.0]));
        ServerSgd::FED_AVG.apply(&mut state, &mut params, &moved(&Delta(vec![0.25])));
        assert_eq!(params.0, [1.25]);
        assert_eq!(state, OptimizerState::default());
    }
}
