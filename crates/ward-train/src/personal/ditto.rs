//! Ditto (Li et al. 2021, arXiv:2012.04221, Algorithm 1).
//!
//!   v_k <- v_k - eta (grad L_k(v_k) + lambda (v_k - w_round))        `lambda`
//!
//! v_k is the hospital's own model and w_round the round's, from which v_k starts when the hospital
//! first takes part. v_k does as much work as the common model, with the same optimiser, and draws
//! its batches at a place of its own; the common model is trained as though there were no v_k.

use ward_core::{StateKind, TrainError};
use ward_data::Rows;

use super::{Begun, Personal, own_order};
use crate::algorithm::Before;
use crate::fit::Added;
use crate::learner::Learner;
use crate::recalled::Recalled;

struct Ditto<'a> {
    recalled: Recalled<'a>,
    /// v_k after the round.
    own: Vec<f32>,
}

pub(super) fn begin<'a>(
    before: &Before<'a>,
    learner: &mut Learner,
    rows: &Rows,
    lambda: f32,
) -> Result<Begun<'a>, TrainError> {
    let (recalled, own) = Recalled::take(before, StateKind::Ditto)?;
    let own = own.as_deref().unwrap_or(before.start);
    let order = own_order(before.order, before.order.work);
    let added = Added {
        pull: Some((lambda, before.start)),
        ..Added::default()
    };
    let own = learner.fit(own, rows, &order, added, before.address)?;
    let own = own.after.to_vec();
    Ok(Begun {
        part: Some(Box::new(Ditto { recalled, own })),
        ..Begun::default()
    })
}

pub(super) fn model(before: &Before<'_>) -> Result<Vec<f32>, TrainError> {
    let (_, own) = Recalled::take(before, StateKind::Ditto)?;
    Ok(own.unwrap_or_else(|| before.start.to_vec()))
}

impl Personal for Ditto<'_> {
    fn finish(self: Box<Self>, _: &[f32], _: &mut [f32]) -> Result<(), TrainError> {
        self.recalled.keep(self.own)
    }
}
