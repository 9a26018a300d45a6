//! How many neighbours a node has, and how many nodes it takes: functions of the cohort's size alone,
//! so no coordinator can choose them.
//!
//! Up to 255 nodes everybody is everybody's neighbour (Bonawitz et al. 2017). Above, the graph is
//! regular (Bell et al. 2020, CCS, doi:10.1145/3372297.3417885) with numbers that hold with a fifth of
//! the nodes corrupt and a tenth lost: privacy fails with probability below 2^-40, the sum below 2^-20.

/// The fewest nodes among whom a sum hides anything.
pub const FEWEST_NODES: usize = 3;
/// The most nodes of one session.
pub const MOST_NODES: usize = 1_000;

/// The most nodes that are all neighbours.
const MOST_COMPLETE: usize = 255;

/// Cohorts up to this size, neighbours of a node, and shares that restore a secret.
const SPARSE: [(usize, usize, usize); 2] = [(500, 116, 86), (MOST_NODES, 138, 102)];

/// The numbers of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Neighbours of each node.
    pub neighbours: usize,
    /// Shares that restore a secret.
    pub threshold: usize,
    /// Nodes that every phase needs: more than two thirds of the cohort.
    pub quorum: usize,
    /// Whether the graph is drawn, so that not everybody is everybody's neighbour.
    pub drawn: bool,
}

impl Shape {
    /// For a cohort of `nodes`; `None` below [`FEWEST_NODES`] and above [`MOST_NODES`].
    #[must_use]
    pub fn of(nodes: usize) -> Option<Self> {
        let quorum = 2 * nodes / 3 + 1;
        if (FEWEST_NODES..=MOST_COMPLETE).contains(&nodes) {
            return Some(Self {
                neighbours: nodes - 1,
                threshold: quorum,
                quorum,
                drawn: false,
            });
        }
        let row = SPARSE.iter().find(|&&(most, ..)| nodes <= most)?;
        (nodes > MOST_COMPLETE).then_some(Self {
            neighbours: row.1,
            threshold: row.2,
            quorum,
            drawn: true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_those_of_the_specification() {
        let threshold = |n| Shape::of(n).unwrap().threshold;
        assert_eq!(
            [3, 4, 5, 10, 20, 50, 100].map(threshold),
            [3, 3, 4, 7, 14, 34, 67]
        );
        assert_eq!(Shape::of(2), None);
        assert_eq!(Shape::of(1_001), None);
        assert_eq!(threshold(255), 171);
        let shape = Shape::of(256).unwrap();
        assert_eq!(
            (shape.neighbours, shape.threshold, shape.quorum),
            (116, 86, 171)
        );
    }

    /// A coordinator that shows two halves of the honest nodes different lists needs t shares of each
    /// kind: with a third of the nodes on its side it falls short.
    #[test]
    fn a_third_of_colluders_is_not_enough_to_split_views() {
        for n in FEWEST_NODES..=255 {
            let colluders = (n - 1) / 3;
            assert!(2 * Shape::of(n).unwrap().threshold > n + colluders);
        }
    }
}
