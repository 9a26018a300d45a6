//! FedNova (Wang et al. 2020, arXiv:2007.07481, equations 6 to 9 and section 4.1).
//!
//!   d_k <- (y - w_round) / |a_k|_1                  [`FedNova::finish`]
//!   |a_k|_1 = (t - rho (1 - rho^t) / (1 - rho)) / (1 - rho)
//!
//! t is the number of steps and rho the momentum: without, |a_k|_1 is t. The upload carries |a_k|_1
//! behind d_k.

use ward_core::{TrainError, Wide};

use super::{Before, Part, sgd};

pub(super) struct FedNova {
    /// |a_k|_1.
    effective_steps: f64,
}

impl FedNova {
    pub(super) fn begin(before: &Before<'_>) -> Result<Self, TrainError> {
        let (_, momentum) = sgd(before.order, "FedNova")?;
        let (steps, rho) = (before.steps as f64, f64::from(momentum));
        let behind = rho * (1.0 - rho.powf(steps)) / (1.0 - rho);
        Ok(Self {
            effective_steps: (steps - behind) / (1.0 - rho),
        })
    }
}

impl Part for FedNova {
    fn finish(self: Box<Self>, update: &mut Vec<f32>) -> Result<Vec<f32>, TrainError> {
        let steps = self.effective_steps as f32;
        update.iter_mut().for_each(|d| *d /= steps);
        Ok(Wide::new(self.effective_steps).numbers().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batches::tests::{at, order};
    use ward_core::{Batches, LocalWork, OptimizerSpec, TrainOrder};

    fn effective(steps: u64, momentum: f32) -> f64 {
        let order = TrainOrder {
            optimizer: OptimizerSpec::Sgd {
                learning_rate: 0.1,
                momentum,
            },
            ..order(LocalWork::Steps(steps as u32), 0, Batches::InOrder)
        };
        let before = Before {
            order: &order,
            address: at(0, 0),
            start: &[],
            choice: 0,
            sent: &[],
            steps,
            states: None,
        };
        FedNova::begin(&before).unwrap().effective_steps
    }

    #[test]
    fn effective_steps_are_the_weights_of_the_gradients() {
        assert_eq!(effective(7, 0.0), 7.0);
        // Three steps of momentum 1/2: the first gradient moves 1 + 1/2 + 1/4, the second 1 + 1/2.
        assert!((effective(3, 0.5) - (1.75 + 1.5 + 1.0)).abs() < 1e-12);
    }
}
