//! The hospitals' side of algorithms that are more than plain local training: one file each.

mod fed_dyn;
mod fed_exp;
mod fed_nova;
mod ifca;
mod q_fed_avg;
mod scaffold;
#[cfg(test)]
mod tests;

pub(crate) use ifca::{Chosen, choose};

use ward_core::{Address, Algorithm, NodeStates, OptimizerSpec, TrainError, TrainOrder};

/// An algorithm's part in one round of one hospital: between the order and the update.
pub(crate) trait Part {
    /// What is added to every gradient, one number a parameter.
    fn linear(&self) -> Option<&[f32]> {
        None
    }

    /// Makes of `update` (after minus before) what leaves the hospital, as long as all the run's
    /// models, remembers what there is to
    /// remember, and returns the extras that the upload carries.
    ///
    /// # Errors
    /// [`TrainError::State`] when what is to be remembered cannot be kept.
    fn finish(self: Box<Self>, update: &mut Vec<f32>) -> Result<Vec<f32>, TrainError>;
}

/// What an algorithm or a personalisation is given before the work.
#[derive(Clone, Copy)]
pub(crate) struct Before<'a> {
    pub(crate) order: &'a TrainOrder,
    pub(crate) address: Address,
    /// The round's model, or the one of its models that the hospital chose.
    pub(crate) start: &'a [f32],
    /// Its place among them, from 0.
    pub(crate) choice: usize,
    /// The extras that were sent behind it.
    pub(crate) sent: &'a [f32],
    /// Steps that the order comes to with this hospital's rows.
    pub(crate) steps: u64,
    pub(crate) states: Option<&'a dyn NodeStates>,
}

/// The part that the order's algorithm plays; `None` for plain training. `loss` tells the mean
/// training loss of the round's model.
///
/// # Errors
/// [`TrainError`] when the order, or what the hospital remembers, cannot be used.
pub(crate) fn part<'a>(
    before: &Before<'a>,
    loss: impl FnOnce() -> Result<f64, TrainError>,
) -> Result<Option<Box<dyn Part + 'a>>, TrainError> {
    Ok(Some(match before.order.algorithm {
        Algorithm::Plain => return Ok(None),
        Algorithm::FedDyn { alpha } => Box::new(fed_dyn::FedDyn::begin(before, alpha)?),
        Algorithm::Scaffold => Box::new(scaffold::Scaffold::begin(before)?),
        Algorithm::FedNova => Box::new(fed_nova::FedNova::begin(before)?),
        Algorithm::FedExP => Box::new(fed_exp::FedExP),
        Algorithm::QFedAvg { q, lipschitz } => {
            let loss = loss()?;
            let lipschitz =
                lipschitz.unwrap_or_else(|| 1.0 / before.order.optimizer.learning_rate());
            Box::new(q_fed_avg::QFedAvg { q, lipschitz, loss })
        }
        Algorithm::Ifca { clusters } => Box::new(ifca::Ifca {
            clusters: usize::from(clusters),
            choice: before.choice,
        }),
    }))
}

/// Step size and momentum of an order that trains with SGD.
///
/// # Errors
/// [`TrainError::Order`] when it trains otherwise.
fn sgd(order: &TrainOrder, algorithm: &str) -> Result<(f32, f32), TrainError> {
    match order.optimizer {
        OptimizerSpec::Sgd {
            learning_rate,
            momentum,
        } => Ok((learning_rate, momentum)),
        OptimizerSpec::Adam { .. } => Err(TrainError::Order(format!(
            "{algorithm} is defined for SGD only"
        ))),
    }
}

pub(crate) fn squared_norm(update: &[f32]) -> f64 {
    update.iter().map(|d| f64::from(*d).powi(2)).sum()
}
