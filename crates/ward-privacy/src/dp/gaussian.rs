//! The Gaussian mechanism without sampling, exactly (Balle and Wang 2018, arXiv:1805.06530, Theorem 8).
//!
//! Any number of Gaussian releases are one with `mu^2 = sum 1 / noise_multiplier^2`: mu is the distance of
//! the means over the standard deviation.

use std::f64::consts::FRAC_1_SQRT_2;

use super::special::{erfcx, smallest};

/// The smallest delta for which the mechanism is (epsilon, delta)-private.
#[must_use]
pub fn delta(mu: f64, epsilon: f64) -> f64 {
    if mu == 0.0 {
        return 0.0;
    }
    if mu.is_infinite() {
        return 1.0;
    }
    let (low, high) = (epsilon / mu - mu / 2.0, epsilon / mu + mu / 2.0);
    let height = libm::exp(-low * low / 2.0);
    // exp(epsilon) times the tail above `high` is `height` times a function that does not underflow.
    let beyond = erfcx(high * FRAC_1_SQRT_2);
    let delta = if low > 0.0 {
        0.5 * height * (erfcx(low * FRAC_1_SQRT_2) - beyond)
    } else {
        0.5 * (libm::erfc(low * FRAC_1_SQRT_2) - height * beyond)
    };
    delta.clamp(0.0, 1.0)
}

/// The smallest epsilon for which the mechanism is (epsilon, delta)-private, rounded up in the last bits.
/// Infinite where mu is. `delta` is above 0 and below 1.
#[must_use]
pub fn epsilon(mu: f64, delta: f64) -> f64 {
    if mu.is_infinite() {
        return f64::INFINITY;
    }
    if self::delta(mu, 0.0) <= delta {
        return 0.0;
    }
    // The tail bound of a normal number: never below the exact one.
    let most = mu * mu / 2.0 + mu * (2.0 * libm::log(1.0 / delta)).sqrt();
    smallest(0.0, most, |epsilon| self::delta(mu, epsilon) <= delta)
}

/// The smallest noise multiplier of one release that is (epsilon, delta)-private; of `steps` releases,
/// that times the root of their number.
#[must_use]
pub fn noise_multiplier(epsilon: f64, delta: f64) -> f64 {
    // Classical bounds: the multiplier is between 1 / (epsilon + huge tail) and the one for tiny epsilon.
    let tail = (2.0 * libm::log(1.25 / delta)).sqrt();
    let most = 2.0 * (tail / epsilon + 1.0 / epsilon.sqrt() + 1.0);
    smallest(0.0, most, |z| self::delta(1.0 / z, epsilon) <= delta)
}
