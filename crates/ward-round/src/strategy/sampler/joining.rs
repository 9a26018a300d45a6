//! Hospitals that join while the run goes on.

use ward_core::{NodeId, RoundId};

use super::{Draw, Drawn, Sampler};

/// Another sampler, over those who have joined by the round: as though nobody else were enrolled.
#[derive(Debug)]
pub struct Joining {
    /// Draws among them.
    pub sampler: Box<dyn Sampler>,
    /// By node: the first round in which it may be asked.
    pub joins: Vec<RoundId>,
}

impl Joining {
    fn has_joined(&self, node: NodeId, round: RoundId) -> bool {
        let joins = self.joins.get(node.0 as usize);
        joins.is_some_and(|joins| *joins <= round)
    }
}

impl Sampler for Joining {
    fn target(&self, enrolled: usize) -> usize {
        self.sampler.target(enrolled)
    }

    fn enrolled(&self, _admitted: usize, round: RoundId) -> usize {
        let everybody = (0..self.joins.len() as u32).map(NodeId);
        let enrolled = everybody.filter(|node| self.has_joined(*node, round) && self.admits(*node));
        enrolled.count()
    }

    fn draw(&self, draw: &Draw<'_>) -> Drawn {
        let joined = |node: &NodeId| self.has_joined(*node, draw.round);
        let candidates: Vec<NodeId> = draw.candidates.iter().copied().filter(joined).collect();
        self.sampler.draw(&Draw {
            candidates: &candidates,
            enrolled: self.enrolled(draw.enrolled, draw.round),
            ..*draw
        })
    }

    fn admits(&self, node: NodeId) -> bool {
        self.sampler.admits(node)
    }

    fn sums_rows_of(&self, node: NodeId) -> bool {
        self.has_joined(node, RoundId(0)) && self.sampler.sums_rows_of(node)
    }

    fn learns(&self) -> bool {
        self.sampler.learns()
    }
}
