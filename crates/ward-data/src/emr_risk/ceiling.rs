//! The best possible, by quadrature: beta . z is normal with variance |beta|^2, and nothing else
//! tells the classes apart.

use super::{BETA, INTERCEPT};

/// Exact figures of the scenario.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quadrature {
    /// Area under the ROC curve of the Bayes rule.
    pub auc: f64,
    /// Accuracy of the Bayes rule.
    pub accuracy: f64,
    /// Share of positives.
    pub prevalence: f64,
}

/// The figures for weights `scale * beta` in a hospital with prevalence shift `shift` (logit).
///
/// AUC = P(score of a positive > score of a negative), with the score's density weighted by
/// sigma(.) and 1 - sigma(.); midpoint rule over ten deviations, 8,000 points.
#[must_use]
pub fn quadrature(scale: f64, shift: f64) -> Quadrature {
    const POINTS: usize = 8_000;
    const REACH: f64 = 10.0;
    let deviation = scale * BETA.iter().map(|b| b * b).sum::<f64>().sqrt();
    let width = 2.0 * REACH / POINTS as f64;
    let (mut positive, mut negative, mut right, mut wins) = (0.0, 0.0, 0.0, 0.0);
    for i in 0..POINTS {
        let t = -REACH + (i as f64 + 0.5) * width;
        let density = (-t * t / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt() * width;
        let risk = super::sigmoid(deviation * t + INTERCEPT + shift);
        let (p, q) = (density * risk, density * (1.0 - risk));
        wins += p * (negative + q / 2.0);
        positive += p;
        negative += q;
        right += p.max(q);
    }
    Quadrature {
        auc: wins / (positive * negative),
        accuracy: right,
        prevalence: positive,
    }
}
