//! The Poisson-sampled Gaussian mechanism (Mironov, Talwar and Zhang 2019, arXiv:1908.10530).
//!
//! With P = (1 - q) N(0, z^2) + q N(1, z^2) and Q = N(0, z^2), the bound at order a is
//! ln E_Q[(P/Q)^a] / (a - 1); the paper's Theorem 5 shows that the other direction is never larger. At
//! whole orders the expectation is a finite sum of positive terms. At others it is an integral of a
//! function that is analytic around the real line, for which the trapezoid rule is exact up to rounding;
//! the paper's series has the same value, in terms of both signs.

use std::f64::consts::PI;

use super::super::special::{ln_choose, ln_sum_exp};
use super::LEAST_AMPLIFIED;

/// Exponents up to here need no scaling.
const PLAIN: f64 = 300.0;

/// The divergence at each of `orders` (above 1) of one step with sampling rate `rate` and multiplier
/// `z`, above 0.
#[must_use]
pub fn poisson(rate: f64, z: f64, orders: &[f64]) -> Vec<f64> {
    let gaussian = |order: f64| order / (2.0 * z * z);
    if rate >= 1.0 {
        return orders.iter().copied().map(gaussian).collect();
    }
    let broken = orders.iter().copied().filter(|order| order.fract() != 0.0);
    let grid = (z >= LEAST_AMPLIFIED).then(|| Grid::new(rate, z, broken.fold(1.0, f64::max)));
    let at = |&order: &f64| match &grid {
        _ if order.fract() == 0.0 => ln_moment_whole(rate, z, order as u64) / (order - 1.0),
        Some(grid) => grid.ln_moment(order) / (order - 1.0),
        None => gaussian(order),
    };
    orders.iter().map(at).collect()
}

/// ln E_Q[(P/Q)^a]. The first two terms of the binomial sum make 1 with what is taken from the others.
fn ln_moment_whole(rate: f64, z: f64, order: u64) -> f64 {
    let (ln_in, ln_out) = (libm::log(rate), libm::log1p(-rate));
    let term = |i: u64| {
        let exponent = (i * (i - 1)) as f64 / (2.0 * z * z);
        let above_one = exponent + libm::log(-libm::expm1(-exponent));
        ln_choose(order, i) + (order - i) as f64 * ln_out + i as f64 * ln_in + above_one
    };
    let terms: Vec<f64> = (2..=order).map(term).collect();
    let above_one = ln_sum_exp(&terms);
    above_one.max(0.0) + libm::log1p(libm::exp(-above_one.abs()))
}

/// Points of the trapezoid rule, with what every order needs of them.
struct Grid {
    /// ln of a point's weight: step times density of Q.
    ln_weights: Vec<f64>,
    /// ln(P/Q).
    losses: Vec<f64>,
    /// Weight times (P/Q - 1).
    slopes: Vec<f64>,
}

impl Grid {
    /// A grid for all orders up to `most`.
    fn new(rate: f64, z: f64, most: f64) -> Self {
        // The nearest singularity is at pi z^2 from the real line, and the normal density has width z.
        let step = (z / 4.0).min(z * z / 4.0);
        let (low, high) = (-12.0 * z, most + 12.0 * z);
        let ln_height = libm::log(step / (z * (2.0 * PI).sqrt()));
        let points = ((high - low) / step).ceil() as usize;
        let mut grid = Self {
            ln_weights: Vec::with_capacity(points),
            losses: Vec::with_capacity(points),
            slopes: Vec::with_capacity(points),
        };
        for i in 0..=points {
            let x = low + i as f64 * step;
            let ratio = (2.0 * x - 1.0) / (2.0 * z * z);
            let loss = if ratio < 30.0 {
                libm::log1p(rate * libm::expm1(ratio))
            } else {
                ratio + libm::log(rate + (1.0 - rate) * libm::exp(-ratio))
            };
            let ln_weight = ln_height - x * x / (2.0 * z * z);
            grid.ln_weights.push(ln_weight);
            grid.losses.push(loss);
            grid.slopes.push(if loss < 1.0 {
                libm::exp(ln_weight) * libm::expm1(loss)
            } else {
                libm::exp(loss + ln_weight) - libm::exp(ln_weight)
            });
        }
        grid
    }

    /// ln E_Q[(P/Q)^a].
    fn ln_moment(&self, order: f64) -> f64 {
        let both = || self.ln_weights.iter().zip(&self.losses);
        let most = both()
            .map(|(ln_weight, loss)| order * loss + ln_weight)
            .fold(f64::NEG_INFINITY, f64::max);
        if most > PLAIN {
            let scaled = both().map(|(w, loss)| libm::exp(order * loss + w - most));
            return most + libm::log(scaled.sum::<f64>());
        }
        // Since E_Q[P/Q - 1] = 0, the moment less one is E_Q[(P/Q)^a - 1 - a (P/Q - 1)], in which nothing
        // large cancels.
        let above_one = both().zip(&self.slopes).map(|((ln_weight, loss), slope)| {
            let power = order * loss;
            let rise = if power < 1.0 {
                libm::exp(*ln_weight) * libm::expm1(power)
            } else {
                libm::exp(power + ln_weight) - libm::exp(*ln_weight)
            };
            rise - order * slope
        });
        libm::log1p(above_one.sum::<f64>().max(0.0))
    }
}
