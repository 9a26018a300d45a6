//! Nearest-neighbour mixing, NNM (Allouah et al. 2023, Fixing by Mixing, arXiv:2302.01772,
//! Algorithm 2).
//!
//!   y_i = 1/(n − f) Σ_{j ∈ N_i} x_j     N_i: the n − f nearest to x_i, itself among them
//!
//! `f` is the run's. Where honest hospitals differ, as hospitals do, a rule alone mistakes the
//! unusual for the bad; mixing brings the honest together first: an (f, κ)-robust rule becomes
//! (f, κ')-robust with κ' ≤ 8 f (κ + 1)/(n − f) (Lemma 5).
//!
//! Breakdown: 2f < n. Cost: n² d for the distances, n² d for the mixing.
//! Of two updates as near, the one of the lower node. As in byzfl.

use ward_core::Seed;

use super::Before;
use crate::Points;

/// Each update becomes the mean of its nearest.
#[derive(Debug, Clone, Copy)]
pub struct NearestNeighbourMixing;

impl Before for NearestNeighbourMixing {
    fn needs(&self, left: usize, f: usize) -> usize {
        left.max(2 * f + 1)
    }

    fn rows(&self, points: &Points<'_>, f: usize, _: Seed) -> Vec<Vec<f64>> {
        let count = points.count();
        let keep = count - f;
        let row = |i| {
            let mut row = vec![0.0; count + 1];
            for j in nearest(points, i, keep) {
                row[j] = 1.0 / keep as f64;
            }
            row
        };
        (0..count).map(row).collect()
    }
}

/// The `keep` updates nearest to update `i`, itself among them.
pub(crate) fn nearest(points: &Points<'_>, i: usize, keep: usize) -> Vec<usize> {
    let squares = points.squares(i);
    let mut order: Vec<usize> = (0..points.count()).collect();
    order.sort_by(|&a, &b| squares[a].total_cmp(&squares[b]));
    order.truncate(keep);
    order
}
