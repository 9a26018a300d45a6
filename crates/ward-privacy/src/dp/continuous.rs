//! Gaussian noise for the steps of training inside a hospital.
//!
//! Nobody sees a single step, only the update after many, so floating point is taken here; what is released
//! gets [discrete noise](super::discrete_gaussian). Each number is half the sum of four normal ones, as in
//! Opacus' secure mode (after Holohan and Braghin 2021, arXiv:2107.10138), so that a released number does
//! not determine the uniform ones that it was made from. That this suffices is not verified.

use std::f64::consts::TAU;

use super::noise::NoiseRng;

/// `count` numbers from N(0, `deviation`^2).
pub fn gaussian_noise(count: usize, deviation: f64, rng: &mut NoiseRng) -> Vec<f32> {
    let mut numbers = Vec::with_capacity(count + 1);
    while numbers.len() < count {
        let (mut left, mut right) = (0.0, 0.0);
        for _ in 0..4 {
            // Box and Muller: a pair of independent normal numbers.
            let radius = (-2.0 * libm::log(rng.unit())).sqrt();
            let (sin, cos) = libm::sincos(TAU * rng.unit());
            left += radius * cos;
            right += radius * sin;
        }
        numbers.push((0.5 * deviation * left) as f32);
        numbers.push((0.5 * deviation * right) as f32);
    }
    numbers.truncate(count);
    numbers
}
