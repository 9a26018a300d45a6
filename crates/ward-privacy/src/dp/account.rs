//! One answer: the smallest epsilon that a sound accountant can prove, and which one it was.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event::{Event, Invalid, Sampling};
use super::guarantee::{Epsilon, Neighbours};
use super::{Pld, RdpCurve, gaussian};

/// Who computed an epsilon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Accountant {
    /// Exact, for Gaussian noise without sampling.
    GaussianExact,
    /// Renyi differential privacy.
    Rdp,
    /// Privacy loss distributions.
    Pld,
}

impl fmt::Display for Accountant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GaussianExact => "gaussian-exact",
            Self::Rdp => "rdp",
            Self::Pld => "pld",
        })
    }
}

/// An epsilon, who computed it and for which pairs of data sets.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The privacy loss.
    pub epsilon: Epsilon,
    /// Who computed it.
    pub accountant: Accountant,
    /// Between which data sets it holds.
    pub neighbours: Neighbours,
}

/// What `events` cost together at `delta`: the smallest epsilon of the accountants that are sound for
/// all of them.
///
/// # Errors
/// [`Invalid::Delta`] unless 0 < delta < 1.
pub fn epsilon(events: &[Event], delta: f64) -> Result<Answer, Invalid> {
    check_delta(delta)?;
    let (epsilon, accountant) = smallest(events, delta);
    Ok(Answer {
        epsilon: Epsilon(epsilon),
        accountant,
        neighbours: Neighbours::of(events),
    })
}

/// The probability with which `events` may lose more than `epsilon`: the inverse of [`epsilon`](epsilon()).
///
/// # Errors
/// [`Invalid::Epsilon`] unless epsilon is finite and 0 or more.
pub fn delta(events: &[Event], epsilon: f64) -> Result<f64, Invalid> {
    if !epsilon.is_finite() || epsilon < 0.0 {
        return Err(Invalid::Epsilon(epsilon));
    }
    Ok(match mu(events) {
        Some(mu) => gaussian::delta(mu, epsilon),
        None => {
            let renyi = RdpCurve::of_all(events).map_or(1.0, |curve| curve.delta(epsilon));
            Pld::of(events).map_or(renyi, |pld| renyi.min(pld.delta(epsilon)))
        }
    })
}

pub(super) fn check_delta(delta: f64) -> Result<(), Invalid> {
    let possible = delta > 0.0 && delta < 1.0;
    possible.then_some(()).ok_or(Invalid::Delta(delta))
}

/// Where all events are Gaussian releases without sampling: the distance of the means over the standard
/// deviation of their composition.
fn mu(events: &[Event]) -> Option<f64> {
    let square = |event: &Event| match event.sampling() {
        _ if event.steps() == 0 => Some(0.0),
        Sampling::ShuffledEpochs | Sampling::FullBatch | Sampling::Poisson { rate: 1.0 } => {
            Some(event.steps() as f64 / event.noise_multiplier().powi(2))
        }
        _ => None,
    };
    let squares: Option<f64> = events.iter().map(square).sum();
    squares.map(f64::sqrt)
}

/// The smallest epsilon of the sound accountants, and which one's it is.
pub(super) fn smallest(events: &[Event], delta: f64) -> (f64, Accountant) {
    if let Some(mu) = mu(events) {
        return (gaussian::epsilon(mu, delta), Accountant::GaussianExact);
    }
    let renyi = renyi(events, delta);
    match Pld::of(events).map(|pld| pld.epsilon(delta)) {
        Some(pld) if pld < renyi => (pld, Accountant::Pld),
        _ => (renyi, Accountant::Rdp),
    }
}

/// The epsilon of Renyi curves; infinite where one is not known.
pub(super) fn renyi(events: &[Event], delta: f64) -> f64 {
    RdpCurve::of_all(events).map_or(f64::INFINITY, |curve| curve.epsilon(delta).0)
}
