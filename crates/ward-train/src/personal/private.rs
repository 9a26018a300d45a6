//! Private tensors: some of the model stays in the hospital.
//!
//! FedPer (Arivazhagan et al. 2019, arXiv:1912.00818, Algorithm 1), FedBN (Li et al. 2021,
//! arXiv:2102.07623, Algorithm 1) and a private intercept differ in which:
//!
//!   (w, p_k) <- work on L_k from (w_round, p_k)       p_k are `places`; p_k is w_round's at first
//!   upload w - w_round; keep p_k                      [`Private::finish`]
//!
//! FedRep (Collins et al. 2021, arXiv:2102.07078, Algorithm 1), with p_k the head and w the body:
//!
//!   p_k <- `head_first` on L_k(w_round, .)            body frozen
//!   w   <- the order's work on L_k(., p_k)            head frozen
//!
//! Updates keep the model's length: at the places of private tensors they are exact zeros, so sums,
//! rules and algorithms need not know of them, and w_round keeps the first values there. The papers
//! average the shared tensors alone, which is the same. The head's steps are drawn at a place of
//! their own.

use std::ops::Range;

use ward_core::{Layout, LocalWork, StateKind, TrainError};
use ward_data::Rows;

use super::{Begun, Personal, own_order, places};
use crate::algorithm::Before;
use crate::fit::Added;
use crate::learner::Learner;
use crate::recalled::Recalled;

struct Private<'a> {
    recalled: Recalled<'a>,
    places: Vec<Range<usize>>,
}

pub(super) fn begin<'a>(
    before: &Before<'a>,
    learner: &mut Learner,
    rows: &Rows,
    tensors: &[String],
    head_first: Option<LocalWork>,
) -> Result<Begun<'a>, TrainError> {
    let places = places(learner.spec().layout(), tensors)?;
    let (recalled, mut start) = put_back(before, &places)?;
    let mut frozen = Vec::new();
    if let Some(work) = head_first {
        let body = between(&places, start.len());
        let order = own_order(before.order, work);
        let added = Added {
            frozen: &body,
            ..Added::default()
        };
        let trained = learner.fit(&start, rows, &order, added, before.address)?;
        start = trained.after.to_vec();
        frozen.clone_from(&places);
    }
    Ok(Begun {
        start: Some(start),
        frozen,
        part: Some(Box::new(Private { recalled, places })),
    })
}

pub(super) fn model(
    before: &Before<'_>,
    layout: &Layout,
    tensors: &[String],
) -> Result<Vec<f32>, TrainError> {
    Ok(put_back(before, &places(layout, tensors)?)?.1)
}

/// The round's model with what the hospital kept in its place.
fn put_back<'a>(
    before: &Before<'a>,
    places: &[Range<usize>],
) -> Result<(Recalled<'a>, Vec<f32>), TrainError> {
    let numbers = places.iter().map(ExactSizeIterator::len).sum();
    let (recalled, kept) = Recalled::take(before, StateKind::Private(numbers))?;
    let mut model = before.start.to_vec();
    let mut kept = kept.as_deref().unwrap_or_default();
    for place in places {
        if let Some((own, rest)) = kept.split_at_checked(place.len()) {
            model[place.clone()].copy_from_slice(own);
            kept = rest;
        }
    }
    Ok((recalled, model))
}

/// What lies outside of `places`, of `len` numbers.
fn between(places: &[Range<usize>], len: usize) -> Vec<Range<usize>> {
    let starts = std::iter::once(0).chain(places.iter().map(|place| place.end));
    let ends = places.iter().map(|place| place.start).chain([len]);
    starts.zip(ends).map(|(start, end)| start..end).collect()
}

impl Personal for Private<'_> {
    fn finish(self: Box<Self>, after: &[f32], update: &mut [f32]) -> Result<(), TrainError> {
        let mut kept = Vec::new();
        for place in self.places {
            kept.extend_from_slice(&after[place.clone()]);
            update[place].fill(0.0);
        }
        self.recalled.keep(kept)
    }
}
