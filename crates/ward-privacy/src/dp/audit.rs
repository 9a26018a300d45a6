//! Lower bounds on epsilon, from what an attacker finds in releases.
//!
//! A bound above what the accountant says proves that noise or clipping is not what it should be.

use super::gaussian;
use super::special::{binomial_between, smallest, upper_quantile};

/// How often an attacker, who says whether a canary was in a release, was right and wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guesses {
    /// Releases without the canary.
    pub without: u64,
    /// Of those, the ones in which it was suspected.
    pub false_alarms: u64,
    /// Releases with the canary.
    pub with: u64,
    /// Of those, the ones in which it was missed.
    pub missed: u64,
}

impl Guesses {
    /// Counts a release: whether the canary was in it, and whether that was suspected.
    pub fn count(&mut self, present: bool, suspected: bool) {
        if present {
            self.with += 1;
            self.missed += u64::from(!suspected);
        } else {
            self.without += 1;
            self.false_alarms += u64::from(suspected);
        }
    }

    /// The epsilon at `delta` that the release has at least, with probability `confidence`, given that its noise
    /// is Gaussian and the attacker's threshold was fixed beforehand (after Nasr et al. 2023, arXiv:2302.07956).
    #[must_use]
    pub fn epsilon(&self, delta: f64, confidence: f64) -> f64 {
        let doubt = (1.0 - confidence) / 2.0;
        let alarms = highest_rate(self.false_alarms, self.without, doubt);
        let missed = highest_rate(self.missed, self.with, doubt);
        if alarms >= 1.0 || missed >= 1.0 {
            return 0.0;
        }
        // Of the two Gaussians that are told apart with these errors, the distance over the deviation.
        let mu = upper_quantile(alarms) + upper_quantile(missed);
        if mu > 0.0 {
            gaussian::epsilon(mu, delta)
        } else {
            0.0
        }
    }
}

/// The highest rate at which so few of `trials` still have probability `doubt` (Clopper and Pearson 1934).
fn highest_rate(found: u64, trials: u64, doubt: f64) -> f64 {
    if found >= trials {
        return 1.0;
    }
    smallest(0.0, 1.0, |rate| {
        binomial_between(trials, rate, 0, found) <= doubt
    })
}

/// The epsilon that one run shows at 95 % confidence: `canaries` records were each in or out by a fair coin,
/// of `guesses` about them `right` were right (Steinke, Nasr and Jagielski 2023, arXiv:2305.08846). Loose: it
/// would not notice noise of half the size.
#[must_use]
pub fn one_run(canaries: u64, guesses: u64, right: u64, delta: f64) -> f64 {
    let p_value = |epsilon: f64| {
        let rate = 1.0 / (1.0 + libm::exp(-epsilon));
        let as_good = binomial_between(guesses, rate, right, guesses);
        let (mut sum, mut worst) = (0.0, 0.0_f64);
        for fewer in 1..=right {
            sum += binomial_between(guesses, rate, right - fewer, right - fewer);
            worst = worst.max(sum / fewer as f64);
        }
        as_good + 2.0 * canaries as f64 * delta * worst
    };
    if p_value(0.0) >= 0.05 {
        return 0.0;
    }
    smallest(0.0, 36.0, |epsilon| p_value(epsilon) >= 0.05)
}
