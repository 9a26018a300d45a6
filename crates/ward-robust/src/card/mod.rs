//! The card of an aggregator: each property that it claims, tried on drawn rounds.
//!
//! A property that holds of every round tried may fail of another; one that fails comes with the
//! round that shows it. Draws are the same each time.

mod properties;
mod round;

use serde::Serialize;
use ward_round::Aggregator;
use ward_round::strategy::{Bears, Claims};

use round::Tried;

/// Gives the aggregator of rounds with so many updates of which so many may be bad; `None` where it
/// cannot bear them.
pub type Subject<'a> = &'a dyn Fn(usize, usize) -> Option<Box<dyn Aggregator>>;

/// What is claimed of one property, and what was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Its word.
    pub property: &'static str,
    /// What it says, or what is claimed in its place.
    pub means: String,
    /// Whether the aggregator claims it.
    pub claimed: bool,
    /// Whether it held of every round tried.
    pub holds: bool,
    /// The first round of which it did not hold.
    pub counterexample: Option<String>,
}

/// Every property of one aggregator.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Card {
    /// One for each property.
    pub findings: Vec<Finding>,
}

impl Card {
    /// Tries everything; `claims` are the subject's.
    #[must_use]
    pub fn of(subject: Subject<'_>, claims: Claims) -> Self {
        let found = |property, means: String, claimed, tried: Tried| Finding {
            property,
            means,
            claimed,
            holds: tried.is_ok(),
            counterexample: tried.err(),
        };
        let word =
            |property, means: &str, claimed, tried| found(property, means.into(), claimed, tried);
        let (breakdown, bears) = match claims.bears {
            Bears::Nothing => ("the result stays near the honest updates".to_owned(), false),
            Bears::Reach(reach) => (
                format!("f bad updates of n move the result by f / n x {reach} at most"),
                true,
            ),
            Bears::Spread => (
                "f bad updates cannot take the result far from the honest ones".to_owned(),
                true,
            ),
            Bears::Vote => (
                "f bad updates cannot turn a sign on which the honest agree".to_owned(),
                true,
            ),
            Bears::Trusted => (
                "no bad update lengthens the trusted one or turns it round".to_owned(),
                true,
            ),
        };
        let weights = match claims.weights {
            true => "who claims w rows counts as w hospitals that send the same",
            false => "claiming more rows changes no bit",
        };
        Self {
            findings: vec![
                word(
                    "permutation",
                    "who sends which update does not matter",
                    claims.permutation,
                    properties::permutation(subject),
                ),
                word(
                    "translation",
                    "moving all updates moves the result as far",
                    claims.translation,
                    properties::translation(subject),
                ),
                word(
                    "scale",
                    "a larger unit gives the same result in that unit",
                    claims.scale,
                    properties::scale(subject),
                ),
                found(
                    "breakdown",
                    breakdown,
                    bears,
                    properties::breakdown(subject, claims.bears),
                ),
                word(
                    "finite",
                    "NaN and infinity never enter, and never come out",
                    true,
                    properties::finite(subject),
                ),
                word(
                    "alone",
                    "one update alone is the result, or too few",
                    claims.alone,
                    properties::alone(subject),
                ),
                word(
                    "weights",
                    weights,
                    true,
                    properties::weights(subject, claims.weights),
                ),
                word(
                    "determinism",
                    "the same bits on 1 and 2 threads, and again",
                    true,
                    properties::determinism(subject),
                ),
            ],
        }
    }

    /// Whether everything that is claimed holds.
    #[must_use]
    pub fn holds(&self) -> bool {
        let mut claimed = self.findings.iter().filter(|finding| finding.claimed);
        claimed.all(|finding| finding.holds)
    }
}
