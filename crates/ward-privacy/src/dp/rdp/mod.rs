//! Renyi differential privacy: curves that add up when releases do.
//!
//! A curve holds the bound at fixed orders. Adding curves composes, multiplying repeats, and
//! [`RdpCurve::epsilon`] converts (Canonne, Kamath and Steinke 2020, arXiv:2004.00010, Proposition 12).
//! A curve of its own for each kind of step is made once; adding and converting take microseconds.

mod fixed;
mod poisson;

use std::ops::{Add, AddAssign, Mul};
use std::sync::LazyLock;

pub use fixed::fixed_without_replacement;
pub use poisson::poisson;

use super::event::{Event, Sampling};

/// Multipliers below this are given no amplification by sampling where that takes an integral: sound, and an
/// epsilon of hundreds either way.
const LEAST_AMPLIFIED: f64 = 0.05;

/// The orders at which curves are held: 1.1 to 10.9 by tenths, 11 to 63, then 128 to 1024 by doubling.
pub static ORDERS: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let tenths = (11..110).map(|tenth| f64::from(tenth) / 10.0);
    let whole = (11..64).map(f64::from);
    let doubled = [128.0, 256.0, 512.0, 1024.0];
    tenths.chain(whole).chain(doubled).collect()
});

/// Renyi divergences, at each of [`ORDERS`], that a number of releases do not exceed together.
#[derive(Debug, Clone, PartialEq)]
pub struct RdpCurve(Vec<f64>);

impl Default for RdpCurve {
    /// Of nothing released.
    fn default() -> Self {
        Self::at_each_order(|_| 0.0)
    }
}

impl RdpCurve {
    /// The curve with value `bound(order)`, 0 or more, at each order.
    #[must_use]
    pub fn at_each_order(bound: impl Fn(f64) -> f64) -> Self {
        Self(ORDERS.iter().map(|&order| bound(order)).collect())
    }

    /// Of Gaussian releases without sampling, where `rho = mu^2 / 2` (zero-concentrated privacy; the
    /// discrete Gaussian has the same curve).
    #[must_use]
    pub fn gaussian(rho: f64) -> Self {
        Self::at_each_order(|order| order * rho)
    }

    /// Of an event. `None` for truncated Poisson samples, for which no curve is known here.
    #[must_use]
    pub fn of(event: &Event) -> Option<Self> {
        let z = event.noise_multiplier();
        if event.steps() == 0 {
            return Some(Self::default());
        }
        if z == 0.0 {
            return Some(Self::at_each_order(|_| f64::INFINITY));
        }
        let step = match event.sampling() {
            Sampling::Poisson { rate } => Self(poisson(rate, z, &ORDERS)),
            Sampling::TruncatedPoisson { .. } => return None,
            Sampling::FixedWithoutReplacement { batch, of } => {
                // A record replaced moves the sum by up to twice the clip norm.
                Self(fixed_without_replacement(batch, of, z / 2.0, &ORDERS))
            }
            Sampling::ShuffledEpochs | Sampling::FullBatch => Self::gaussian(0.5 / (z * z)),
        };
        Some(step * event.steps() as f64)
    }

    /// Of events together. `None` where one has no curve.
    #[must_use]
    pub fn of_all(events: &[Event]) -> Option<Self> {
        let merged = Event::merged(events);
        let mut curves = merged.iter().map(Self::of);
        curves.try_fold(Self::default(), |sum, curve| Some(sum + &curve?))
    }

    /// The smallest epsilon at `delta` (above 0, below 1), and the order that gives it.
    #[must_use]
    pub fn epsilon(&self, delta: f64) -> (f64, f64) {
        if self.0.iter().all(|&rdp| rdp == 0.0) {
            return (0.0, ORDERS[0]);
        }
        let ln_delta = libm::log(delta);
        let at = |(&order, &rdp): (&f64, &f64)| {
            let epsilon =
                rdp + libm::log1p(-1.0 / order) - (ln_delta + libm::log(order)) / (order - 1.0);
            (epsilon.max(0.0), order)
        };
        let every = ORDERS.iter().zip(&self.0).map(at);
        every.fold((f64::INFINITY, ORDERS[0]), |least, one| {
            if one.0 < least.0 { one } else { least }
        })
    }

    /// The smallest delta at `epsilon`: the inverse of [`RdpCurve::epsilon`].
    #[must_use]
    pub fn delta(&self, epsilon: f64) -> f64 {
        if self.0.iter().all(|&rdp| rdp == 0.0) {
            return 0.0;
        }
        let at = |(&order, &rdp): (&f64, &f64)| {
            let exponent = (order - 1.0) * (rdp - epsilon + libm::log1p(-1.0 / order));
            libm::exp(exponent - libm::log(order))
        };
        ORDERS.iter().zip(&self.0).map(at).fold(1.0, f64::min)
    }
}

impl AddAssign<&RdpCurve> for RdpCurve {
    fn add_assign(&mut self, other: &RdpCurve) {
        for (sum, rdp) in self.0.iter_mut().zip(&other.0) {
            *sum += rdp;
        }
    }
}

impl Add<&RdpCurve> for RdpCurve {
    type Output = Self;

    fn add(mut self, other: &RdpCurve) -> Self {
        self += other;
        self
    }
}

impl Mul<f64> for RdpCurve {
    type Output = Self;

    /// Of so many releases, at least 1.
    fn mul(mut self, times: f64) -> Self {
        self.0.iter_mut().for_each(|rdp| *rdp *= times);
        self
    }
}
