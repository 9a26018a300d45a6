//! How a hospital comes to a model of its own: one file each.

mod apfl;
mod ditto;
mod fine_tuning;
mod private;
#[cfg(test)]
mod tests;

use std::ops::Range;

use ward_core::{
    Address, Algorithm, Layout, LocalWork, Personalisation, Protection, Purpose, TrainError,
    TrainOrder,
};
use ward_data::Rows;

use crate::algorithm::Before;
use crate::fit::Beside;
use crate::learner::Learner;

/// A personalisation's part in one round of one hospital: between the order and the update.
pub(crate) trait Personal {
    /// What is trained on the batches of local training.
    fn beside(&mut self) -> Option<&mut dyn Beside> {
        None
    }

    /// Remembers what there is to remember, training having come to `after`, and takes out of
    /// `update` what is not to leave.
    ///
    /// # Errors
    /// [`TrainError::State`] when it cannot be kept; [`TrainError::Diverged`] when the hospital's
    /// own model ran away.
    fn finish(self: Box<Self>, after: &[f32], update: &mut [f32]) -> Result<(), TrainError>;
}

/// A personalisation at the beginning of a round.
#[derive(Default)]
pub(crate) struct Begun<'a> {
    /// The model that the hospital trains from, where it is not the round's.
    pub(crate) start: Option<Vec<f32>>,
    /// Places that local training leaves as they are.
    pub(crate) frozen: Vec<Range<usize>>,
    pub(crate) part: Option<Box<dyn Personal + 'a>>,
}

/// Begins a round of training on `rows`.
///
/// # Errors
/// [`TrainError`] when the order, or what the hospital remembers, cannot be used.
pub(crate) fn begin<'a>(
    before: &Before<'a>,
    learner: &mut Learner,
    rows: &Rows,
) -> Result<Begun<'a>, TrainError> {
    match &before.order.personalisation {
        Personalisation::None | Personalisation::FineTuning { .. } => Ok(Begun::default()),
        Personalisation::Private {
            tensors,
            head_first,
        } => private::begin(before, learner, rows, tensors, *head_first),
        Personalisation::Ditto { lambda } => ditto::begin(before, learner, rows, *lambda),
        Personalisation::Apfl { alpha, adaptive } => apfl::begin(before, *alpha, *adaptive),
    }
}

/// The hospital's own model once `before.start` is the round's outcome; `None` where the order has
/// none. `before.address` is that of the round.
///
/// # Errors
/// [`TrainError`] when the order, or what the hospital remembers, cannot be used.
pub(crate) fn model(
    before: &Before<'_>,
    learner: &mut Learner,
    rows: &Rows,
) -> Result<Option<Vec<f32>>, TrainError> {
    // What the hospital knows after a round is what it begins the next with.
    let next = Before {
        address: Address {
            round: before.address.round.next(),
            ..before.address
        },
        ..*before
    };
    Ok(Some(match &before.order.personalisation {
        Personalisation::None => return Ok(None),
        Personalisation::FineTuning {
            work,
            learning_rate,
        } => fine_tuning::model(before, learner, rows, *work, *learning_rate)?,
        Personalisation::Private { tensors, .. } => {
            private::model(&next, learner.spec().layout(), tensors)?
        }
        Personalisation::Ditto { .. } => ditto::model(&next)?,
        Personalisation::Apfl { alpha, .. } => apfl::model(&next, *alpha)?,
    }))
}

/// The order of work that is for the hospital's own model: plain, and drawn at places of its own,
/// so that the common model's draws stay where they are.
fn own_order(order: &TrainOrder, work: LocalWork) -> TrainOrder {
    TrainOrder {
        work,
        proximal_mu: 0.0,
        protection: Protection::None, // it never leaves
        algorithm: Algorithm::Plain,
        seed: order.seed.purpose(Purpose::PERSONAL),
        ..order.clone()
    }
}

/// Where the tensors of those names stand, first to last.
///
/// # Errors
/// [`TrainError::Order`] names the one that the model does not have.
fn places(layout: &Layout, tensors: &[String]) -> Result<Vec<Range<usize>>, TrainError> {
    let mut places = Vec::with_capacity(tensors.len());
    for name in tensors {
        places.push(layout.place(name).ok_or_else(|| {
            TrainError::Order(format!(
                "the private tensor `{name}` is not in this hospital's model"
            ))
        })?);
    }
    places.sort_unstable_by_key(|place| place.start);
    if places.windows(2).any(|pair| pair[0].end > pair[1].start) {
        return Err(TrainError::Order("a private tensor is named twice".into()));
    }
    Ok(places)
}
