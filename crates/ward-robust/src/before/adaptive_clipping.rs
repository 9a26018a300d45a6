//! Adaptive robust clipping, ARC (Allouah et al. 2025, Adaptive Gradient Clipping for Robust
//! Federated Learning, arXiv:2405.14432, Algorithm 2).
//!
//!   k = ⌊2 (f/n) (n − f)⌋
//!   y_i = x_i min(1, c/|x_i|)      c: the (k + 1)-th largest norm
//!
//! `f` is the run's. Unlike a static radius it keeps the (f, κ)-robustness of the rule after it.
//!
//! Breakdown: the next rule's, 2f < n. Cost: n d. As byzfl's `ARC`, which changes its input; this
//! does not.

use ward_core::Seed;

use super::clipping::shortening;
use super::{Before, scaled};
use crate::Points;

/// The longest updates are shortened to the next norm.
#[derive(Debug, Clone, Copy)]
pub struct AdaptiveClipping;

impl Before for AdaptiveClipping {
    fn needs(&self, left: usize, f: usize) -> usize {
        left.max(2 * f + 1)
    }

    fn rows(&self, points: &Points<'_>, f: usize, _: Seed) -> Vec<Vec<f64>> {
        let count = points.count();
        let mut norms: Vec<f64> = (0..count).map(|i| points.norm(i)).collect();
        norms.sort_by(|a, b| b.total_cmp(a));
        let clipped = 2 * f * (count - f) / count;
        scaled(&shortening(points, norms[clipped]))
    }
}
