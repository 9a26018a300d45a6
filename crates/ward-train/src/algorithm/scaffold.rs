//! SCAFFOLD (Karimireddy et al. 2020, arXiv:1910.06378, Algorithm 1, option II).
//!
//!   y <- y - eta (g_k(y) - c_k + c)                 `linear` is c - c_k
//!   c_k+ <- c_k - c + (w_round - y) / (K eta)       [`Scaffold::finish`]
//!
//! c is what the coordinator sends behind the model, and the upload carries c_k+ - c_k behind the
//! update. c_k is 0 until the hospital first takes part. K is the number of steps. With momentum a
//! step is not the gradient's, so there must be none.

use ward_core::{StateKind, TrainError};

use super::{Before, Part, sgd};
use crate::recalled::Recalled;

pub(super) struct Scaffold<'a> {
    recalled: Recalled<'a>,
    /// c - c_k.
    linear: Vec<f32>,
    /// c.
    control: &'a [f32],
    /// K eta.
    way: f32,
}

impl<'a> Scaffold<'a> {
    pub(super) fn begin(before: &Before<'a>) -> Result<Self, TrainError> {
        let (learning_rate, momentum) = sgd(before.order, "SCAFFOLD")?;
        if momentum != 0.0 {
            let reason = "SCAFFOLD is defined for SGD without momentum";
            return Err(TrainError::Order(reason.to_owned()));
        }
        let (recalled, own) = Recalled::take(before, StateKind::Scaffold)?;
        let own = own.unwrap_or_else(|| vec![0.0; before.start.len()]);
        let linear = before.sent.iter().zip(own).map(|(c, own)| c - own);
        Ok(Self {
            recalled,
            linear: linear.collect(),
            control: before.sent,
            way: before.steps as f32 * learning_rate,
        })
    }
}

impl Part for Scaffold<'_> {
    fn linear(&self) -> Option<&[f32]> {
        Some(&self.linear)
    }

    fn finish(self: Box<Self>, update: &mut Vec<f32>) -> Result<Vec<f32>, TrainError> {
        let change = self.control.iter().zip(update);
        let change: Vec<f32> = change.map(|(c, delta)| -c - *delta / self.way).collect();
        let own = self.control.iter().zip(&self.linear).zip(&change);
        let own = own
            .map(|((c, linear), change)| c - linear + change)
            .collect();
        self.recalled.keep(own)?;
        Ok(change)
    }
}
