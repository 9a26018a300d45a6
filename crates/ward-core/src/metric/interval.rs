//! 95 % intervals for shares that a decision hangs on.
//!
//! [`Estimate::interval`](crate::Estimate::interval) is enough to draw; where a bound decides, the
//! normal interval is too short near 0 and 1.

/// The 97.5 % point of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;
/// What either side of an exact interval may leave out.
const TAIL: f64 = 0.025;
/// Halvings: more than a double can tell apart.
const HALVINGS: usize = 60;

/// Wilson's score interval for `part` of `whole` (Wilson 1927): right on average, and sometimes a
/// little too short. 0 to 1 where `whole` is 0.
#[must_use]
pub fn wilson(part: u64, whole: u64) -> (f64, f64) {
    if whole == 0 {
        return (0.0, 1.0);
    }
    let (k, n) = (part.min(whole) as f64, whole as f64);
    let middle = (k + Z * Z / 2.0) / (n + Z * Z);
    let half = Z / (n + Z * Z) * (k * (n - k) / n + Z * Z / 4.0).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}

/// Clopper and Pearson's interval for `part` of `whole` (1934): exact tails of the binomial
/// distribution, so that it holds the truth at least 95 times of 100, whatever the truth is. 0 to 1
/// where `whole` is 0.
#[must_use]
pub fn clopper_pearson(part: u64, whole: u64) -> (f64, f64) {
    let part = part.min(whole);
    (low(part, whole), 1.0 - low(whole - part, whole))
}

/// The largest share at which `part` or more of `whole` are no likelier than [`TAIL`].
fn low(part: u64, whole: u64) -> f64 {
    if part == 0 {
        return 0.0;
    }
    let (mut low, mut high) = (0.0, part as f64 / whole as f64);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        match at_least(part, whole, middle) < TAIL {
            true => low = middle,
            false => high = middle,
        }
    }
    low
}

/// The probability of `part` or more of `whole` at `share`, between 0 and 1.
fn at_least(part: u64, whole: u64, share: f64) -> f64 {
    let n = whole as f64;
    let (log_in, log_out) = (libm::log(share), libm::log1p(-share));
    let log_term = |k: f64| {
        libm::lgamma(n + 1.0) - libm::lgamma(k + 1.0) - libm::lgamma(n - k + 1.0)
            + k * log_in
            + (n - k) * log_out
    };
    let terms = (part..=whole).map(|k| libm::exp(log_term(k as f64)));
    terms.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(got: (f64, f64), expected: (f64, f64)) {
        let apart = (got.0 - expected.0).abs().max((got.1 - expected.1).abs());
        assert!(apart < 6e-5, "{got:?} {expected:?}");
    }

    #[test]
    fn newcombe_s_examples() {
        // Newcombe 1998, table I: methods 3 and 5 of 81/263 and 15/148.
        close(wilson(81, 263), (0.2553, 0.3662));
        close(clopper_pearson(81, 263), (0.2527, 0.3676));
        close(wilson(15, 148), (0.0624, 0.1605));
        close(clopper_pearson(15, 148), (0.0578, 0.1617));
    }

    #[test]
    fn none_and_all_have_closed_forms() {
        // (1 − p)^n = .025.
        let edge = 1.0 - 0.025_f64.powf(1.0 / 20.0);
        close(clopper_pearson(0, 20), (0.0, edge));
        close(clopper_pearson(20, 20), (1.0 - edge, 1.0));
        // z² / (n + z²).
        close(wilson(0, 20), (0.0, 0.1611));
        assert_eq!(
            (wilson(0, 0), clopper_pearson(0, 0)),
            ((0.0, 1.0), (0.0, 1.0))
        );
    }

    /// How often the interval holds `share`, all outcomes of `n` weighed by their probability.
    fn coverage(interval: fn(u64, u64) -> (f64, f64), n: u64, share: f64) -> f64 {
        let mut probability = (1.0 - share).powi(n as i32);
        let mut held = 0.0;
        for k in 0..=n {
            let (low, high) = interval(k, n);
            if (low..=high).contains(&share) {
                held += probability;
            }
            probability *= (n - k) as f64 / (k + 1) as f64 * share / (1.0 - share);
        }
        held
    }

    #[test]
    fn the_exact_interval_always_covers_and_the_other_on_average() {
        let shares: Vec<f64> = (1..50).map(|i| f64::from(i) / 50.0).collect();
        let exact = shares.iter().map(|&p| coverage(clopper_pearson, 40, p));
        assert!(exact.clone().all(|covered| covered >= 0.95 - 1e-9));
        let mean = shares.iter().map(|&p| coverage(wilson, 40, p)).sum::<f64>() / 49.0;
        assert!((mean - 0.95).abs() < 0.01, "{mean}");
    }

    proptest! {
        #[test]
        fn the_share_lies_inside_and_failures_mirror_successes(n in 1_u64..400, k in 0_u64..400) {
            let k = k.min(n);
            let share = k as f64 / n as f64;
            for interval in [wilson, clopper_pearson] {
                let (low, high) = interval(k, n);
                prop_assert!(0.0 <= low && low <= share + 1e-12 && share <= high + 1e-12 && high <= 1.0);
                let (other_low, other_high) = interval(n - k, n);
                prop_assert!((low + other_high - 1.0).abs() < 1e-9);
                prop_assert!((high + other_low - 1.0).abs() < 1e-9);
            }
        }
    }
}
