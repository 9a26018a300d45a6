//! How often answers are right, class by class.

use std::collections::BTreeMap;

use crate::metric::name;
use crate::{Estimate, Evaluation};

/// A case among whose first classes the true one counts as found.
const FIRST: usize = 3;

/// Answers counted by true class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally {
    /// Cases of each class, and those of them that were put there.
    classes: Vec<(u64, u64)>,
    /// Cases whose class is among the first three.
    among_first: u64,
}

impl Tally {
    /// No answers about `classes` classes.
    #[must_use]
    pub fn new(classes: usize) -> Self {
        Self {
            classes: vec![(0, 0); classes],
            among_first: 0,
        }
    }

    /// The tally of `logits`, one group for each label: a number for each class, or for two classes
    /// one number, that of class 1.
    #[must_use]
    pub fn of(logits: &[f32], labels: &[u8], classes: usize) -> Self {
        let mut tally = Self::new(classes);
        let outputs = logits.len() / labels.len().max(1);
        for (logits, &label) in logits.chunks_exact(outputs.max(1)).zip(labels) {
            tally.push(logits, label);
        }
        tally
    }

    /// Counts one case. A label without a class counts nowhere.
    pub fn push(&mut self, logits: &[f32], label: u8) {
        let label = usize::from(label);
        let Some((all, right)) = self.classes.get_mut(label) else {
            return;
        };
        *all += 1;
        *right += u64::from(predicted(logits) == label);
        if let Some(own) = logits.get(label) {
            let before = logits.iter().filter(|other| *other > own).count();
            self.among_first += u64::from(before < FIRST && !own.is_nan());
        }
    }

    /// [`name::ACCURACY`] and [`name::BALANCED_ACCURACY`], and for more than three classes
    /// [`name::TOP_3`]. No cases give no metrics.
    #[must_use]
    pub fn evaluation(&self) -> Evaluation {
        let n: u64 = self.classes.iter().map(|(all, _)| all).sum();
        let right = self.classes.iter().map(|(_, right)| right).sum();
        let mut metrics = BTreeMap::new();
        if n > 0 {
            metrics.insert(name::ACCURACY.to_owned(), Estimate::share(right, n, n));
            metrics.insert(name::BALANCED_ACCURACY.to_owned(), self.balanced(n));
        }
        if n > 0 && self.classes.len() > FIRST {
            let top = Estimate::share(self.among_first, n, n);
            metrics.insert(name::TOP_3.to_owned(), top);
        }
        Evaluation(metrics)
    }

    /// The plain mean over the classes that there are of the share found of each.
    fn balanced(&self, n: u64) -> Estimate {
        let there = self.classes.iter().filter(|(all, _)| *all > 0);
        let recalls: Vec<Estimate> = there
            .map(|&(all, right)| Estimate::share(right, all, all))
            .collect();
        let count = recalls.len() as f64;
        let squares = recalls.iter().map(|recall| recall.standard_error.powi(2));
        Estimate {
            value: recalls.iter().map(|recall| recall.value).sum::<f64>() / count,
            n,
            standard_error: squares.sum::<f64>().sqrt() / count,
        }
    }
}

/// The class that the logits name; of equal ones the first.
fn predicted(logits: &[f32]) -> usize {
    if let [z] = logits {
        return usize::from(*z > 0.0);
    }
    let mut best = 0;
    for (class, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = class;
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(tally: &Tally, metric: &str) -> f64 {
        tally.evaluation().get(metric).unwrap().value
    }

    #[test]
    fn every_class_counts_the_same_in_balanced_accuracy() {
        // Three of four zeros found, and none of two ones.
        let logits = [-1.0, -2.0, -0.5, 1.0, -1.0, 0.0];
        let tally = Tally::of(&logits, &[0, 0, 0, 0, 1, 1], 2);
        assert!((value(&tally, name::ACCURACY) - 0.5).abs() < 1e-12);
        assert!((value(&tally, name::BALANCED_ACCURACY) - 0.375).abs() < 1e-12);
        // Recalls 3/4 and 0: the errors of each, halved, in quadrature.
        let [some, none]: [f64; 2] = [0.75 * 0.25 / 4.0, (1.0 / 3.0) * (2.0 / 3.0) / 6.0];
        let found = tally
            .evaluation()
            .get(name::BALANCED_ACCURACY)
            .copied()
            .unwrap();
        assert!((found.standard_error - (some + none).sqrt() / 2.0).abs() < 1e-12);
        assert_eq!(tally.evaluation().get(name::TOP_3), None);
    }

    #[test]
    fn classes_that_are_absent_do_not_count() {
        let logits = [0.9, 0.1, 0.0, 0.0, 0.2, 0.8, 0.0, 0.0];
        let tally = Tally::of(&logits, &[0, 1], 4);
        assert_eq!(value(&tally, name::BALANCED_ACCURACY), 1.0);
        assert!(Tally::new(4).evaluation().0.is_empty());
    }

    #[test]
    fn the_first_three_are_those_that_fewer_than_three_surpass() {
        let logits = [0.5, 0.4, 0.3, 0.2, 0.1];
        for (label, found) in [(0, 1.0), (2, 1.0), (3, 0.0), (4, 0.0)] {
            let tally = Tally::of(&logits, &[label], 5);
            assert_eq!(value(&tally, name::TOP_3), found);
        }
        let lost = Tally::of(&[f32::NAN; 5], &[1], 5);
        assert_eq!(value(&lost, name::TOP_3), 0.0);
    }
}
