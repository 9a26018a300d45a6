//! The losses of many steps together.
//!
//! A window is chosen that the sum of all losses leaves with a probability that Chernoff's bound puts below
//! [`OUTSIDE`]; within it the transform may wrap around.

use realfft::RealFftPlanner;
use realfft::num_complex::Complex;

use super::losses::Losses;

/// What may fall outside of the window, at each end.
const OUTSIDE: f64 = 1e-15;

/// The most points that a window may take: where it takes more, nothing is said.
const MOST_WIDTH: f64 = 4_194_304.0;

/// Steps of one kind.
#[derive(Debug)]
pub(super) struct Part {
    /// One step's losses.
    pub(super) losses: Losses,
    /// How many there are.
    pub(super) count: u64,
}

/// The losses of all parts together, whose grids have this spacing.
pub(super) fn compose(parts: &[Part], spacing: f64) -> Losses {
    if let [Part { losses, count: 1 }] = parts {
        return losses.clone();
    }
    let total = |of: &dyn Fn(&Losses) -> f64| -> f64 {
        parts
            .iter()
            .map(|part| part.count as f64 * of(&part.losses))
            .sum()
    };
    let (low, high) = window(parts);
    let width = (high - low) / spacing;
    if width.is_nan() || width > MOST_WIDTH {
        return Losses::without_limit();
    }
    let low = (low / spacing).floor() as i64;
    let length = (width as usize + 3).next_power_of_two();
    let steps = total(&|_| 1.0);
    // Rounding is relative to the largest sum of the transform, which is 1, once for each step.
    let rounding = f64::EPSILON * f64::from(length.ilog2()) * steps;
    let infinite = total(&|losses| losses.infinite) + 2.0 * OUTSIDE + rounding;
    let first = parts
        .iter()
        .map(|part| i128::from(part.losses.first) * i128::from(part.count));
    let first: i128 = first.sum();
    let mut masses = power(parts, length);
    // The transform's first mass is at `first`, or any multiple of its length from there.
    let turn = (i128::from(low) - first).rem_euclid(length as i128);
    masses.rotate_left(turn as usize);
    masses.iter_mut().for_each(|mass| *mass = mass.max(0.0));
    Losses {
        spacing,
        first: low,
        masses,
        infinite: infinite.min(1.0),
    }
}

/// The circular convolution of all steps.
fn power(parts: &[Part], length: usize) -> Vec<f64> {
    let mut planner = RealFftPlanner::<f64>::new();
    let (forward, inverse) = (
        planner.plan_fft_forward(length),
        planner.plan_fft_inverse(length),
    );
    let mut product = vec![Complex::new(1.0, 0.0); length / 2 + 1];
    for Part { losses, count } in parts {
        let mut folded = forward.make_input_vec();
        for (index, mass) in losses.masses.iter().enumerate() {
            folded[index % length] += mass;
        }
        let mut spectrum = forward.make_output_vec();
        forward.process(&mut folded, &mut spectrum).expect(LENGTHS);
        for (product, factor) in product.iter_mut().zip(spectrum) {
            *product *= to_the(factor, *count);
        }
    }
    // The transform of real numbers has real ends.
    for end in [0, length / 2] {
        product[end].im = 0.0;
    }
    let mut masses = inverse.make_output_vec();
    inverse.process(&mut product, &mut masses).expect(LENGTHS);
    masses.iter_mut().for_each(|mass| *mass /= length as f64);
    masses
}

const LENGTHS: &str = "the planner made these vectors";

fn to_the(mut base: Complex<f64>, mut count: u64) -> Complex<f64> {
    let mut power = Complex::new(1.0, 0.0);
    while count > 0 {
        if count % 2 == 1 {
            power *= base;
        }
        base *= base;
        count /= 2;
    }
    power
}

/// What the sum of all losses keeps to but for [`OUTSIDE`] at each end.
fn window(parts: &[Part]) -> (f64, f64) {
    let (mut mean, mut variance, mut least, mut most) = (0.0, 0.0, 0.0, 0.0);
    for Part { losses, count } in parts {
        let count = *count as f64;
        let (m, v) = losses.moments();
        mean += count * m;
        variance += count * v;
        least += count * losses.at(0);
        most += count * losses.at(losses.masses.len() - 1);
    }
    let ln_outside = libm::log(OUTSIDE);
    let deviation = variance.sqrt();
    // The best tilt for a normal sum, the best for a sum that one large loss makes, and some between.
    let normal = (-2.0 * ln_outside).sqrt() / deviation;
    let largest = parts.iter().map(|part| part.losses.largest());
    let single = (-ln_outside / largest.fold(0.0, f64::max)).min(normal);
    let tilts = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0].map(|t| single * (normal / single).powf(t));
    let reach = |sign: f64| {
        // P[sign (S - mean) > r] <= E exp(tilt sign (S - mean)) / exp(tilt r).
        let reaches = tilts
            .iter()
            .map(|tilt| (ln_mean_exp(parts, sign * tilt) - sign * tilt * mean - ln_outside) / tilt);
        reaches
            .filter(|reach| reach.is_finite())
            .fold(f64::INFINITY, f64::min)
    };
    let low = (mean - reach(-1.0)).max(least);
    let high = (mean + reach(1.0)).min(most);
    (low, high)
}

/// ln E exp(tilt S) of the finite losses.
fn ln_mean_exp(parts: &[Part], tilt: f64) -> f64 {
    let ln_one = |losses: &Losses| {
        let mean: f64 = losses
            .points()
            .map(|(loss, mass)| mass * libm::exp(tilt * loss))
            .sum();
        libm::log(mean)
    };
    parts
        .iter()
        .map(|part| part.count as f64 * ln_one(&part.losses))
        .sum()
}
