//! Addresses of cases: (seed, scenario, hospital, split, mechanism), then the case's own number.

use rand_chacha::ChaCha8Rng;
use ward_core::{NodeId, Seed};

/// Which rows a case belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Rows to train on.
    Train,
    /// Rows to test on.
    Test,
}

/// The place of one hospital's cases in one scenario. Each mechanism has streams of its own, so
/// turning one on leaves all other draws where they were.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place(Seed);

impl Place {
    pub(crate) fn new(seed: Seed, scenario: &str, node: NodeId) -> Self {
        Self(seed.child("scenario", 0).child(scenario, 0).node(node))
    }

    /// Where what is random in a scenario, but the same for everybody, is drawn.
    pub(crate) fn world(seed: Seed, scenario: &str) -> Seed {
        seed.child("scenario", 0)
            .child(scenario, 0)
            .child("world", 0)
    }

    /// Draws of the hospital itself: its shift, its scanner, its units.
    pub(crate) fn hospital(self, mechanism: &str) -> ChaCha8Rng {
        self.own(mechanism).stream()
    }

    /// The place of those draws.
    pub(crate) fn own(self, mechanism: &str) -> Seed {
        self.0.child("hospital", 0).child(mechanism, 0)
    }

    /// Draws of one mechanism for the cases of one split: item `case` of this seed.
    pub(crate) fn cases(self, split: Split, mechanism: &str) -> Seed {
        let split = match split {
            Split::Train => 0,
            Split::Test => 1,
        };
        self.0.child("split", split).child(mechanism, 0)
    }
}
