//! Every public random choice has an address: run seed, round, node, purpose.
//!
//! A [`Seed`] is a place in a tree. Children are derived by keyed BLAKE3, so two addresses never
//! share a stream, and adding a hospital, a round or a thread changes nobody else's draws.
//! Seeds are public; masks and privacy noise never come from one.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::{NodeId, RoundId};

/// What a stream of random numbers is for. One word per use; a new use is a new constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purpose(pub &'static str);

impl Purpose {
    /// Who is asked in a round.
    pub const COHORT: Self = Self("cohort");
    /// The order of rows within local training.
    pub const SHUFFLE: Self = Self("shuffle");
    /// The order of rows in training that is for a hospital's own model.
    pub const PERSONAL: Self = Self("personal");
    /// The first parameters of the model.
    pub const INITIAL_PARAMS: Self = Self("initial-params");
    /// The first parameters of a run's models after its first.
    pub const CLUSTERS: Self = Self("clusters");
    /// Latency and jitter of a simulated link.
    pub const LINK: Self = Self("link");
    /// Whether a simulated hospital is silent.
    pub const OUTAGE: Self = Self("outage");
    /// What a simulated adversary draws, and which hospitals are adversaries.
    pub const ATTACK: Self = Self("attack");
    /// What protects privacy in a simulation, where nothing is secret.
    pub const PROTECTION: Self = Self("protection");
    /// Assignment of a pool's rows to hospitals.
    pub const PARTITION: Self = Self("partition");
    /// Which updates of a round are averaged together before a robust rule.
    pub const BUCKETS: Self = Self("buckets");
    /// Which hospitals of a masked round are added up together.
    pub const GROUPS: Self = Self("groups");
    /// Which hospitals are kept out of training, to score the model from outside.
    pub const EXTERNAL: Self = Self("external");
    /// In which order hospitals join a federation that grows.
    pub const ADOPTION: Self = Self("adoption");
    /// How many visits a hospital has in a year.
    pub const VISITS: Self = Self("visits");
    /// What noises the change of a region's model before it crosses a border, in a simulation.
    pub const BORDER: Self = Self("border");
    /// What comes to a hospital's reading queue, when, and how long it takes to read.
    pub const READING: Self = Self("reading");
}

/// A place in the tree of random choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seed([u8; 32]);

impl Seed {
    /// The root of one run.
    #[must_use]
    pub fn run(seed: u64) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("wardround/1 run seed");
        hasher.update(&seed.to_le_bytes());
        Self(*hasher.finalize().as_bytes())
    }

    /// The place of one round.
    #[must_use]
    pub fn round(self, round: RoundId) -> Self {
        self.child("round", u64::from(round.0))
    }

    /// The place of one node.
    #[must_use]
    pub fn node(self, node: NodeId) -> Self {
        self.child("node", u64::from(node.0))
    }

    /// The place of one purpose.
    #[must_use]
    pub fn purpose(self, purpose: Purpose) -> Self {
        self.child(purpose.0, 0)
    }

    /// Child number `index` under `label`.
    #[must_use]
    pub fn child(self, label: &str, index: u64) -> Self {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&(label.len() as u64).to_le_bytes());
        hasher.update(label.as_bytes());
        hasher.update(&index.to_le_bytes());
        Self(*hasher.finalize().as_bytes())
    }

    /// The random numbers of this place.
    #[must_use]
    pub fn stream(self) -> ChaCha8Rng {
        ChaCha8Rng::from_seed(self.0)
    }

    /// The random numbers of item `index` of this place, without hashing: one stream per case.
    #[must_use]
    pub fn stream_of(self, index: u64) -> ChaCha8Rng {
        let mut rng = self.stream();
        rng.set_stream(index);
        rng
    }

    /// The bytes, for the wire.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 32] {
        self.0
    }

    /// A seed from the wire.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::Rng;

    #[test]
    fn a_stream_depends_on_its_whole_address() {
        let root = Seed::run(7);
        let at = |round, node, purpose: Purpose| {
            root.round(RoundId(round))
                .node(NodeId(node))
                .purpose(purpose)
                .stream()
                .next_u64()
        };
        let first = at(0, 0, Purpose::SHUFFLE);
        assert_eq!(first, at(0, 0, Purpose::SHUFFLE));
        for other in [
            at(1, 0, Purpose::SHUFFLE),
            at(0, 1, Purpose::SHUFFLE),
            at(0, 0, Purpose::COHORT),
            Seed::run(8)
                .round(RoundId(0))
                .node(NodeId(0))
                .purpose(Purpose::SHUFFLE)
                .stream()
                .next_u64(),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn items_of_a_place_have_streams_of_their_own() {
        let place = Seed::run(7).child("case", 0);
        assert_ne!(place.stream_of(0).next_u64(), place.stream_of(1).next_u64());
        assert_eq!(place.stream_of(5).next_u64(), place.stream_of(5).next_u64());
    }
}
