//! A nation that changes while a run goes on: it ages, and more of its people fall ill.
//!
//! In steps, every so many rounds, the law moves that cases are made from:
//!
//!   logit pi_t = logit pi + t * prevalence
//!   x_j        = x_j + t * features_j * sd_j           in both classes alike
//!
//! with t steps taken when a round begins. Training rows of a round, and the test rows on which its
//! model is scored, come from the law of that round; so do baselines and ceilings, from that of the last.
//! Cases keep their draws: a hospital's rows are those of the same patients under another law, so
//! what changes in a score is the law's doing and not that of fresh chance. The limits: no new
//! patients come, a step moves all hospitals alike, and scaling that hospitals agreed on
//! before the first round stays.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::RoundId;

use crate::source::Problem;

/// How the law of a scenario moves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Drift {
    /// Added to the logit of the prevalence at each step. Default 0.
    pub prevalence: f64,
    /// Added to the mean of each feature named at each step, in its deviations: `{ age = 0.1 }`.
    pub features: BTreeMap<String, f64>,
    /// Rounds from step to step, at least 1. Default 1.
    pub every: u32,
}

impl Default for Drift {
    fn default() -> Self {
        Self {
            prevalence: 0.0,
            features: BTreeMap::new(),
            every: 1,
        }
    }
}

impl Drift {
    /// Steps taken when `round` begins.
    #[must_use]
    pub fn steps(&self, round: RoundId) -> u32 {
        round.0 / self.every.max(1)
    }

    /// The first round with the same law as `round`.
    pub(crate) fn since(&self, round: RoundId) -> RoundId {
        RoundId(self.steps(round) * self.every.max(1))
    }

    /// What is wrong with the setting, for rows that have these features; `path` is where it stands.
    pub(crate) fn problems(&self, path: &str, names: &[&str]) -> Vec<Problem> {
        let mut problems = Vec::new();
        let amount = |path: String, value: f64| {
            (!(-1.0..=1.0).contains(&value)).then(|| {
                let message = format!("moves by -1 to 1 at a step, not by {value}");
                Problem::new(&path, message)
            })
        };
        problems.extend(amount(format!("{path}.prevalence"), self.prevalence));
        for (name, &value) in &self.features {
            let path = format!("{path}.features.{name}");
            if !names.contains(&name.as_str()) {
                let names = names.join(", ");
                let message = format!("names no feature; there are {names}");
                problems.push(Problem::new(&path, message));
            }
            problems.extend(amount(path, value));
        }
        if self.every == 0 {
            let message = "is at least 1: a step every so many rounds";
            problems.push(Problem::new(&format!("{path}.every"), message));
        }
        if self.prevalence == 0.0 && self.features.values().all(|value| *value == 0.0) {
            let message = "moves nothing: say `prevalence` or `features`, or leave the table out";
            problems.push(Problem::new(path, message));
        }
        problems
    }

    /// What is added to the features called `names` when `round` begins.
    pub(crate) fn moved<const N: usize>(&self, names: [&str; N], round: RoundId) -> [f64; N] {
        let steps = f64::from(self.steps(round));
        names.map(|name| self.features.get(name).map_or(0.0, |step| step * steps))
    }
}

impl fmt::Display for Drift {
    /// What one step does, for a person: `prevalence +0.1, age -0.2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prevalence = (self.prevalence != 0.0).then_some(("prevalence", self.prevalence));
        let features = self.features.iter().map(|(name, &by)| (name.as_str(), by));
        for (i, (what, by)) in prevalence.into_iter().chain(features).enumerate() {
            let comma = if i > 0 { ", " } else { "" };
            write!(f, "{comma}{what} {by:+}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drift(text: &str) -> Drift {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn a_law_moves_in_steps_and_stays_between_them() {
        let drift = drift("prevalence = 0.1\nevery = 5\nfeatures = { b = -0.2 }");
        let rounds = [0, 4, 5, 9, 10, 59].map(RoundId);
        assert_eq!(rounds.map(|round| drift.steps(round)), [0, 0, 1, 1, 2, 11]);
        assert_eq!(
            rounds.map(|round| drift.since(round).0),
            [0, 0, 5, 5, 10, 55]
        );
        assert_eq!(drift.moved(["a", "b"], RoundId(4)), [0.0, 0.0]);
        assert_eq!(drift.moved(["a", "b"], RoundId(10)), [0.0, -0.4]);
        assert_eq!(drift.to_string(), "prevalence +0.1, b -0.2");
    }

    #[test]
    fn what_cannot_be_is_named() {
        let paths = |text: &str| -> Vec<String> {
            let problems = drift(text).problems("d", &["age", "sex"]);
            problems.into_iter().map(|problem| problem.path).collect()
        };
        assert_eq!(paths("prevalence = 0.1"), [""; 0]);
        assert_eq!(paths("features = { age = 0.1 }"), [""; 0]);
        assert_eq!(paths("every = 3"), ["d"]);
        assert_eq!(
            paths("prevalence = 5.0\nevery = 0"),
            ["d.prevalence", "d.every"]
        );
        assert_eq!(paths("features = { height = 0.1 }"), ["d.features.height"]);
        assert_eq!(paths("features = { age = nan }"), ["d.features.age"]);
    }
}
