//! The normal distribution's quantile, and white noise.

use rand_distr::{Distribution, StandardNormal};
use ward_core::Seed;

/// Φ⁻¹(p): where a standard normal variable lies below with probability `p`; `None` unless `p` lies
/// strictly between 0 and 1.
///
/// By bisection of Φ(x) = erfc(−x / √2) / 2: slow, short, and as exact as `f64`.
pub(super) fn quantile(p: f64) -> Option<f64> {
    if !(p > 0.0 && p < 1.0) {
        return None;
    }
    let below = |x: f64| libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2) / 2.0;
    // Φ(−39) is below the smallest `f64`, and Φ(9) rounds to 1.
    let (mut low, mut high) = (-39.0, 9.0);
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return Some(middle);
        }
        if below(middle) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// `len` independent draws of N(0, `deviation`²) at `place`.
pub(super) fn white_noise(len: usize, deviation: f64, place: Seed) -> Vec<f64> {
    let mut rng = place.stream();
    let mut draw = || -> f64 { StandardNormal.sample(&mut rng) };
    (0..len).map(|_| deviation * draw()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_the_table_s() {
        for (p, x) in [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (0.025, -1.959_963_984_540_054),
            (1e-10, -6.361_340_902_404_056),
        ] {
            let got = quantile(p).unwrap();
            assert!((got - x).abs() < 1e-12, "{p}: {got} is not {x}");
        }
        assert_eq!(quantile(0.0), None);
        assert_eq!(quantile(1.0), None);
        assert_eq!(quantile(f64::NAN), None);
    }

    #[test]
    fn noise_has_the_deviation_asked_for_and_an_address() {
        let place = Seed::run(3);
        let noise = white_noise(10_000, 2.5, place);
        let square = noise.iter().map(|v| v * v).sum::<f64>() / 10_000.0;
        assert!((square.sqrt() - 2.5).abs() < 0.1, "{square}");
        assert_eq!(noise[..10], white_noise(10, 2.5, place));
        assert_ne!(noise[..10], white_noise(10, 2.5, Seed::run(4)));
    }
}
