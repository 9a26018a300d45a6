//! IFCA's server (Ghosh et al. 2020, arXiv:2006.04088, Algorithm 1, model averaging).
//!
//!   wⱼ ← wⱼ + Σ nₖ sₖⱼ Δₖ / Σ nₖ sₖⱼ         `aggregate`, `extras`
//!
//! sₖⱼ is 1 where hospital k chose model j, else 0. A hospital sends sₖⱼ Δₖ for every j, and the sₖⱼ
//! behind them; both arrive as means over all reporters, whose common divisor cancels in the
//! quotient. A model that nobody chose stays as it is. The paper counts all hospitals alike: that is
//! nₖ = 1. With one model this is FedAvg.

use ward_core::Params;

use super::{Move, OptimizerState, ServerOptimizer};

/// IFCA's server.
#[derive(Debug, Clone, Copy)]
pub struct ServerIfca;

impl ServerOptimizer for ServerIfca {
    fn apply(&self, _: &mut OptimizerState, params: &mut Params, step: &Move<'_>) {
        let Some(len) = params.0.len().checked_div(step.extras.len()) else {
            return; // no model at all
        };
        let models = params.0.chunks_exact_mut(len.max(1));
        let updates = step.aggregate.0.chunks_exact(len.max(1));
        for ((model, update), share) in models.zip(updates).zip(step.extras) {
            // Below 0 it is nobody's choice but an attacker's.
            if *share > 0.0 {
                for (w, delta) in model.iter_mut().zip(update) {
                    *w += delta / share;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::strategy::ServerSgd;
    use crate::strategy::tests::{by_hand, moved};
    use ward_core::Delta;

    #[test]
    fn two_rounds_by_hand() {
        // Three hospitals of weights 1, 1 and 2, two models of two numbers. The first two choose
        // model 1 with updates (1, 2) and (3, 0), the third model 2 with (-1, 4): the means of what
        // they send are (1, .5) and (-.5, 2), the shares .5 and .5. Then all choose model 1, with
        // (1, 0), (1, 0) and (-3, 2).
        by_hand(
            &ServerIfca,
            &[0.0, 0.0, 10.0, 10.0],
            &[
                (
                    &[1.0, 0.5, -0.5, 2.0],
                    &[0.5, 0.5],
                    1.0,
                    &[2.0, 1.0, 9.0, 14.0],
                ),
                (
                    &[-1.0, 1.0, 0.0, 0.0],
                    &[1.0, 0.0],
                    1.0,
                    &[1.0, 2.0, 9.0, 14.0],
                ),
            ],
        );
    }

    #[test]
    fn with_one_model_it_is_fed_avg_to_the_bit() {
        let (first, update) = (vec![0.3, -1.7, 0.1], Delta(vec![0.7, 1e-9, -0.05]));
        let step = moved(&update);
        let after = |optimizer: &dyn ServerOptimizer, extras: &[f32]| {
            let mut params = Params(first.clone());
            let step = Move { extras, ..step };
            optimizer.apply(&mut OptimizerState::default(), &mut params, &step);
            params
        };
        assert_eq!(after(&ServerIfca, &[1.0]), after(&ServerSgd::FED_AVG, &[]));
    }

    #[test]
    fn a_share_below_nothing_moves_nothing() {
        by_hand(
            &ServerIfca,
            &[1.0, 1.0],
            &[(&[5.0, 1.0], &[-0.5, 1.0], 1.0, &[1.0, 2.0])],
        );
    }
}
