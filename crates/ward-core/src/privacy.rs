//! What a run costs in privacy, as its coordinator can tell: an upper bound by the rounds in which a
//! hospital was asked. What a hospital did spend stands in its own ledger.

use serde::{Deserialize, Serialize};

/// The terms on which hospitals' updates are noised.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrivacyTerms {
    /// Whose presence is hidden: `patient` or `hospital`.
    pub unit: String,
    /// The probability with which that may fail.
    pub delta: f64,
    /// Who worked the epsilons out.
    pub accountant: String,
    /// What is noised, how much and by whom, for a person to read.
    pub mechanism: String,
    /// Whether noise comes from the run's public seed, as in a simulation: then it protects nobody.
    pub simulated: bool,
    /// The epsilon of a hospital that was asked in so many rounds, the first above 0; rounds ascend.
    /// Where hospitals' epsilons differ, the largest.
    pub epsilon_after: Vec<(u32, f64)>,
}

impl PrivacyTerms {
    /// The epsilon of a hospital that was asked in `rounds` rounds, rounded up to the next that is
    /// known; infinite beyond the last.
    #[must_use]
    pub fn epsilon(&self, rounds: u32) -> f64 {
        if rounds == 0 {
            return 0.0;
        }
        let known = self
            .epsilon_after
            .iter()
            .find(|(after, _)| *after >= rounds);
        known.map_or(f64::INFINITY, |(_, epsilon)| *epsilon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epsilon_that_is_not_known_is_the_next_larger_one() {
        let terms = PrivacyTerms {
            unit: "patient".into(),
            delta: 1e-5,
            accountant: "rdp".into(),
            mechanism: String::new(),
            simulated: false,
            epsilon_after: vec![(1, 0.5), (4, 1.0)],
        };
        let told = [0, 1, 2, 4, 5].map(|rounds| terms.epsilon(rounds));
        assert_eq!(told, [0.0, 0.5, 1.0, 1.0, f64::INFINITY]);
    }
}
