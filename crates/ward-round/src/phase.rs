//! The phases of a run, and which follows which. Data that belongs to a phase dies with it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ward_core::{Evaluation, MaskingPhase, NodeId, RoundId, Summary, Tick, TrainOrder};

use crate::coordinator::masking::Masked;
use crate::sent::Sent;
use crate::strategy::{Accumulator, Told};

/// The names of the phases, for diagrams and logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseName {
    /// Before the start, and after the end.
    Resting,
    /// Waiting for enough nodes.
    Enrolling,
    /// Collecting sums for federated scaling.
    Summing,
    /// Collecting updates.
    Collecting,
    /// Collecting fresh keys, in a masked round.
    Keying,
    /// Collecting parts in drawing the neighbour graph.
    Drawing,
    /// Collecting shares of secrets.
    Sharing,
    /// Collecting masked updates.
    Masking,
    /// Collecting consent to the survivors.
    Consenting,
    /// Collecting what unmasks the sum.
    Unmasking,
    /// Collecting scores.
    Evaluating,
}

impl PhaseName {
    /// All phases, in the order of a round.
    pub const ALL: [Self; 11] = [
        Self::Resting,
        Self::Enrolling,
        Self::Summing,
        Self::Collecting,
        Self::Keying,
        Self::Drawing,
        Self::Sharing,
        Self::Masking,
        Self::Consenting,
        Self::Unmasking,
        Self::Evaluating,
    ];

    /// The phases that may follow this one.
    #[must_use]
    pub fn successors(self) -> &'static [Self] {
        match self {
            Self::Resting => &[Self::Enrolling],
            Self::Enrolling => &[
                Self::Summing,
                Self::Collecting,
                Self::Keying,
                Self::Enrolling,
                Self::Resting,
            ],
            Self::Summing => &[
                Self::Collecting,
                Self::Keying,
                Self::Enrolling,
                Self::Resting,
            ],
            Self::Collecting => &[
                Self::Collecting,
                Self::Evaluating,
                Self::Enrolling,
                Self::Resting,
            ],
            // A phase that too few answer ends the round.
            Self::Keying => &[
                Self::Drawing,
                Self::Sharing,
                Self::Keying,
                Self::Enrolling,
                Self::Resting,
            ],
            Self::Drawing => &[Self::Sharing, Self::Keying, Self::Enrolling, Self::Resting],
            Self::Sharing => &[Self::Masking, Self::Keying, Self::Enrolling, Self::Resting],
            Self::Masking => &[
                Self::Consenting,
                Self::Keying,
                Self::Enrolling,
                Self::Resting,
            ],
            Self::Consenting => &[
                Self::Unmasking,
                Self::Keying,
                Self::Enrolling,
                Self::Resting,
            ],
            Self::Unmasking => &[
                Self::Keying,
                Self::Evaluating,
                Self::Enrolling,
                Self::Resting,
            ],
            Self::Evaluating => &[
                Self::Collecting,
                Self::Keying,
                Self::Enrolling,
                Self::Resting,
            ],
        }
    }
}

/// The diagram of the phases, drawn from the code.
#[must_use]
pub fn mermaid() -> String {
    let mut text = String::from("stateDiagram-v2\n    [*] --> Resting\n");
    for from in PhaseName::ALL {
        for to in from.successors() {
            text.push_str(&format!("    {from:?} --> {to:?}\n"));
        }
    }
    text
}

/// Where a run stands.
#[derive(Debug)]
pub(crate) enum Phase {
    Resting,
    Enrolling(Enrolling),
    Summing(Summing),
    Collecting(Collecting),
    Masked(Box<Masked>),
    Evaluating(Evaluating),
}

/// Waiting for nodes.
#[derive(Debug)]
pub(crate) struct Enrolling {
    /// Whether it waits for everybody until the deadline, and not for enough only.
    pub(crate) everybody: bool,
    /// Nodes that may be asked to train: so many are enough.
    pub(crate) enough: usize,
    pub(crate) deadline: Tick,
}

/// Sums asked for, and those that came.
#[derive(Debug)]
pub(crate) struct Summing {
    pub(crate) asked: Asked,
    pub(crate) answers: BTreeMap<NodeId, Summary>,
}

/// Updates asked for, and those that were counted.
#[derive(Debug)]
pub(crate) struct Collecting {
    pub(crate) asked: Asked,
    /// Reports that close the round before its deadline.
    pub(crate) goal: usize,
    pub(crate) sent: Sent,
    pub(crate) order: Arc<TrainOrder>,
    pub(crate) accumulator: Box<dyn Accumulator>,
    /// What each counted report told.
    pub(crate) reporters: BTreeMap<NodeId, Told>,
}

/// Scores asked for, and those that came.
#[derive(Debug)]
pub(crate) struct Evaluating {
    pub(crate) asked: Asked,
    /// The round that made the model.
    pub(crate) round: RoundId,
    pub(crate) sent: Sent,
    pub(crate) order: Arc<TrainOrder>,
    pub(crate) answers: BTreeMap<NodeId, Evaluation>,
}

/// Who was asked, who declined, how many are needed and by when.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) cohort: BTreeSet<NodeId>,
    pub(crate) declined: BTreeSet<NodeId>,
    pub(crate) quorum: usize,
    pub(crate) deadline: Tick,
}

impl Asked {
    /// Asks `cohort` for `quorum` answers by `deadline`.
    pub(crate) fn new(cohort: BTreeSet<NodeId>, quorum: usize, deadline: Tick) -> Self {
        Self {
            cohort,
            declined: BTreeSet::new(),
            quorum,
            deadline,
        }
    }

    /// Those asked who have neither answered nor declined.
    pub(crate) fn silent<V>(&self, answers: &BTreeMap<NodeId, V>) -> Vec<NodeId> {
        self.cohort
            .iter()
            .filter(|n| !answers.contains_key(n) && !self.declined.contains(n))
            .copied()
            .collect()
    }

    /// Whether nobody is left to wait for.
    pub(crate) fn settled(&self, answers: usize) -> bool {
        answers + self.declined.len() >= self.cohort.len()
    }
}

impl Phase {
    /// The phase's name.
    pub(crate) fn name(&self) -> PhaseName {
        match self {
            Self::Resting => PhaseName::Resting,
            Self::Enrolling(_) => PhaseName::Enrolling,
            Self::Summing(_) => PhaseName::Summing,
            Self::Collecting(_) => PhaseName::Collecting,
            Self::Masked(phase) => match phase.phase() {
                MaskingPhase::Keys => PhaseName::Keying,
                MaskingPhase::Openings => PhaseName::Drawing,
                MaskingPhase::Shares => PhaseName::Sharing,
                MaskingPhase::Uploads => PhaseName::Masking,
                MaskingPhase::Consents => PhaseName::Consenting,
                MaskingPhase::Revelations => PhaseName::Unmasking,
            },
            Self::Evaluating(_) => PhaseName::Evaluating,
        }
    }

    /// When it ends at the latest.
    pub(crate) fn deadline(&self) -> Option<Tick> {
        match self {
            Self::Resting => None,
            Self::Enrolling(phase) => Some(phase.deadline),
            Self::Summing(phase) => Some(phase.asked.deadline),
            Self::Collecting(phase) => Some(phase.asked.deadline),
            Self::Masked(phase) => Some(phase.asked.deadline),
            Self::Evaluating(phase) => Some(phase.asked.deadline),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_diagram_is_the_code() {
        expect_test::expect_file!["../../../docs/round.mmd"].assert_eq(&super::mermaid());
    }
}
