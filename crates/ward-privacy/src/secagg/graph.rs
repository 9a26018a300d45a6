//! Who shares masks and secrets with whom: everybody with everybody, or a regular graph drawn at
//! random from what all nodes contributed (Bell et al. 2020, section 3.2).

use std::collections::BTreeMap;

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use sha2::{Digest as _, Sha256};
use ward_core::NodeId;

use super::session::SessionId;
use super::shape::Shape;

/// The neighbours of every node of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Graph {
    /// In ascending order.
    members: Vec<NodeId>,
    /// Members around a circle, and where each of them is; `None` where all are neighbours.
    circle: Option<(Vec<NodeId>, BTreeMap<NodeId, usize>)>,
    /// Neighbours on each side of the circle.
    reach: usize,
}

impl Graph {
    /// All of `members`, which ascend, are neighbours.
    pub(crate) fn complete(members: Vec<NodeId>) -> Self {
        Self {
            members,
            circle: None,
            reach: 0,
        }
    }

    /// A graph drawn from everybody's contributions, in ascending order of node: members take seats
    /// around a circle by a random permutation, and each has the nearest on both sides as neighbours.
    pub(crate) fn drawn(sid: &SessionId, openings: &[(NodeId, [u8; 32])], shape: &Shape) -> Self {
        let members: Vec<NodeId> = openings.iter().map(|(node, _)| *node).collect();
        let reach = shape.neighbours / 2;
        if members.len() <= 2 * reach + 1 {
            return Self::complete(members);
        }
        let mut hash = Sha256::new();
        hash.update(b"fl-secagg/1/graph");
        hash.update(sid.0);
        hash.update((openings.len() as u32).to_le_bytes());
        for (node, opening) in openings {
            hash.update(node.0.to_le_bytes());
            hash.update(opening);
        }
        let seats = permuted(&members, hash.finalize().into());
        let places = seats.iter().enumerate().map(|(i, node)| (*node, i));
        let places = places.collect();
        Self {
            members,
            circle: Some((seats, places)),
            reach,
        }
    }

    /// Whether `node` is in it.
    pub(crate) fn has(&self, node: NodeId) -> bool {
        self.members.binary_search(&node).is_ok()
    }

    /// Everybody, in ascending order.
    pub(crate) fn members(&self) -> &[NodeId] {
        &self.members
    }

    /// Who holds shares of `node`'s secrets: its neighbours and itself, in ascending order.
    pub(crate) fn holders(&self, node: NodeId) -> Vec<NodeId> {
        let Some((seats, places)) = &self.circle else {
            return self.members.clone();
        };
        let Some(&place) = places.get(&node) else {
            return Vec::new();
        };
        let first = place + seats.len() - self.reach;
        let mut holders: Vec<NodeId> = (first..=first + 2 * self.reach)
            .map(|seat| seats[seat % seats.len()])
            .collect();
        holders.sort_unstable();
        holders
    }

    /// `node`'s neighbours, in ascending order.
    pub(crate) fn neighbours(&self, node: NodeId) -> Vec<NodeId> {
        let mut holders = self.holders(node);
        holders.retain(|&holder| holder != node);
        holders
    }

    /// At which x `holder` has its shares of `node`'s secrets.
    pub(crate) fn x(&self, holder: NodeId, node: NodeId) -> Option<u8> {
        let rank = self.holders(node).binary_search(&holder).ok()?;
        u8::try_from(rank + 1).ok()
    }
}

/// Fisher and Yates' shuffle with numbers from ChaCha20 under `seed`; numbers that would favour some
/// seats are drawn anew.
fn permuted(members: &[NodeId], seed: [u8; 32]) -> Vec<NodeId> {
    let mut stream = ChaCha20::new(&seed.into(), &[0; 12].into());
    let mut below = |limit: u64| loop {
        let mut bytes = [0; 8];
        stream.write_keystream(&mut bytes);
        let number = u64::from_le_bytes(bytes);
        if number < u64::MAX - u64::MAX % limit {
            return number % limit;
        }
    };
    let mut seats = members.to_vec();
    for last in (1..seats.len()).rev() {
        seats.swap(last, below(last as u64 + 1) as usize);
    }
    seats
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_drawn_graph_is_regular_and_mutual(nodes in 2_u32..60, half in 1_usize..8, seed: [u8; 32]) {
            let shape = Shape { neighbours: 2 * half, threshold: half + 1, quorum: 2, drawn: true };
            let openings: Vec<_> = (0..nodes).map(|n| (NodeId(3 * n), [n as u8; 32])).collect();
            let graph = Graph::drawn(&SessionId(seed), &openings, &shape);
            for &node in graph.members() {
                let neighbours = graph.neighbours(node);
                prop_assert_eq!(neighbours.len(), (2 * half).min(nodes as usize - 1));
                prop_assert!(neighbours.is_sorted() && !neighbours.contains(&node));
                for neighbour in neighbours {
                    prop_assert!(graph.neighbours(neighbour).contains(&node));
                    prop_assert!(graph.x(neighbour, node).is_some());
                }
            }
        }
    }

    #[test]
    fn every_contribution_moves_the_graph() {
        let shape = Shape::of(300).unwrap();
        let mut openings: Vec<_> = (0..300).map(|n| (NodeId(n), [0; 32])).collect();
        let graph = Graph::drawn(&SessionId([1; 32]), &openings, &shape);
        assert_eq!(graph.neighbours(NodeId(0)).len(), 116);
        openings[299].1[31] = 1;
        assert_ne!(graph, Graph::drawn(&SessionId([1; 32]), &openings, &shape));
    }
}
