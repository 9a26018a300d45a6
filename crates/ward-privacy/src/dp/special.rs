//! Functions of the normal distribution, accurate in the tails.

use std::f64::consts::{FRAC_1_SQRT_2, PI};

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

/// The probability that a standard normal number is above `x`.
pub(super) fn upper_tail(x: f64) -> f64 {
    0.5 * libm::erfc(x * FRAC_1_SQRT_2)
}

/// The probability that a standard normal number is between `low` and `high`, precise in both tails.
pub(super) fn between(low: f64, high: f64) -> f64 {
    let mass = if low > 0.0 {
        upper_tail(low) - upper_tail(high)
    } else {
        upper_tail(-high) - upper_tail(-low)
    };
    mass.max(0.0)
}

/// Where a standard normal number is above with probability `tail`, which is above 0 and below 1.
pub(super) fn upper_quantile(tail: f64) -> f64 {
    smallest(-38.0, 38.0, |x| upper_tail(x) <= tail)
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

/// The probabilities of a binomial number from `from` to `to`, added up. `rate` is above 0 and below 1.
pub(super) fn binomial_between(n: u64, rate: f64, from: u64, to: u64) -> f64 {
    let (ln_in, ln_out) = (libm::log(rate), libm::log1p(-rate));
    let ln_mass = |k: u64| ln_choose(n, k) + k as f64 * ln_in + (n - k) as f64 * ln_out;
    (from..=to.min(n))
        .map(|k| libm::exp(ln_mass(k)))
        .sum::<f64>()
        .min(1.0)
}
