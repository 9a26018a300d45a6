//! What a guarantee is about: whom it hides, between which data sets it holds, how much it leaves.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::event::Event;

/// Which two data sets may not be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Neighbours {
    /// One has a record more.
    AddOrRemove,
    /// One record of a known number is another.
    Replace,
    /// One record of a known number adds nothing.
    ZeroOut,
}

impl Neighbours {
    /// Between which data sets `events` are bounded together. Bounds for a record that is added, removed
    /// or replaced by any other are bounds for one that adds nothing, so a mixture is bounded for that.
    #[must_use]
    pub fn of(events: &[Event]) -> Self {
        let mut kinds = events.iter().map(|event| event.sampling().neighbours());
        let first = kinds.next().unwrap_or(Self::AddOrRemove);
        if kinds.all(|kind| kind == first) {
            first
        } else {
            Self::ZeroOut
        }
    }
}

/// Whose contribution an epsilon hides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PrivacyUnit {
    /// One patient's record at one hospital.
    Patient,
    /// A whole hospital.
    Hospital,
}

impl fmt::Display for PrivacyUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Patient => "patient",
            Self::Hospital => "hospital",
        })
    }
}

/// A privacy loss, 0 or more; infinite where nothing is guaranteed, which is written `"inf"`.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(from = "EpsilonWritten", into = "EpsilonWritten")]
#[schemars(with = "EpsilonWritten")]
pub struct Epsilon(pub f64);

/// JSON has no infinity.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
enum EpsilonWritten {
    Number(f64),
    Infinite(Infinite),
}

#[derive(Serialize, Deserialize, JsonSchema)]
enum Infinite {
    #[serde(rename = "inf")]
    Inf,
}

impl From<EpsilonWritten> for Epsilon {
    fn from(written: EpsilonWritten) -> Self {
        match written {
            EpsilonWritten::Number(epsilon) => Self(epsilon),
            EpsilonWritten::Infinite(Infinite::Inf) => Self(f64::INFINITY),
        }
    }
}

impl From<Epsilon> for EpsilonWritten {
    fn from(epsilon: Epsilon) -> Self {
        if epsilon.0.is_finite() {
            Self::Number(epsilon.0)
        } else {
            Self::Infinite(Infinite::Inf)
        }
    }
}

impl fmt::Display for Epsilon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
