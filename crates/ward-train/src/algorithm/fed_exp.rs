//! FedExP (Jhunjhunwala, Wang and Joshi 2023, arXiv:2301.09604, Algorithm 1): the update leaves as
//! it is, and its squared norm behind it.

use ward_core::{TrainError, Wide};

use super::{Part, squared_norm};

pub(super) struct FedExP;

impl Part for FedExP {
    fn finish(self: Box<Self>, update: &mut Vec<f32>) -> Result<Vec<f32>, TrainError> {
        Ok(Wide::new(squared_norm(update)).numbers().to_vec())
    }
}
