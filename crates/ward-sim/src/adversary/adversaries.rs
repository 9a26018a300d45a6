//! Who misbehaves, how, and from when.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use rand::Rng;
use ward_core::{NodeId, Purpose, RoundId, Seed};

use super::attack::Attack;
use super::search::Rule;

/// The adversaries of a run: a value given to [`Simulation`](crate::Simulation).
#[derive(Clone)]
pub struct Adversaries {
    /// Who.
    pub nodes: BTreeSet<NodeId>,
    /// What they do.
    pub attack: Attack,
    /// The first round in which they do it; before it they are honest.
    pub from_round: RoundId,
    /// How the coordinator combines updates: what optimal attacks are aimed at.
    pub rule: Arc<Rule<'static>>,
    /// The root of their draws.
    pub seed: Seed,
}

impl fmt::Debug for Adversaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Adversaries")
            .field("nodes", &self.nodes)
            .field("attack", &self.attack)
            .field("from_round", &self.from_round)
            .finish_non_exhaustive()
    }
}

impl Adversaries {
    /// `count` of `enrolled` nodes, drawn by `seed`. Those of a smaller count are among those of a
    /// larger one, so that runs can be compared.
    #[must_use]
    pub fn draw(count: usize, enrolled: u32, seed: Seed) -> BTreeSet<NodeId> {
        let lot = |node: &NodeId| {
            seed.purpose(Purpose::ATTACK)
                .node(*node)
                .stream()
                .next_u64()
        };
        let mut nodes: Vec<NodeId> = (0..enrolled).map(NodeId).collect();
        nodes.sort_by_cached_key(lot);
        nodes.into_iter().take(count).collect()
    }

    /// Whether `node` attacks in `round`.
    #[must_use]
    pub fn attacks(&self, node: NodeId, round: RoundId) -> bool {
        round >= self.from_round && self.nodes.contains(&node)
    }

    /// Where one attacker draws in a round.
    pub(super) fn place(&self, node: NodeId, round: RoundId) -> Seed {
        self.seed.round(round).node(node).purpose(Purpose::ATTACK)
    }

    /// Where one attacker draws what it does to its rows: once for the run.
    pub(super) fn place_of_rows(&self, node: NodeId) -> Seed {
        self.seed.node(node).purpose(Purpose::ATTACK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attackers_are_drawn_by_seed_and_nested_by_count() {
        let drawn = |count, seed| Adversaries::draw(count, 21, Seed::run(seed));
        assert_eq!(drawn(4, 1).len(), 4);
        assert_eq!(drawn(4, 1), drawn(4, 1));
        assert!(drawn(3, 1).is_subset(&drawn(4, 1)));
        assert_ne!(drawn(4, 1), drawn(4, 2));
        assert_eq!(drawn(30, 1).len(), 21);
    }
}
