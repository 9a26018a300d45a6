//! Only some of those enrolled.

use ward_core::NodeId;

use super::{Draw, Drawn, Sampler};

/// Another sampler, over some of the nodes. The rest are enrolled, and scored, and never train.
#[derive(Debug)]
pub struct Among {
    /// Draws among them.
    pub sampler: Box<dyn Sampler>,
    /// By node: whether it may be asked.
    pub admitted: Vec<bool>,
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
        self.sampler.sums_rows_of(node)
    }

    fn learns(&self) -> bool {
        self.sampler.learns()
    }
}
