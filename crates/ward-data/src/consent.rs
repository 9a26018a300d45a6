//! Which patients' rows may be trained on: consent, and its withdrawal while a run goes on.
//!
//! China's law on personal information (PIPL, articles 14 and 15) asks for a consent that can be taken
//! back. Both are drawn for each row at places of their own, so a switch moves no other draw: the rows
//! that are left are among those of a run in which everybody consents. Shares are assumptions chosen
//! for the simulation. What a model has already learned from a row that leaves stays in the model:
//! nothing is unlearned.

use std::collections::BTreeMap;

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{RoundId, Seed};

use crate::misdiagnosis::{not_a_share, unknown_tier};
use crate::source::Problem;
use crate::tier::TierProfile;

/// Whether patients are asked before their rows are trained on, and how many of them consent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "true, false, a share such as 0.8, or shares by tier such as { township = 0.5 }"
)]
pub enum Consent {
    /// `true`: as many as in their tier, .90 tertiary, .80 county, .70 township. `false`: nobody is
    /// asked, and everybody's rows are used.
    Asked(bool),
    /// This share in every hospital, 0 to 1.
    Share(f64),
    /// These shares by tier's name, 0 to 1; in other tiers everybody.
    Shares(BTreeMap<String, f64>),
}

impl Default for Consent {
    fn default() -> Self {
        Self::Asked(false)
    }
}

impl Consent {
    /// The share that consents in a hospital of `tier`; `None` where nobody is asked.
    #[must_use]
    pub fn share(&self, tier: &str) -> Option<f64> {
        match self {
            Self::Asked(false) => None,
            Self::Asked(true) => Some(TierProfile::of(tier).map_or(1.0, |tier| tier.consent)),
            Self::Share(share) => Some(*share),
            Self::Shares(shares) => Some(shares.get(tier).copied().unwrap_or(1.0)),
        }
    }

    /// What is wrong with the setting; `path` is where it stands.
    pub(crate) fn problems(&self, path: &str, tiers: &[&str]) -> Vec<Problem> {
        match self {
            Self::Asked(_) => Vec::new(),
            Self::Share(share) => not_a_share(path, *share).into_iter().collect(),
            Self::Shares(shares) => shares
                .iter()
                .flat_map(|(tier, &share)| {
                    let path = format!("{path}.{tier}");
                    [unknown_tier(&path, tier, tiers), not_a_share(&path, share)]
                })
                .flatten()
                .collect(),
        }
    }
}

/// Patients who take their consent back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// How many of those who are left withdraw each time, above 0 and up to 1.
    pub share: f64,
    /// The rounds in which they do, from 1. Their rows leave from the next round on.
    pub rounds: Vec<u32>,
}

impl Withdrawal {
    /// What is wrong with the setting; `path` is where it stands.
    pub(crate) fn problems(&self, path: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        if !(self.share > 0.0 && self.share <= 1.0) {
            let message = format!("must be above 0 and up to 1, not {}", self.share);
            problems.push(Problem::new(&format!("{path}.share"), message));
        }
        let at = format!("{path}.rounds");
        if self.rounds.is_empty() {
            problems.push(Problem::new(&at, "names no round: say when, such as [5]"));
        }
        if self.rounds.contains(&0) {
            problems.push(Problem::new(&at, "counts rounds from 1, and says 0"));
        }
        if !self.rounds.is_sorted_by(|a, b| a < b) {
            problems.push(Problem::new(&at, "must ascend, each round once"));
        }
        problems
    }

    /// The rounds that are over when `round` begins.
    fn over(&self, round: RoundId) -> impl Iterator<Item = u32> + '_ {
        // People's round 5 is the engine's 4: what happens in it is over in 5.
        let over = move |said: &u32| *said <= round.0;
        self.rounds.iter().copied().filter(over)
    }

    /// The first round with the same rows as `round`.
    pub(crate) fn since(&self, round: RoundId) -> RoundId {
        RoundId(self.over(round).max().unwrap_or(0))
    }

    /// The share that has not withdrawn when `round` begins.
    pub(crate) fn left(&self, round: RoundId) -> f64 {
        (1.0 - self.share).powi(self.over(round).count() as i32)
    }
}

/// Whether row `case` falls within `share` of all: its own draw at `place`. Those of a smaller share
/// are among those of a larger one.
pub(crate) fn within(share: f64, place: Seed, case: u64) -> bool {
    share >= 1.0 || place.stream_of(case).random::<f64>() < share
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(problems: Vec<Problem>) -> Vec<String> {
        problems.into_iter().map(|problem| problem.path).collect()
    }

    #[derive(Deserialize)]
    struct Table {
        consent: Consent,
    }

    fn consent(said: &str) -> Result<Consent, toml::de::Error> {
        toml::from_str(&format!("consent = {said}")).map(|table: Table| table.consent)
    }

    #[test]
    fn consent_is_said_in_four_ways() {
        let share = |said: &str, tier: &str| consent(said).unwrap().share(tier);
        assert_eq!(share("false", "county"), None);
        for (tier, expected) in [("tertiary", 0.9), ("county", 0.8), ("township", 0.7)] {
            assert_eq!(share("true", tier), Some(expected));
        }
        assert_eq!(share("0.6", "county"), Some(0.6));
        assert_eq!(share("1", "county"), Some(1.0));
        assert_eq!(share("{ township = 0.5 }", "township"), Some(0.5));
        assert_eq!(share("{ township = 0.5 }", "county"), Some(1.0));
        let error = consent("\"tier\"").unwrap_err().to_string();
        assert!(error.contains("a share such as 0.8"), "{error}");
    }

    #[test]
    fn what_cannot_be_is_named() {
        let of = |said: &str| paths(consent(said).unwrap().problems("c", &["township"]));
        assert_eq!(of("1.5"), ["c"]);
        assert_eq!(
            of("{ township = -0.1, village = 0.5 }"),
            ["c.township", "c.village"]
        );
        assert_eq!(of("true"), [""; 0]);
        let of = |share, rounds: &[u32]| {
            let rounds = rounds.to_vec();
            paths(Withdrawal { share, rounds }.problems("w"))
        };
        assert_eq!(of(0.1, &[5, 9]), [""; 0]);
        assert_eq!(of(0.0, &[5]), ["w.share"]);
        assert_eq!(of(f64::NAN, &[5]), ["w.share"]);
        for rounds in [&[][..], &[0], &[5, 5], &[9, 5]] {
            assert_eq!(of(0.1, rounds), ["w.rounds"], "{rounds:?}");
        }
    }

    #[test]
    fn rows_leave_from_the_next_round_on() {
        let withdrawal = Withdrawal {
            share: 0.2,
            rounds: vec![2, 5],
        };
        // The engine's round 1 is the second, in which they withdraw.
        let left = [0, 1, 2, 4, 5, 60].map(|round| withdrawal.left(RoundId(round)));
        let known = [1.0, 1.0, 0.8, 0.8, 0.64, 0.64];
        let close = left.iter().zip(known).all(|(a, b)| (a - b).abs() < 1e-12);
        assert!(close, "{left:?}");
        let since = [0, 1, 2, 4, 5, 60].map(|round| withdrawal.since(RoundId(round)).0);
        assert_eq!(since, [0, 0, 2, 2, 5, 5]);
    }

    #[test]
    fn a_smaller_share_is_part_of_a_larger_one() {
        let of = |share| -> Vec<u64> {
            let place = Seed::run(4);
            (0..10_000)
                .filter(|case| within(share, place, *case))
                .collect()
        };
        let (few, many) = (of(0.3), of(0.7));
        assert!((2_816..3_184).contains(&few.len()), "{}", few.len());
        assert!((6_816..7_184).contains(&many.len()), "{}", many.len());
        assert!(few.iter().all(|case| many.binary_search(case).is_ok()));
    }
}
