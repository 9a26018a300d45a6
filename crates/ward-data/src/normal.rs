//! Two normal classes: what of their distance becomes of scores.

use std::f64::consts::{FRAC_1_SQRT_2, SQRT_2};

use ward_core::{Estimate, Evaluation, metric::name};

/// The share of a standard normal below `x`.
pub(crate) fn below(x: f64) -> f64 {
    0.5 * libm::erfc(-x * FRAC_1_SQRT_2)
}

/// The AUC where log-likelihood ratios are normal, `dprime` deviations apart: Phi(d' / sqrt 2).
pub(crate) fn auc(dprime: f64) -> f64 {
    below(dprime / SQRT_2)
}

/// The balanced accuracy of the rule that cuts half-way between the classes: Phi(d' / 2).
pub(crate) fn balanced_accuracy(dprime: f64) -> f64 {
    below(dprime / 2.0)
}

/// Scores that are known exactly, told of `n` cases.
pub(crate) fn exactly(auc: f64, balanced_accuracy: f64, n: usize) -> Evaluation {
    let known = |value| Estimate {
        value,
        n: n as u64,
        standard_error: 0.0,
    };
    let scores = [
        (name::AUC, auc),
        (name::BALANCED_ACCURACY, balanced_accuracy),
    ];
    Evaluation(
        scores
            .map(|(name, value)| (name.to_owned(), known(value)))
            .into(),
    )
}
