//! MoNNA's mixing: nearest-neighbour averaging around a trusted update (Farhadkhani et al. 2023,
//! Robust Collaborative Learning with Linear Gradient Overhead, arXiv:2209.10931).
//!
//!   y = mean of the n − f nearest to x_p, itself among them      p: `pivot`
//!
//! `f` is the run's. In the paper each node mixes around its own update, which it can trust. No
//! hospital's update is that to a coordinator, so this rule is here for nodes to come and no config
//! offers it.
//!
//! Breakdown: 2f < n, and the pivot's node honest. Cost: n d. As in byzfl; of two updates as near,
//! the one of the lower node.

use ward_round::strategy::Claims;

use super::{Rule, honest_majority};
use crate::before::nearest;
use crate::{Choice, Points};

/// The mean of the updates nearest a trusted one.
#[derive(Debug, Clone, Copy)]
pub struct Monna {
    /// The trusted update's place in order of nodes.
    pub pivot: usize,
}

impl Rule for Monna {
    fn needs(&self, f: usize) -> usize {
        honest_majority(f).max(self.pivot + 1)
    }

    fn claims(&self) -> Claims {
        // It knows its pivot's node.
        Claims {
            permutation: false,
            ..Claims::ALL
        }
    }

    fn choose(&self, points: &Points<'_>, f: usize) -> Choice {
        points.mean_of(&nearest(points, self.pivot, points.count() - f))
    }
}
