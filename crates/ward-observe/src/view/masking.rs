//! One phase of a masked round, as its events tell, and who was lost in it.

use std::fmt;

use ward_core::{MaskingPhase, NodeId, Refusal, Tick};

use super::RoundView;

/// One phase of a masked round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskingView {
    /// Which one.
    pub phase: MaskingPhase,
    /// When it began.
    pub opened: Tick,
    /// When it ended.
    pub closed: Tick,
    /// Who was asked, by id: the cohort, then whoever answered in the phase before.
    pub asked: Vec<NodeId>,
    /// Whose answers count, by id.
    pub answered: Vec<NodeId>,
    /// Who was asked and did not answer, by id.
    pub silent: Vec<NodeId>,
    /// Bytes that left hospitals meanwhile.
    pub bytes_up: u64,
    /// Bytes that reached hospitals meanwhile.
    pub bytes_down: u64,
}

/// How a node was lost to a masked round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// It had not answered when the phase ended.
    Silent,
    /// It said that it would not or could not.
    Declined,
    /// It sent something that no honest node sends.
    Dishonest,
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Silent => "silent",
            Self::Declined => "declined",
            Self::Dishonest => "dishonest",
        })
    }
}

impl MaskingView {
    /// Milliseconds that it took.
    #[must_use]
    pub fn took_ms(&self) -> u64 {
        self.closed.0.saturating_sub(self.opened.0)
    }

    /// Whether the answer of `node` counts.
    #[must_use]
    pub fn counts(&self, node: NodeId) -> bool {
        self.answered.binary_search(&node).is_ok()
    }
}

impl RoundView {
    /// A phase that has ended; `None` where it has not, or there was none.
    #[must_use]
    pub fn masking_phase(&self, phase: MaskingPhase) -> Option<&MaskingView> {
        self.masking.iter().find(|view| view.phase == phase)
    }

    /// Who was asked in a phase of this round without an answer that counts, by id, and how that came.
    #[must_use]
    pub fn lost_in(&self, phase: &MaskingView) -> Vec<(NodeId, Lost)> {
        let lost = phase.asked.iter().filter(|node| !phase.counts(**node));
        lost.map(|node| (*node, self.how_lost(phase, *node)))
            .collect()
    }

    fn how_lost(&self, phase: &MaskingView, node: NodeId) -> Lost {
        let dishonest = self
            .refused
            .iter()
            .any(|report| report.node == node && matches!(report.refusal, Refusal::Dishonest(_)));
        let declined = self.declined.iter().any(|(who, _)| *who == node);
        match phase.silent.binary_search(&node) {
            Ok(_) => Lost::Silent,
            Err(_) if dishonest => Lost::Dishonest,
            Err(_) if declined => Lost::Declined,
            Err(_) => Lost::Silent,
        }
    }
}
