//! The Bayes rule where findings are independent, given the condition.

use super::{CONDITIONS, FINDINGS, INPUTS, Prior};

/// Naive Bayes over the findings that were asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct NaiveBayes {
    /// The logarithm of each condition's share.
    prior: [f64; CONDITIONS],
    /// What each of a row's 280 numbers adds for each condition, where it is 1: a finding that was
    /// asked about and is not there has the second alone.
    weights: Vec<[f64; CONDITIONS]>,
}

impl NaiveBayes {
    /// The rule for chances of findings by condition, and how frequent conditions are.
    #[must_use]
    pub fn new(chances: &[[f64; FINDINGS]; CONDITIONS], prior: &Prior) -> Self {
        let weight = |input: usize| -> [f64; CONDITIONS] {
            std::array::from_fn(|condition| {
                let chance = chances[condition][input % FINDINGS];
                match input < FINDINGS {
                    true => (chance / (1.0 - chance)).ln(),
                    false => (1.0 - chance).ln(),
                }
            })
        };
        Self {
            prior: prior.map(f64::ln),
            weights: (0..INPUTS).map(weight).collect(),
        }
    }

    /// Appends the logarithm of each condition's posterior, but for a constant.
    pub fn answer(&self, row: &[f32], answers: &mut Vec<f32>) {
        let mut sums = self.prior;
        for (weights, input) in self.weights.iter().zip(row) {
            if *input > 0.0 {
                sums.iter_mut().zip(weights).for_each(|(sum, w)| *sum += w);
            }
        }
        answers.extend(sums.map(|sum| sum as f32));
    }
}
