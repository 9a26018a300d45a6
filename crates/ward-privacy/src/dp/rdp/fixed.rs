//! Batches of a fixed size, drawn without replacement (Wang, Balle and Kasiviswanathan 2019,
//! arXiv:1808.00087, Theorem 27), between data sets of which one record is replaced.
//!
//! The bound at a whole order is a sum over moments of P/Q - 1 between Gaussians; between whole orders the
//! log-moment is interpolated, which is sound since it is convex (Corollary 10).

use std::f64::consts::{LN_2, PI};

use super::super::special::{ln_choose, ln_sum_exp};
use super::LEAST_AMPLIFIED;

/// The highest moment of P/Q - 1 that is computed; above, the theorem's simpler bound stands alone.
const MOST_MOMENT: u64 = 64;

/// The divergence at each of `orders` (above 1) of one step that draws `batch` of `of` records. `z` is
/// the standard deviation over the distance that a replaced record can move the sum, which is twice the
/// clip norm.
#[must_use]
pub fn fixed_without_replacement(batch: u64, of: u64, z: f64, orders: &[f64]) -> Vec<f64> {
    if batch >= of || z < LEAST_AMPLIFIED {
        return orders.iter().map(|order| order / (2.0 * z * z)).collect();
    }
    let rate = batch as f64 / of as f64;
    let moments: Vec<f64> = (1..=MOST_MOMENT / 2)
        .map(|half| ln_even_moment(2 * half, 1.0 / z))
        .collect();
    let at = |&order: &f64| {
        let ln_moment = |order: f64| ln_moment_whole(rate, z, order as u64, &moments);
        let (low, part) = (order.floor(), order.fract());
        let between = if part == 0.0 {
            ln_moment(low)
        } else {
            (1.0 - part) * ln_moment(low) + part * ln_moment(low + 1.0)
        };
        between / (order - 1.0)
    };
    orders.iter().map(at).collect()
}

/// The bound on the log-moment at a whole order. `moments[k]` is the log of the moment of order 2k + 2.
fn ln_moment_whole(rate: f64, z: f64, order: u64, moments: &[f64]) -> f64 {
    let even = |i: u64| moments.get((i / 2) as usize - 1).copied();
    let term = |i: u64| {
        // (i - 1) times the Renyi divergence of order i between the Gaussians.
        let simple = LN_2 + (i * (i - 1)) as f64 / (2.0 * z * z);
        // An odd absolute moment is below the geometric mean of its neighbours.
        let neighbours = even(i).zip(even(i + i % 2)).map(|(a, b)| (a + b) / 2.0);
        let moment = neighbours.map_or(simple, |mean| simple.min(2.0 * LN_2 + mean));
        ln_choose(order, i) + i as f64 * libm::log(rate) + moment
    };
    let terms: Vec<f64> = std::iter::once(0.0).chain((2..=order).map(term)).collect();
    ln_sum_exp(&terms)
}

/// ln E[(P/Q - 1)^l] for even l, where P/Q = exp(mu x - mu^2 / 2) and x is standard normal: by the
/// trapezoid rule, exact up to rounding. The alternating sum of the paper would cancel.
fn ln_even_moment(l: u64, mu: f64) -> f64 {
    const STEP: f64 = 0.25;
    let points = ((40.0 + l as f64 * mu) / STEP).ceil() as usize;
    let term = |i: usize| {
        let x = -20.0 + i as f64 * STEP;
        let loss = mu * x - mu * mu / 2.0;
        let ln_distance = if loss < 30.0 {
            libm::log(libm::expm1(loss).abs())
        } else {
            loss
        };
        l as f64 * ln_distance - x * x / 2.0
    };
    let terms: Vec<f64> = (0..=points).map(term).collect();
    ln_sum_exp(&terms) + libm::log(STEP / (2.0 * PI).sqrt())
}
