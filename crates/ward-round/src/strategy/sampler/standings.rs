//! What a sampler knows of nodes from earlier rounds.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use ward_core::NodeId;

/// What is known of one node. Everything in it is told anyway; nothing is asked for its sake.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
pub struct Standing {
    /// Turns that it has had: rounds that it was asked in, abandoned ones too, and the laps of all
    /// nodes that went by without it. 0 is never asked.
    pub turns: u32,
    /// What its last update counted told.
    pub told: Option<Told>,
    /// Training rows, as its sums for federated scaling told.
    pub rows: Option<u64>,
}

/// What came with an update.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// How much the update counted.
    pub weight: u64,
    /// The mean training loss.
    pub loss: f64,
}

/// How nodes stand; nodes that nothing is known of are not in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Standings(BTreeMap<NodeId, Standing>);

impl Standings {
    /// How a node stands.
    #[must_use]
    pub fn of(&self, node: NodeId) -> Standing {
        self.0.get(&node).copied().unwrap_or_default()
    }

    /// The lap that is being run: some nodes have had one turn more, and who has had fewer has missed
    /// them.
    #[must_use]
    pub fn lap(&self) -> u32 {
        let turns = self.0.values().map(|standing| standing.turns);
        turns.max().unwrap_or(0).saturating_sub(1)
    }

    /// Learns from a round that is over: who was asked, and who told what.
    pub fn learn(&mut self, cohort: &BTreeSet<NodeId>, told: &BTreeMap<NodeId, Told>) {
        let lap = self.lap();
        for &node in cohort {
            let standing = self.0.entry(node).or_default();
            standing.turns = standing.turns.max(lap) + 1;
            if let Some(told) = told.get(&node) {
                standing.told = Some(*told);
            }
        }
    }

    /// Learns how many training rows a node has.
    pub fn learn_rows(&mut self, node: NodeId, rows: u64) {
        self.0.entry(node).or_default().rows = Some(rows);
    }

    /// Whether nothing is known of anybody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
