//! Looks out for one hospital's update in the clear and for the masked words that hide it.

use ward_core::sighting::Sighting;
use ward_core::{MaskingAnswer, NodeId, Report, RingSpec, RoundId, Upload};
use ward_privacy::sighting;
use ward_round::NodeInput;

/// What has been seen so far: of the first hospital that trains, once in a run.
#[derive(Debug)]
pub(super) enum Lookout {
    /// Nothing, or nothing is masked.
    Waiting,
    /// The update of one hospital in one round.
    Clear(NodeId, RoundId, Upload),
    /// Both.
    Over,
}

impl Lookout {
    /// For a run whose updates are masked, or not.
    pub(super) fn new(masked: bool) -> Self {
        if masked { Self::Waiting } else { Self::Over }
    }

    /// Looks at what a node is told.
    pub(super) fn told(&mut self, node: NodeId, input: &NodeInput) {
        if let Self::Waiting = self
            && let NodeInput::Trained {
                round,
                result: Ok(upload),
            } = input
        {
            *self = Self::Clear(node, *round, upload.clone());
        }
    }

    /// Looks at what a node says. An update whose round goes on without it is given up, and the next one
    /// looked for.
    pub(super) fn said(
        &mut self,
        node: NodeId,
        report: &Report,
        ring: &RingSpec,
    ) -> Option<Sighting> {
        let Self::Clear(seen, round, clear) = self else {
            return None;
        };
        if report.round() > *round {
            *self = Self::Waiting;
            return None;
        }
        match report {
            Report::Masking {
                round: of,
                answer: MaskingAnswer::Upload(masked),
            } if (node, of) == (*seen, &*round) => {
                let sighting = sighting::sighting(clear, ring, &masked.words);
                *self = Self::Over;
                sighting
            }
            _ => None,
        }
    }
}
