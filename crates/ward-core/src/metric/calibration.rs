//! Whether predicted probabilities can be believed.

use crate::Estimate;

/// Bins of predicted probability, all of one width.
pub const BINS: usize = 10;
/// The logit of a probability is taken as if it were this far from 0 and 1 at least.
const EDGE: f64 = 1e-7;
/// Newton steps after which there is no best line.
const STEPS: usize = 50;

/// The mean of (p − y)² over cases, with its standard error (Brier 1950). 0 is best, .25 what one
/// gets for always saying one half. `None` without cases, and where a probability is not one.
#[must_use]
pub fn brier(probabilities: &[f32], labels: &[u8]) -> Option<Estimate> {
    if !are_probabilities(probabilities) {
        return None;
    }
    let cases = probabilities.iter().zip(labels);
    let squares = cases.map(|(&p, &label)| (f64::from(p) - outcome(label)).powi(2));
    Estimate::mean(&squares.collect::<Vec<_>>())
}

/// What was predicted and what came, by tenths of the predicted probability. Those of several
/// hospitals add up.
///
/// **What it releases.** For each tenth, how many cases there are, how many of them are positive and
/// the sum of their predictions; of a hospital with few cases that may tell single ones.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Reliability {
    bins: [Bin; BINS],
}

#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Bin {
    cases: u64,
    positive: u64,
    predicted: f64,
}

impl Reliability {
    /// Of these cases. `None` where a probability is not one.
    #[must_use]
    pub fn of(probabilities: &[f32], labels: &[u8]) -> Option<Self> {
        let mut all = Self::default();
        for (&p, &label) in probabilities.iter().zip(labels) {
            let bin = &mut all.bins[((f64::from(p) * BINS as f64) as usize).min(BINS - 1)];
            bin.cases += 1;
            bin.positive += u64::from(label > 0);
            bin.predicted += f64::from(p);
        }
        are_probabilities(probabilities).then_some(all)
    }

    /// These cases and those of `other`.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        for (bin, more) in self.bins.iter_mut().zip(&other.bins) {
            bin.cases += more.cases;
            bin.positive += more.positive;
            bin.predicted += more.predicted;
        }
        self
    }

    /// The expected calibration error (Guo et al. 2017, arXiv:1706.04599, equation 3, with
    /// [`BINS`] bins): how far mean prediction and share of positives are apart in a bin, the bins
    /// weighted by their cases. `None` without cases.
    #[must_use]
    pub fn error(&self) -> Option<f64> {
        let cases: u64 = self.bins.iter().map(|bin| bin.cases).sum();
        let apart = |bin: &Bin| (bin.predicted - bin.positive as f64).abs();
        (cases > 0).then(|| self.bins.iter().map(apart).sum::<f64>() / cases as f64)
    }
}

/// The line that would calibrate the predictions (Cox 1958; Van Calster et al. 2019):
///
///   logit P(y = 1) = intercept + slope · logit p
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Recalibration {
    /// Above 0, risks are predicted too low on the whole.
    pub intercept: Estimate,
    /// Below 1, predictions are too extreme.
    pub slope: Estimate,
}

impl Recalibration {
    /// The line of greatest likelihood, with standard errors from the information there. `None`
    /// where there is no one line: one class, one prediction, or classes that do not overlap.
    #[must_use]
    pub fn of(probabilities: &[f32], labels: &[u8]) -> Option<Self> {
        if !are_probabilities(probabilities) {
            return None;
        }
        let cases = probabilities.iter().zip(labels);
        let cases: Vec<(f64, f64)> = cases
            .map(|(&p, &label)| (logit(f64::from(p)), outcome(label)))
            .collect();
        let mut line = [0.0, 1.0];
        for _ in 0..STEPS {
            let ([first, second], [a, b, c]) = score_and_information(&cases, line);
            let determinant = a * c - b * b;
            if determinant <= 1e-12 * a * c {
                return None;
            }
            let step = [
                (c * first - b * second) / determinant,
                (a * second - b * first) / determinant,
            ];
            // A Newton step from afar may overshoot; no line that matters is ten away.
            let far = step[0].abs().max(step[1].abs()).max(1.0);
            line = [line[0] + step[0] / far, line[1] + step[1] / far];
            if step[0].abs().max(step[1].abs()) < 1e-10 {
                let of = |value, variance: f64| Estimate {
                    value,
                    n: cases.len() as u64,
                    standard_error: variance.sqrt(),
                };
                return Some(Self {
                    intercept: of(line[0], c / determinant),
                    slope: of(line[1], a / determinant),
                });
            }
        }
        None
    }
}

/// The log-likelihood's gradient, and its negative second derivatives: intercept twice, both, slope
/// twice.
fn score_and_information(cases: &[(f64, f64)], line: [f64; 2]) -> ([f64; 2], [f64; 3]) {
    let (mut score, mut information) = ([0.0; 2], [0.0; 3]);
    for &(x, y) in cases {
        let p = 1.0 / (1.0 + libm::exp(-(line[0] + line[1] * x)));
        let weight = p * (1.0 - p);
        score[0] += y - p;
        score[1] += (y - p) * x;
        information[0] += weight;
        information[1] += weight * x;
        information[2] += weight * x * x;
    }
    (score, information)
}

fn logit(p: f64) -> f64 {
    let p = p.clamp(EDGE, 1.0 - EDGE);
    libm::log(p / (1.0 - p))
}

fn outcome(label: u8) -> f64 {
    f64::from(u8::from(label > 0))
}

/// Whether all of them lie between 0 and 1, and none is NaN.
fn are_probabilities(numbers: &[f32]) -> bool {
    numbers.iter().all(|p| (0.0..=1.0).contains(p))
}

#[cfg(test)]
mod tests;
