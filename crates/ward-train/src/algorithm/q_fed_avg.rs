//! q-FedAvg (Li et al. 2020, arXiv:1905.10497, Algorithm 2).
//!
//!   Delta_k <- F_k^q (y - w_round)                                       [`QFedAvg::finish`]
//!   h_k <- q F_k^(q - 1) L |y - w_round|^2 + F_k^q
//!
//! F_k is the training loss of the round's model. The paper's two are L times as large; only their
//! quotient moves the model. The upload carries h_k behind Delta_k.

use ward_core::{TrainError, Wide};

use super::{Part, squared_norm};

pub(super) struct QFedAvg {
    pub(super) q: f32,
    pub(super) lipschitz: f32,
    /// F_k.
    pub(super) loss: f64,
}

impl Part for QFedAvg {
    fn finish(self: Box<Self>, update: &mut Vec<f32>) -> Result<Vec<f32>, TrainError> {
        let (q, lipschitz) = (f64::from(self.q), f64::from(self.lipschitz));
        let weight = self.loss.powf(q);
        let curvature = match q {
            0.0 => 0.0,
            _ if self.loss == 0.0 => 0.0,
            q => q * self.loss.powf(q - 1.0) * lipschitz * squared_norm(update),
        };
        for d in update.iter_mut() {
            *d = (weight * f64::from(*d)) as f32;
        }
        Ok(Wide::new(curvature + weight).numbers().to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(q: f32, loss: f64, update: [f32; 2]) -> ([f32; 2], f64) {
        let mut update = update.to_vec();
        let part = QFedAvg {
            q,
            lipschitz: 10.0,
            loss,
        };
        let extras = Box::new(part).finish(&mut update).unwrap();
        ([update[0], update[1]], Wide::value(&extras).unwrap())
    }

    #[test]
    fn by_hand() {
        // 2^2 * (.3, .4), and 2 * 2 * 10 * .25 + 4.
        let (update, h) = finish(2.0, 2.0, [0.3, 0.4]);
        assert!((update[0] - 1.2).abs() < 1e-6 && (update[1] - 1.6).abs() < 1e-6);
        assert!((h - 14.0).abs() < 1e-5);
    }

    #[test]
    fn a_hospital_that_is_served_perfectly_asks_for_nothing() {
        assert_eq!(finish(0.5, 0.0, [0.3, 0.4]), ([0.0, 0.0], 0.0));
    }

    #[test]
    fn without_q_it_is_the_update_and_one() {
        assert_eq!(finish(0.0, 0.0, [0.3, 0.4]), ([0.3, 0.4], 1.0));
    }
}
