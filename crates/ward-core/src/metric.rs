//! Metrics: values with their n and standard error, and the formulas that make them from scores.

pub mod access;
pub mod calibration;
pub mod decision;
pub mod interval;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A measured value, how many cases it rests on, and its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// The value.
    pub value: f64,
    /// Cases it rests on.
    pub n: u64,
    /// Its standard error.
    pub standard_error: f64,
}

impl Estimate {
    /// The mean of hospitals' estimates, weighted by their cases; errors add in quadrature.
    /// `None` when there is nothing to combine.
    #[must_use]
    pub fn combine<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        let (mut n, mut sum, mut variance) = (0_u64, 0.0, 0.0);
        for part in parts {
            let weight = part.n as f64;
            n = n.saturating_add(part.n);
            sum += weight * part.value;
            variance += (weight * part.standard_error).powi(2);
        }
        (n > 0).then(|| Self {
            value: sum / n as f64,
            n,
            standard_error: variance.sqrt() / n as f64,
        })
    }

    /// The mean of `values` with the standard error of the mean.
    #[must_use]
    pub fn mean(values: &[f64]) -> Option<Self> {
        let n = values.len() as f64;
        if values.is_empty() {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        Some(Self {
            value: mean,
            n: values.len() as u64,
            standard_error: (variance / n).sqrt(),
        })
    }

    /// The share of `part` in `whole`, told of `n` cases, with the binomial standard error. Where
    /// all or none are part, that formula says 0, which nobody may believe; there the share is moved
    /// by two successes and two failures first (Agresti and Coull 1998).
    #[must_use]
    pub fn share(part: u64, whole: u64, n: u64) -> Self {
        let (found, all) = (part as f64, whole.max(1) as f64);
        let error = |share: f64, of: f64| (share * (1.0 - share) / of).sqrt();
        Self {
            value: found / all,
            n,
            standard_error: if part == 0 || part == whole {
                error((found + 2.0) / (all + 4.0), all + 4.0)
            } else {
                error(found / all, all)
            },
        }
    }

    /// Whether it could be of real cases. Sums over any number of sound estimates stay finite, so
    /// one hospital cannot spoil the story of all.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let largest = f64::from(f32::MAX);
        self.value.abs() <= largest
            && (0.0..=largest).contains(&self.standard_error)
            && self.n <= 1 << 40
    }

    /// The 95 % normal interval.
    #[must_use]
    pub fn interval(&self) -> (f64, f64) {
        let half = 1.959_963_984_540_054 * self.standard_error;
        (self.value - half, self.value + half)
    }
}

/// The names of the metrics, one word each, everywhere.
pub mod name {
    /// Mean log-loss.
    pub const LOSS: &str = "loss";
    /// Share of cases put in their class.
    pub const ACCURACY: &str = "accuracy";
    /// Mean over the classes of the share of each that is found.
    pub const BALANCED_ACCURACY: &str = "balanced_accuracy";
    /// Share of cases whose class is among the three that a model finds likeliest.
    pub const TOP_3: &str = "top_3_accuracy";
    /// Area under the ROC curve; ties count half.
    pub const AUC: &str = "auc";
    /// Sensitivity at specificity .90.
    pub const SENSITIVITY: &str = "sensitivity_at_specificity_90";
    /// What the names of the scores of a hospital's own model begin with: `personal_auc`.
    pub const PERSONAL: &str = "personal_";
    /// Specificity at sensitivity .90.
    pub const SPECIFICITY: &str = "specificity_at_sensitivity_90";
    /// Expected calibration error, ten bins.
    pub const CALIBRATION_ERROR: &str = "calibration_error";
    /// Slope of the line that would calibrate.
    pub const CALIBRATION_SLOPE: &str = "calibration_slope";
    /// Intercept of the line that would calibrate.
    pub const CALIBRATION_INTERCEPT: &str = "calibration_intercept";
    /// Mean of (p − y)².
    pub const BRIER: &str = "brier";
    /// Share of the test rows of other classes that a backdoor's trigger puts into its target's.
    pub const ATTACK_SUCCESS: &str = "attack_success";
}

/// A model's scores on one set of cases: metric name to estimate.
/// A metric that is undefined there (the AUC of one class) is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Evaluation(pub BTreeMap<String, Estimate>);

impl Evaluation {
    /// The estimate called `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Estimate> {
        self.0.get(name)
    }

    /// Several hospitals' evaluations as one: [`Estimate::combine`] metric by metric.
    #[must_use]
    pub fn combine<'a>(parts: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut found: BTreeMap<&String, Vec<&Estimate>> = BTreeMap::new();
        for (name, estimate) in parts.into_iter().flat_map(|part| &part.0) {
            found.entry(name).or_default().push(estimate);
        }
        let combined = found
            .into_iter()
            .filter_map(|(name, estimates)| Some((name.clone(), Estimate::combine(estimates)?)));
        Self(combined.collect())
    }

    /// The same scores as those of a hospital's own model.
    #[must_use]
    pub fn as_personal(&self) -> Self {
        let named = self.0.iter();
        let named = named.map(|(metric, e)| (format!("{}{metric}", name::PERSONAL), *e));
        Self(named.collect())
    }

    /// The scores of the common model and those of the hospital's own, both under their plain names.
    #[must_use]
    pub fn apart(&self) -> (Self, Self) {
        let (mut common, mut own) = (Self::default(), Self::default());
        for (metric, estimate) in &self.0 {
            let (of, metric) = match metric.strip_prefix(name::PERSONAL) {
                Some(metric) => (&mut own, metric),
                None => (&mut common, metric.as_str()),
            };
            of.0.insert(metric.to_owned(), *estimate);
        }
        (common, own)
    }

    /// Whether every estimate is sound and there are no more than anybody could want to see.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.0.len() <= 64 && self.0.values().all(Estimate::is_sound)
    }

    /// The evaluation of binary scores: [`name::AUC`] and [`name::SENSITIVITY`].
    /// Labels above 0 are positive. Absent where one class is empty.
    #[must_use]
    pub fn of_scores(scores: &[f32], labels: &[u8]) -> Self {
        let mut metrics = BTreeMap::new();
        if let Some(auc) = auc(scores, labels) {
            metrics.insert(name::AUC.to_owned(), auc);
        }
        if let Some(sensitivity) = sensitivity_at(scores, labels, 0.90) {
            metrics.insert(name::SENSITIVITY.to_owned(), sensitivity);
        }
        Self(metrics)
    }
}

/// The area under the ROC curve, ties counting half, with DeLong's standard error
/// (DeLong, DeLong and Clarke-Pearson 1988). Where that is blind (one case in a class, or classes
/// that do not overlap), Hanley and McNeil's (1982), with half a pair moved to the other side.
/// `None` when a class is empty or a score is NaN.
#[must_use]
pub fn auc(scores: &[f32], labels: &[u8]) -> Option<Estimate> {
    let (mut positive, mut negative) = split(scores, labels)?;
    positive.sort_by(f32::total_cmp);
    negative.sort_by(f32::total_cmp);
    let of_positive = placements(&positive, &negative);
    let of_negative = placements(&negative, &positive);
    let first = Estimate::mean(&of_positive)?;
    let second = Estimate::mean(&of_negative)?;
    let delong = first.standard_error.hypot(second.standard_error);
    let blind = delong == 0.0 || positive.len() == 1 || negative.len() == 1;
    Some(Estimate {
        value: first.value,
        n: labels.len() as u64,
        standard_error: if blind {
            hanley_mcneil(first.value, positive.len() as f64, negative.len() as f64)
        } else {
            delong
        },
    })
}

/// The standard error of an AUC under exponential scores, for any AUC and classes of any size.
fn hanley_mcneil(auc: f64, positive: f64, negative: f64) -> f64 {
    let pairs = positive * negative;
    let auc = (auc * pairs).clamp(0.5, (pairs - 0.5).max(0.5)) / pairs;
    let (one, two) = (auc / (2.0 - auc), 2.0 * auc * auc / (1.0 + auc));
    let square = auc * auc;
    let spread = (positive - 1.0) * (one - square) + (negative - 1.0) * (two - square);
    ((auc * (1.0 - auc) + spread) / pairs).sqrt()
}

/// The largest sensitivity at a specificity of at least `specificity`, binomial standard error.
#[must_use]
pub fn sensitivity_at(scores: &[f32], labels: &[u8], specificity: f64) -> Option<Estimate> {
    let (positive, negative) = split(scores, labels)?;
    Some(share_beyond(negative, &positive, specificity))
}

/// The lowest threshold at which so large a share of the negatives scores below.
#[must_use]
pub fn threshold_at(scores: &[f32], labels: &[u8], specificity: f64) -> Option<f64> {
    let (_, negative) = split(scores, labels)?;
    Some(unexceeded(negative, specificity).next_up().into())
}

/// The score that so large a share of `scores` does not exceed.
fn unexceeded(mut scores: Vec<f32>, share: f64) -> f32 {
    scores.sort_by(f32::total_cmp);
    let needed = (share * scores.len() as f64).ceil() as usize;
    scores[needed.clamp(1, scores.len()) - 1]
}

/// The share of `own` above the score that so large a share of the `others` does not exceed.
fn share_beyond(others: Vec<f32>, own: &[f32], share: f64) -> Estimate {
    let all = others.len() + own.len();
    let threshold = unexceeded(others, share);
    let found = own.iter().filter(|&&s| s > threshold).count();
    Estimate::share(found as u64, own.len() as u64, all as u64)
}

/// Whether a metric of that name lies between 0 and 1: all but the loss.
#[must_use]
pub fn is_share(metric: &str) -> bool {
    let metric = metric.strip_prefix(name::PERSONAL).unwrap_or(metric);
    metric.ends_with("accuracy")
        || [
            "auc",
            "accuracy",
            "sensitivity",
            "specificity",
            name::ATTACK_SUCCESS,
        ]
        .iter()
        .any(|word| metric.starts_with(word))
}

fn split(scores: &[f32], labels: &[u8]) -> Option<(Vec<f32>, Vec<f32>)> {
    let pick = |wanted: bool| -> Vec<f32> {
        scores
            .iter()
            .zip(labels)
            .filter(|(_, l)| (**l > 0) == wanted)
            .map(|(s, _)| *s)
            .collect()
    };
    let (positive, negative) = (pick(true), pick(false));
    let usable = !positive.is_empty() && !negative.is_empty() && !scores.iter().any(|s| s.is_nan());
    usable.then_some((positive, negative))
}

/// For each of `own` (sorted): the share of `others` (sorted) below it, ties counting half.
fn placements(own: &[f32], others: &[f32]) -> Vec<f64> {
    let (mut below, mut up_to) = (0, 0);
    own.iter()
        .map(|&score| {
            while below < others.len() && others[below] < score {
                below += 1;
            }
            while up_to < others.len() && others[up_to] <= score {
                up_to += 1;
            }
            (below + up_to) as f64 / 2.0 / others.len() as f64
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition: all pairs, one by one.
    fn auc_by_pairs(scores: &[f32], labels: &[u8]) -> f64 {
        let (mut wins, mut pairs) = (0.0, 0.0);
        for (p, _) in scores.iter().zip(labels).filter(|(_, l)| **l > 0) {
            for (q, _) in scores.iter().zip(labels).filter(|(_, l)| **l == 0) {
                pairs += 1.0;
                wins += if p > q {
                    1.0
                } else if p == q {
                    0.5
                } else {
                    0.0
                };
            }
        }
        wins / pairs
    }

    #[test]
    fn auc_counts_ties_as_half() {
        let scores = [0.1, 0.4, 0.4, 0.8, 0.4, 0.2, 0.8];
        let labels = [0, 0, 1, 1, 1, 0, 0];
        let got = auc(&scores, &labels).unwrap();
        assert!((got.value - auc_by_pairs(&scores, &labels)).abs() < 1e-12);
        assert_eq!(got.n, 7);
    }

    #[test]
    fn one_class_has_no_auc() {
        assert_eq!(auc(&[0.1, 0.2], &[1, 1]), None);
        assert_eq!(auc(&[], &[]), None);
        assert_eq!(auc(&[f32::NAN, 0.2], &[1, 0]), None);
    }

    #[test]
    fn delong_error_matches_a_hand_computed_case() {
        // Placements of positives: 1, 1, .5; of negatives (share of positives below): 0, .5 -> hand.
        let got = auc(&[3.0, 2.0, 1.0, 0.0, 1.5], &[1, 1, 1, 0, 0]).unwrap();
        assert!((got.value - 5.0 / 6.0).abs() < 1e-12);
        let of_positive = [1.0, 1.0, 0.5];
        let of_negative = [0.0, 1.0 / 3.0];
        let (a, b) = (
            Estimate::mean(&of_positive).unwrap(),
            Estimate::mean(&of_negative).unwrap(),
        );
        assert!((got.standard_error - a.standard_error.hypot(b.standard_error)).abs() < 1e-12);
    }

    #[test]
    fn delong_variance_in_whole_fractions() {
        // Positives 6, 4, 3 and negatives 5, 2, 1: placements 1, 2/3, 2/3 and (of negatives, the
        // share of positives above) 1/3, 1, 1. AUC 7/9; variances 1/27 and 4/27, each over 3.
        let got = auc(&[6.0, 4.0, 3.0, 5.0, 2.0, 1.0], &[1, 1, 1, 0, 0, 0]).unwrap();
        assert!((got.value - 7.0 / 9.0).abs() < 1e-12);
        assert!(
            (got.standard_error.powi(2) - 5.0 / 81.0).abs() < 1e-12,
            "{got:?}"
        );
    }

    #[test]
    fn delong_s_interval_covers_the_truth_as_often_as_it_says() {
        use crate::Seed;
        use rand::RngExt;
        // Scores u of negatives and √u of positives: P(√u > v) = E √u = 2/3, exactly.
        let place = Seed::run(5).child("delong", 0);
        let (mut held, tries) = (0, 2_000);
        for index in 0..tries {
            let mut rng = place.stream_of(index);
            let labels: Vec<u8> = (0..120).map(|i| u8::from(i < 50)).collect();
            let of = |label: &u8, u: f32| if *label > 0 { u.sqrt() } else { u };
            let scores: Vec<f32> = labels.iter().map(|l| of(l, rng.random())).collect();
            let (low, high) = auc(&scores, &labels).unwrap().interval();
            held += u32::from((low..=high).contains(&(2.0 / 3.0)));
        }
        // Binomial: three standard errors are .0146; a normal interval is a little short at 50 and 70.
        let covered = f64::from(held) / tries as f64;
        assert!((0.93..0.965).contains(&covered), "{covered}");
    }

    #[test]
    fn sensitivity_is_read_at_the_asked_specificity() {
        let scores = [
            0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.85, 0.95, 0.1, 0.86,
        ];
        let labels = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
        assert_eq!(sensitivity_at(&scores, &labels, 0.90).unwrap().value, 0.75);
    }

    #[test]
    fn combined_estimates_weigh_by_cases() {
        let a = Estimate {
            value: 0.5,
            n: 100,
            standard_error: 0.1,
        };
        let b = Estimate {
            value: 0.8,
            n: 300,
            standard_error: 0.2,
        };
        let both = Estimate::combine([&a, &b]).unwrap();
        assert!((both.value - 0.725).abs() < 1e-12);
        assert_eq!(both.n, 400);
        assert!(
            (both.standard_error - (10.0_f64.powi(2) + 60.0_f64.powi(2)).sqrt() / 400.0).abs()
                < 1e-12
        );
        assert_eq!(Estimate::combine([]), None);
    }

    #[test]
    fn perfection_is_not_certain() {
        let auc = auc(&[0.9, 0.8, 0.7, 0.1], &[1, 1, 1, 0]).unwrap();
        assert_eq!(auc.value, 1.0);
        assert!(auc.standard_error > 0.1, "{auc:?}");
        let share = Estimate::share(16, 16, 16);
        assert!(
            share.value == 1.0 && (share.standard_error - 0.067).abs() < 0.001,
            "{share:?}"
        );
        assert_eq!(
            Estimate::share(1, 4, 4).standard_error,
            (0.25_f64 * 0.75 / 4.0).sqrt()
        );
    }

    #[test]
    fn hanley_and_mcneil_s_own_example() {
        // 51 abnormal and 58 normal images, AUC .893 (their Table III and text): .032.
        assert!((hanley_mcneil(0.893, 51.0, 58.0) - 0.032).abs() < 0.001);
    }

    #[test]
    fn scores_of_two_models_come_apart_as_they_were_put_together() {
        let estimate = |value| Estimate {
            value,
            n: 4,
            standard_error: 0.1,
        };
        let of = |value| Evaluation([(name::AUC.to_owned(), estimate(value))].into());
        let (common, own) = (of(0.7), of(0.8));
        let mut both = common.clone();
        both.0.extend(own.as_personal().0);
        assert_eq!(both.get("personal_auc"), Some(&estimate(0.8)));
        assert!(is_share("personal_auc") && !is_share("personal_loss"));
        assert_eq!(both.apart(), (common, own));
    }

    #[test]
    fn sums_of_sound_estimates_stay_finite() {
        let largest = Estimate {
            value: f32::MAX.into(),
            n: 1 << 40,
            standard_error: f32::MAX.into(),
        };
        assert!(largest.is_sound());
        let all = Estimate::combine(&[largest; 1_000]).unwrap();
        assert!(all.value.is_finite() && all.standard_error.is_finite());
        for wrong in [
            Estimate {
                value: f64::NAN,
                ..largest
            },
            Estimate {
                value: 1e300,
                ..largest
            },
            Estimate {
                standard_error: -1.0,
                ..largest
            },
            Estimate {
                n: u64::MAX,
                ..largest
            },
        ] {
            assert!(!wrong.is_sound());
        }
    }
}
