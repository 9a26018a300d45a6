//! Some of those enrolled stay outside, to score the model as strangers would.

use ward_core::NodeId;

use super::{Draw, Drawn, Sampler};

/// Another sampler, over all but some of the nodes. Those outside are enrolled and scored; nothing of
/// theirs goes into the model, not even sums for federated scaling.
#[derive(Debug)]
pub struct Outside {
    /// Draws among the others.
    pub sampler: Box<dyn Sampler>,
    /// By node: whether it is outside. A node that is not there is inside.
    pub outside: Vec<bool>,
}

impl Outside {
    fn is_outside(&self, node: NodeId) -> bool {
        self.outside.get(node.0 as usize) == Some(&true)
    }
}

impl Sampler for Outside {
    fn target(&self, enrolled: usize) -> usize {
        self.sampler.target(enrolled)
    }

    fn draw(&self, draw: &Draw<'_>) -> Drawn {
        self.sampler.draw(draw)
    }

    fn admits(&self, node: NodeId) -> bool {
        !self.is_outside(node) && self.sampler.admits(node)
    }

    fn sums_rows_of(&self, node: NodeId) -> bool {
        !self.is_outside(node) && self.sampler.sums_rows_of(node)
    }

    fn learns(&self) -> bool {
        self.sampler.learns()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{All, Among};
    use super::*;

    #[test]
    fn those_outside_give_nothing_and_those_not_among_give_sums() {
        let sampler = Outside {
            sampler: Box::new(Among {
                sampler: Box::new(All),
                admitted: vec![true, false, true],
            }),
            outside: vec![false, false, true],
        };
        let of = |f: &dyn Fn(NodeId) -> bool| [0, 1, 2].map(|node| f(NodeId(node)));
        assert_eq!(of(&|node| sampler.admits(node)), [true, false, false]);
        assert_eq!(of(&|node| sampler.sums_rows_of(node)), [true, true, false]);
        assert!(!sampler.is_outside(NodeId(7)));
    }
}
