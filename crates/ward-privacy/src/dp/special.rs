//! Functions of the normal distribution, accurate in the tails.

use std::f64::consts::PI;

/// exp(x^2) erfc(x) for x >= 0.
pub(super) fn erfcx(x: f64) -> f64 {
    if x < 20.0 {
        let square = x * x;
        // What rounding took from the square would come back multiplied.
        let rest = libm::fma(x, x, -square);
        return libm::exp(square) * (1.0 + rest) * libm::erfc(x);
    }
    // The asymptotic series: here its tenth term is below 1e-17 of the first.
    let y = -0.5 / (x * x);
    let mut term = 1.0;
    let mut sum = 1.0;
    for k in 0..10 {
        term *= f64::from(2 * k + 1) * y;
        sum += term;
    }
    sum / (x * PI.sqrt())
}

/// ln of the binomial coefficient.
pub(super) fn ln_choose(n: u64, k: u64) -> f64 {
    let ln_factorial = |n: u64| libm::lgamma(n as f64 + 1.0);
    ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k)
}

/// ln(sum of exp) of terms, of which none is NaN.
pub(super) fn ln_sum_exp(terms: &[f64]) -> f64 {
    let most = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most.is_infinite() {
        return most;
    }
    let sum: f64 = terms.iter().map(|term| libm::exp(term - most)).sum();
    most + libm::log(sum)
}

/// The smallest number between `low` and `high` for which `holds`, which is false below some place and
/// true above it; rounded up to the last bits. `high` where it never holds.
pub(super) fn smallest(low: f64, high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    let (mut low, mut high) = (low, high);
    for _ in 0..200 {
        let middle = low + (high - low) / 2.0;
        if middle <= low || middle >= high {
            break;
        }
        if holds(middle) {
            high = middle;
        } else {
            low = middle;
        }
    }
    high
}
