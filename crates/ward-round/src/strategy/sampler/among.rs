//! Only some of those enrolled.

use std::collections::BTreeSet;

use ward_core::NodeId;

use super::{Draw, Drawn, Sampler};

/// Another sampler, over some of the nodes. The rest are enrolled, and scored, and never train.
#[derive(Debug)]
pub struct Among {
    /// Draws among them.
    pub sampler: Box<dyn Sampler>,
    /// By node: whether it may be asked.
    pub admitted: Vec<bool>,
    /// Those of the rest who score the model as strangers would: nothing of theirs goes into it, not
    /// even sums for federated scaling.
    pub outside: BTreeSet<NodeId>,
}

impl Sampler for Among {
    fn target(&self, enrolled: usize) -> usize {
        self.sampler.target(enrolled)
    }

    fn draw(&self, draw: &Draw<'_>) -> Drawn {
        self.sampler.draw(draw)
    }

    fn admits(&self, node: NodeId) -> bool {
        self.admitted
            .get(node.0 as usize)
            .is_some_and(|&admitted| admitted)
    }

    fn sums_rows_of(&self, node: NodeId) -> bool {
        !self.outside.contains(&node)
    }

    fn learns(&self) -> bool {
        self.sampler.learns()
    }
}
