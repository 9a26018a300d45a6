//! FedDyn (Acar et al. 2021, arXiv:2111.04263, Algorithm 1).
//!
//!   w_k <- argmin  L_k(w) - <h_k, w> + alpha/2 |w - w_round|^2      `linear` is -h_k
//!   h_k <- h_k - alpha (w_k - w_round)                              [`FedDyn::finish`]
//!
//! h_k is 0 until the hospital first takes part. The pull `alpha (w - w_round)` is the proximal
//! term's and is added with it. Where the paper minimises, we take the order's steps.

use ward_core::{StateKind, TrainError};

use super::{Before, Part};
use crate::recalled::Recalled;

pub(super) struct FedDyn<'a> {
    recalled: Recalled<'a>,
    alpha: f32,
    /// -h_k.
    linear: Vec<f32>,
}

impl<'a> FedDyn<'a> {
    pub(super) fn begin(before: &Before<'a>, alpha: f32) -> Result<Self, TrainError> {
        let (recalled, h) = Recalled::take(before, StateKind::FedDyn)?;
        let h = h.unwrap_or_else(|| vec![0.0; before.start.len()]);
        Ok(Self {
            recalled,
            alpha,
            linear: h.into_iter().map(|value| -value).collect(),
        })
    }
}

impl Part for FedDyn<'_> {
    fn linear(&self) -> Option<&[f32]> {
        Some(&self.linear)
    }

    fn finish(self: Box<Self>, update: &mut Vec<f32>) -> Result<Vec<f32>, TrainError> {
        let h = self.linear.iter().zip(update);
        let h = h
            .map(|(linear, delta)| -linear - self.alpha * *delta)
            .collect();
        self.recalled.keep(h)?;
        Ok(Vec::new())
    }
}
