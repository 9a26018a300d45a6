//! Coordinate-wise trimmed mean (Yin et al. 2018, arXiv:1803.01498, Algorithm 1, option II).
//!
//!   y_k = mean of x_1k, …, x_nk without the f least and the f greatest
//!
//! `f` is the run's. Breakdown: 2f < n; (f, κ)-robust with κ ≤ 6 f/(n − 2f) (1 + f/(n − 2f)).
//! Cost: n (log n)² d comparisons without a branch. As byzfl's `TrMean`; Flower trims a share β.

use ward_round::strategy::Claims;

use super::{Rule, honest_majority};
use crate::{Choice, Points, Take};

/// The mean of each coordinate without its extremes.
#[derive(Debug, Clone, Copy)]
pub struct TrimmedMean;

impl Rule for TrimmedMean {
    fn needs(&self, f: usize) -> usize {
        honest_majority(f)
    }

    fn claims(&self) -> Claims {
        Claims::ALL
    }

    fn choose(&self, points: &Points<'_>, f: usize) -> Choice {
        Choice::Coordinates((0..points.count()).collect(), Take::Middle(f))
    }
}
