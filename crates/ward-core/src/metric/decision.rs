//! What acting on a score gives.

use super::{share_beyond, split};
use crate::Estimate;

/// The largest specificity at a sensitivity of at least `sensitivity`; positive is who scores at the
/// threshold or above. Binomial standard error; `None` where a class is empty or a score is NaN.
#[must_use]
pub fn specificity_at(scores: &[f32], labels: &[u8], sensitivity: f64) -> Option<Estimate> {
    let (positive, negative) = split(scores, labels)?;
    // The same question with the classes changed round: how many fall below the lowest positives.
    let turned = |scores: Vec<f32>| scores.into_iter().map(|s| -s).collect::<Vec<f32>>();
    Some(share_beyond(
        turned(positive),
        &turned(negative),
        sensitivity,
    ))
}

/// What treating those at or above `threshold` is worth, in true positives a case (Vickers and Elkin
/// 2006); a false positive costs threshold / (1 − threshold) of one:
///
///   net benefit = TP / n − FP / n · t / (1 − t)
///
/// Standard error of the mean over cases, so that hospitals' net benefits combine as their cases do.
/// `None` without cases, and where the threshold is not between 0 and 1.
#[must_use]
pub fn net_benefit(probabilities: &[f32], labels: &[u8], threshold: f64) -> Option<Estimate> {
    let treated = |p: f32| f64::from(p) >= threshold;
    benefit(probabilities.iter().map(|&p| treated(p)), labels, threshold)
}

/// The net benefit of treating everybody, which a model must exceed; treating nobody has 0.
#[must_use]
pub fn net_benefit_of_all(labels: &[u8], threshold: f64) -> Option<Estimate> {
    benefit(labels.iter().map(|_| true), labels, threshold)
}

fn benefit(treated: impl Iterator<Item = bool>, labels: &[u8], threshold: f64) -> Option<Estimate> {
    if !(threshold > 0.0 && threshold < 1.0) {
        return None;
    }
    let worth = |(treated, &label): (bool, &u8)| match (treated, label > 0) {
        (false, _) => 0.0,
        (true, true) => 1.0,
        (true, false) => -threshold / (1.0 - threshold),
    };
    Estimate::mean(&treated.zip(labels).map(worth).collect::<Vec<_>>())
}

/// Decisions at one threshold, counted. Those of several hospitals add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Decisions {
    /// Positive cases that score at the threshold or above.
    pub found: u64,
    /// Positive cases.
    pub positive: u64,
    /// Negative cases below the threshold.
    pub cleared: u64,
    /// Negative cases.
    pub negative: u64,
}

impl Decisions {
    /// Of these cases at `threshold`. A score that is NaN is below every threshold.
    #[must_use]
    pub fn at(scores: &[f32], labels: &[u8], threshold: f64) -> Self {
        let mut all = Self::default();
        for (&score, &label) in scores.iter().zip(labels) {
            let called = f64::from(score) >= threshold;
            if label > 0 {
                all.positive += 1;
                all.found += u64::from(called);
            } else {
                all.negative += 1;
                all.cleared += u64::from(!called);
            }
        }
        all
    }

    /// These cases and those of `other`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            found: self.found + other.found,
            positive: self.positive + other.positive,
            cleared: self.cleared + other.cleared,
            negative: self.negative + other.negative,
        }
    }
}

/// The threshold that comes nearest to a sensitivity and a specificity, or exceeds them the most:
/// the score at which the smaller of the two margins is largest; of equal ones the highest score.
/// `None` where a class is empty or a score is NaN.
#[must_use]
pub fn threshold_for(
    scores: &[f32],
    labels: &[u8],
    sensitivity: f64,
    specificity: f64,
) -> Option<f64> {
    let (positive, negative) = split(scores, labels)?;
    let mut cases: Vec<(f32, bool)> = positive.iter().map(|&s| (s, true)).collect();
    cases.extend(negative.iter().map(|&s| (s, false)));
    cases.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (all, none) = (positive.len() as f64, negative.len() as f64);
    let (mut found, mut called) = (0.0, 0.0);
    let mut best: Option<(f64, f32)> = None;
    for (place, &(score, is_positive)) in cases.iter().enumerate() {
        let of = if is_positive { &mut found } else { &mut called };
        *of += 1.0;
        if cases.get(place + 1).is_some_and(|next| next.0 == score) {
            continue; // those of one score are called together
        }
        let margin = (found / all - sensitivity).min(1.0 - called / none - specificity);
        if best.is_none_or(|(largest, _)| margin > largest) {
            best = Some((margin, score));
        }
    }
    best.map(|(_, score)| f64::from(score))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::sensitivity_at;
    use proptest::prelude::*;

    #[test]
    fn specificity_is_read_at_the_asked_sensitivity() {
        // Nine of ten positives score .3 or more; of the four negatives three score less.
        let scores = [
            0.1, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.9, 1.0, 0.0, 0.2, 0.25, 0.3,
        ];
        let labels = [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0];
        assert_eq!(specificity_at(&scores, &labels, 0.9).unwrap().value, 0.75);
        assert_eq!(specificity_at(&scores, &labels, 0.91).unwrap().value, 0.25);
        assert_eq!(specificity_at(&scores, &[1; 14], 0.9), None);
    }

    #[test]
    fn decisions_are_counted_at_a_threshold() {
        let (p, y) = ([0.1, 0.5, 0.5, 0.9, 0.2], [0, 0, 1, 1, 1]);
        let got = Decisions::at(&p, &y, 0.5);
        let expected = Decisions {
            found: 2,
            positive: 3,
            cleared: 1,
            negative: 2,
        };
        assert_eq!(got, expected);
        assert_eq!(Decisions::default().and(got), got);
        assert_eq!(got.and(got).positive, 6);
    }

    #[test]
    fn the_threshold_balances_two_margins() {
        // Calling .6 and above: 3 of 4 found, 3 of 4 cleared; .5: 4 and 2; .8: 2 and 4; .9: 1 and 4.
        let p = [0.9, 0.8, 0.6, 0.5, 0.65, 0.55, 0.3, 0.2];
        let y = [1, 1, 1, 1, 0, 0, 0, 0];
        assert_eq!(threshold_for(&p, &y, 0.75, 0.75), Some(f64::from(0.6_f32)));
        // Sensitivity is asked for first: everybody must be found.
        assert_eq!(threshold_for(&p, &y, 1.0, 0.0), Some(0.5));
        // Of equal margins, the highest score.
        assert_eq!(threshold_for(&p, &y, 0.0, 1.0), Some(f64::from(0.9_f32)));
        assert_eq!(threshold_for(&p, &[1; 8], 0.9, 0.9), None);
    }

    #[test]
    fn net_benefit_by_hand() {
        // At .2 a false positive costs a quarter: (2 − 1/4) / 4, and (2 − 2/4) / 4 for all.
        let (p, y) = ([0.1, 0.2, 0.3, 0.9], [0, 0, 1, 1]);
        assert_eq!(net_benefit(&p, &y, 0.2).unwrap().value, 0.4375);
        assert_eq!(net_benefit_of_all(&y, 0.2).unwrap().value, 0.375);
        for wrong in [0.0, 1.0, f64::NAN] {
            assert_eq!(net_benefit(&p, &y, wrong), None);
        }
        assert_eq!(net_benefit(&[], &[], 0.2), None);
    }

    fn cases() -> impl Strategy<Value = (Vec<f32>, Vec<u8>)> {
        let cases = prop::collection::vec((0_u8..=20, 0_u8..2), 1..60);
        cases.prop_map(|cases| cases.iter().map(|&(p, y)| (f32::from(p) / 20.0, y)).unzip())
    }

    proptest! {
        #[test]
        fn specificity_is_the_best_that_any_threshold_gives(
            (scores, labels) in cases(), asked in 0.0_f64..=1.0,
        ) {
            let share = |class: u8, at_least: f32| {
                let of = || scores.iter().zip(&labels).filter(|(_, y)| **y == class);
                of().filter(|(s, _)| **s >= at_least).count() as f64 / of().count() as f64
            };
            let Some(got) = specificity_at(&scores, &labels, asked) else {
                return Ok(());
            };
            let enough = scores.iter().filter(|&&t| share(1, t) >= asked);
            let best = enough.map(|&t| 1.0 - share(0, t)).fold(0.0, f64::max);
            // Nobody is asked to find no positive at all.
            prop_assert!(got.value <= best + 1e-12);
            if asked > 0.0 {
                prop_assert!((got.value - best).abs() < 1e-12, "{} {}", got.value, best);
            }
        }

        #[test]
        fn classes_that_change_round_change_round_both_measures(
            (scores, labels) in cases(), asked in 0.0_f64..=1.0,
        ) {
            let turned: Vec<f32> = scores.iter().map(|s| -s).collect();
            let other: Vec<u8> = labels.iter().map(|y| 1 - y).collect();
            prop_assert_eq!(
                specificity_at(&scores, &labels, asked),
                sensitivity_at(&turned, &other, asked)
            );
        }

        #[test]
        fn no_threshold_has_a_larger_smallest_margin(
            (scores, labels) in cases(), sens in 0.0_f64..1.0, spec in 0.0_f64..1.0,
        ) {
            let margin = |threshold: f64| {
                let d = Decisions::at(&scores, &labels, threshold);
                let sensitivity = d.found as f64 / d.positive as f64;
                (sensitivity - sens).min(d.cleared as f64 / d.negative as f64 - spec)
            };
            let Some(chosen) = threshold_for(&scores, &labels, sens, spec) else {
                return Ok(());
            };
            let best = scores.iter().map(|&t| margin(t.into())).fold(f64::MIN, f64::max);
            prop_assert!((margin(chosen) - best).abs() < 1e-12);
        }

        #[test]
        fn no_rule_beats_knowing((p, y) in cases(), threshold in 0.01_f64..0.99) {
            let known: Vec<f32> = y.iter().map(|&y| y.into()).collect();
            let best = net_benefit(&known, &y, threshold).unwrap();
            let prevalence = y.iter().filter(|y| **y > 0).count() as f64 / y.len() as f64;
            prop_assert!((best.value - prevalence).abs() < 1e-12);
            prop_assert!(net_benefit(&p, &y, threshold).unwrap().value <= best.value + 1e-12);
        }
    }
}
