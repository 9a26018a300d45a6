//! Static clipping: no update is longer than a radius.
//!
//!   y_i = x_i min(1, c/|x_i|)      c: `radius`
//!
//! Breakdown: the next rule's. Cost: n d. As byzfl's `Clipping`, which changes its input; this does
//! not.

use ward_core::Seed;

use super::{Before, scaled};
use crate::Points;

/// Long updates are shortened to a radius.
#[derive(Debug, Clone, Copy)]
pub struct Clipping {
    /// The longest Euclidean norm, above 0.
    pub radius: f64,
}

impl Before for Clipping {
    fn rows(&self, points: &Points<'_>, _f: usize, _: Seed) -> Vec<Vec<f64>> {
        scaled(&shortening(points, self.radius))
    }
}

/// What shortens each update to `radius`.
pub(crate) fn shortening(points: &Points<'_>, radius: f64) -> Vec<f64> {
    let factor = |i| match points.norm(i) {
        norm if norm > radius => radius / norm,
        _ => 1.0,
    };
    (0..points.count()).map(factor).collect()
}
