//! One round, as its events tell.

use std::collections::{BTreeMap, BTreeSet};

use ward_core::{Abandoned, Evaluation, MaskingPhase, NodeId, Refusal, RoundId, Tick};

use super::masking::MaskingView;

/// One round.
#[derive(Debug, Clone, PartialEq)]
pub struct RoundView {
    /// Which one.
    pub round: RoundId,
    /// When it began.
    pub opened: Tick,
    /// When it closes at the latest.
    pub deadline: Tick,
    /// When it closed; `None` while it is open.
    pub closed: Option<Tick>,
    /// Who was asked, by id.
    pub cohort: Vec<NodeId>,
    /// Reports that are enough at the deadline.
    pub quorum: u32,
    /// Who has been counted while the round is open.
    pub heard: BTreeSet<NodeId>,
    /// Who was counted, by id, once the round has closed.
    pub reporters: Vec<NodeId>,
    /// Who gave no answer in time, by id.
    pub silent: Vec<NodeId>,
    /// Reports that were refused.
    pub refused: Vec<RefusedReport>,
    /// Who said that it would not or could not, and why.
    pub declined: Vec<(NodeId, String)>,
    /// Why the round made no model; `None` when it did.
    pub abandoned: Option<Abandoned>,
    /// Mean training loss, by weight.
    pub loss: Option<f64>,
    /// Euclidean norm of the mean update.
    pub update_norm: Option<f64>,
    /// The norm to which updates were clipped and the noised share of them that were within it, where
    /// it follows them.
    pub clip: Option<(f32, f64)>,
    /// The new model's scores, all hospitals as one.
    pub evaluation: Option<Evaluation>,
    /// The new model's scores by tier.
    pub evaluation_by_tier: BTreeMap<String, Evaluation>,
    /// Who never sent its scores, by id.
    pub evaluation_silent: Vec<NodeId>,
    /// Bytes that left hospitals while it was the newest round.
    pub bytes_up: u64,
    /// Bytes that reached hospitals while it was the newest round.
    pub bytes_down: u64,
    /// The phases of a masked round, in their order; empty where updates were not masked.
    pub masking: Vec<MaskingView>,
    /// Who was added up with whom in a masked round that had several sums.
    pub groups: Vec<Vec<NodeId>>,
    /// Groups whose sum does not count, and why.
    pub groups_lost: Vec<(Vec<NodeId>, Abandoned)>,
}

/// A report that was not counted.
#[derive(Debug, Clone, PartialEq)]
pub struct RefusedReport {
    /// From whom.
    pub node: NodeId,
    /// Why.
    pub refusal: Refusal,
}

/// How one node stands in one round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It was not asked.
    NotAsked,
    /// It was counted.
    Reported,
    /// It was asked and its answer is still open.
    Asked,
    /// It said that it would not or could not.
    Declined,
    /// It gave no answer in time.
    Silent,
    /// It answered, and the answer was refused.
    Refused,
}

impl RoundView {
    pub(super) fn new(round: RoundId) -> Self {
        Self {
            round,
            opened: Tick::default(),
            deadline: Tick::default(),
            closed: None,
            cohort: Vec::new(),
            quorum: 0,
            heard: BTreeSet::new(),
            reporters: Vec::new(),
            silent: Vec::new(),
            refused: Vec::new(),
            declined: Vec::new(),
            abandoned: None,
            loss: None,
            update_norm: None,
            clip: None,
            evaluation: None,
            evaluation_by_tier: BTreeMap::new(),
            evaluation_silent: Vec::new(),
            bytes_up: 0,
            bytes_down: 0,
            masking: Vec::new(),
            groups: Vec::new(),
            groups_lost: Vec::new(),
        }
    }

    /// Takes in the end of a phase of a masked round: what was sent since the last one is its own.
    pub(super) fn close_masking(
        &mut self,
        phase: MaskingPhase,
        at: Tick,
        answered: Vec<NodeId>,
        silent: Vec<NodeId>,
    ) {
        let before = |bytes: fn(&MaskingView) -> u64| self.masking.iter().map(bytes).sum::<u64>();
        let (up, down) = (before(|m| m.bytes_up), before(|m| m.bytes_down));
        let earlier = self.masking.last().map_or(&self.cohort, |m| &m.answered);
        let asked: BTreeSet<NodeId> = [earlier, &answered, &silent]
            .into_iter()
            .flatten()
            .copied()
            .collect();
        self.masking.push(MaskingView {
            phase,
            opened: self.masking.last().map_or(self.opened, |last| last.closed),
            closed: at,
            asked: asked.into_iter().collect(),
            answered,
            silent,
            bytes_up: self.bytes_up.saturating_sub(up),
            bytes_down: self.bytes_down.saturating_sub(down),
        });
    }

    /// How many were counted, so far or in all.
    #[must_use]
    pub fn counted(&self) -> usize {
        self.reporters.len().max(self.heard.len())
    }

    /// How `node` stands. Whoever was counted has reported, whatever else it sent; a late answer
    /// to an earlier round says nothing about this one.
    #[must_use]
    pub fn standing(&self, node: NodeId) -> Standing {
        let refused = |report: &RefusedReport| {
            let of_earlier_round = matches!(
                report.refusal,
                Refusal::TooLate | Refusal::WrongRound { .. }
            );
            report.node == node && !of_earlier_round
        };
        if self.reporters.binary_search(&node).is_ok() || self.heard.contains(&node) {
            Standing::Reported
        } else if self.refused.iter().any(refused) {
            Standing::Refused
        } else if self.declined.iter().any(|(declined, _)| *declined == node) {
            Standing::Declined
        } else if self.silent.binary_search(&node).is_ok() {
            Standing::Silent
        } else if self.cohort.binary_search(&node).is_ok() {
            Standing::Asked
        } else {
            Standing::NotAsked
        }
    }
}
