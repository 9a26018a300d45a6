//! One answer: the smallest epsilon that a sound accountant can prove, and which one it was.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event::{Event, Invalid, Sampling};
use super::guarantee::{Epsilon, Neighbours};
use super::special::smallest;
use super::{RdpCurve, gaussian};

/// The noise multiplier below which none is looked for.
const LEAST_NOISE: f64 = 1e-3;
/// The noise multiplier above which none is looked for.
const MOST_NOISE: f64 = 1e6;

/// Who computed an epsilon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Accountant {
    /// Exact, for Gaussian noise without sampling.
    GaussianExact,
    /// Renyi differential privacy.
    Rdp,
}

impl fmt::Display for Accountant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::GaussianExact => "gaussian-exact",
            Self::Rdp => "rdp",
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

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Unanswered {
    /// A number is no number of its kind.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// Even a lot of noise does not reach it.
    #[error(
        "no noise multiplier up to {MOST_NOISE} reaches an epsilon of {epsilon}; allow more, or take fewer steps"
    )]
    OutOfReach {
        /// The target.
        epsilon: f64,
    },
}

/// What `events` cost together at `delta`: the smallest epsilon of the accountants that are sound for
/// all of them.
///
/// # Errors
/// [`Invalid::Delta`] unless 0 < delta < 1.
pub fn epsilon(events: &[Event], delta: f64) -> Result<Answer, Invalid> {
    check_delta(delta)?;
    let (epsilon, accountant) = smallest_epsilon(events, delta);
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
        None => RdpCurve::of_all(events).map_or(1.0, |curve| curve.delta(epsilon)),
    })
}

/// The smallest noise multiplier, rounded up, with which `steps` steps cost at most `target` at `delta`.
///
/// # Errors
/// [`Unanswered`] for numbers that cannot be, and for a target that no noise reaches.
pub fn noise_multiplier(
    sampling: Sampling,
    steps: u64,
    target: f64,
    delta: f64,
) -> Result<f64, Unanswered> {
    check_delta(delta)?;
    if !target.is_finite() || target <= 0.0 {
        return Err(Invalid::Epsilon(target).into());
    }
    Event::new(sampling, MOST_NOISE, steps)?;
    let cost = |z: f64| match Event::new(sampling, z, steps) {
        Ok(event) => smallest_epsilon(&[event], delta).0,
        Err(_) => f64::INFINITY,
    };
    least_noise(target, cost).ok_or(Unanswered::OutOfReach { epsilon: target })
}

/// The smallest noise multiplier, rounded up, for which `cost` is at most `target`.
pub(super) fn least_noise(target: f64, cost: impl Fn(f64) -> f64) -> Option<f64> {
    let enough = |ln_z: f64| cost(libm::exp(ln_z)) <= target;
    let (low, high) = (libm::log(LEAST_NOISE), libm::log(MOST_NOISE));
    enough(high).then(|| libm::exp(smallest(low, high, enough)))
}

fn check_delta(delta: f64) -> Result<(), Invalid> {
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
fn smallest_epsilon(events: &[Event], delta: f64) -> (f64, Accountant) {
    match mu(events) {
        Some(mu) => (gaussian::epsilon(mu, delta), Accountant::GaussianExact),
        None => {
            let curve = RdpCurve::of_all(events);
            let epsilon = curve.map_or(f64::INFINITY, |curve| curve.epsilon(delta).0);
            (epsilon, Accountant::Rdp)
        }
    }
}
