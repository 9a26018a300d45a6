//! Who and when: the numbers that name nodes and rounds.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Digest;

/// One node of the federation. Ids are dense, from 0, in the order of the plan's roster.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct NodeId(pub u32);

/// One round of a run. Rounds start at 0 in code; people see "round 1".
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct RoundId(pub u32);

/// One training from start to stop, resumed or not: what a hospital keeps its state under. Nothing
/// that is computed depends on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub u64);

impl RunId {
    /// A run that nobody named.
    pub const UNNAMED: Self = Self(u64::MAX);

    /// The run of this name.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = Digest::of(name.as_bytes()).0;
        Self(u64::from_le_bytes([a, b, c, d, e, f, g, h]))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl NodeId {
    /// The coordinator's own address, where it trains on rows that it holds itself: no node's.
    pub const COORDINATOR: Self = Self(u32::MAX);
}

impl RoundId {
    /// The round after this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

impl fmt::Display for RoundId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "r{}", self.0)
    }
}

/// What everybody may know of a node: its id, its hospital's name, its tier and its tags.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct NodeInfo {
    /// The node's id.
    pub node: NodeId,
    /// The hospital's name, unique in the federation.
    pub name: String,
    /// The group its results are reported under: `tertiary`, `county`, `township`, or any word.
    pub tier: String,
    /// Other words about it, by the name of the tag: `region` is `west`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}
