//! What is done to updates before a rule: one file each, in any number and order.
//!
//! Each is a matrix over the updates that it sees, and the next one sees its result.

mod adaptive_clipping;
mod bucketing;
mod clipping;
mod nnm;

pub use adaptive_clipping::AdaptiveClipping;
pub use bucketing::{Bucketing, buckets};
pub use clipping::Clipping;
pub(crate) use clipping::shortening;
pub use nnm::NearestNeighbourMixing;
pub(crate) use nnm::nearest;

use std::fmt::Debug;

use ward_core::Seed;

use crate::Points;

/// Makes other updates of updates, before a rule.
pub trait Before: Debug + Send + Sync {
    /// How many it leaves of `count`.
    fn leaves(&self, count: usize) -> usize {
        count
    }

    /// The fewest updates of which it leaves `left`, where `f` may be bad.
    fn needs(&self, left: usize, _f: usize) -> usize {
        left
    }

    /// For each update that it makes, how it is summed from those it sees and, last, the origin.
    /// A row adds up to 1.
    fn rows(&self, points: &Points<'_>, f: usize, seed: Seed) -> Vec<Vec<f64>>;
}

/// Rows that scale each update, towards the origin.
fn scaled(factors: &[f64]) -> Vec<Vec<f64>> {
    let row = |(i, &factor): (usize, &f64)| {
        let mut row = vec![0.0; factors.len() + 1];
        row[i] = factor;
        row[factors.len()] = 1.0 - factor;
        row
    };
    factors.iter().enumerate().map(row).collect()
}
