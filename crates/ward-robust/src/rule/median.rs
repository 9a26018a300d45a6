//! Coordinate-wise median (Yin et al. 2018, arXiv:1803.01498, Algorithm 1, option I).
//!
//!   y_k = median of x_1k, …, x_nk
//!
//! Of an even number, the mean of the middle two. With claimed weights it is the weighted median:
//! the smallest value up to which half the weight has come (`weighted`).
//!
//! Breakdown: 2f < n; (f, κ)-robust with κ ≤ 4 (1 + f/(n − 2f))². Cost: n (log n)² d comparisons
//! without a branch. As in byzfl; Flower's and OpenFL's weigh nothing either.

use ward_round::strategy::Claims;

use super::{Rule, honest_majority};
use crate::{Choice, Points, Take};

/// The median of each coordinate.
#[derive(Debug, Clone, Copy)]
pub struct Median {
    /// Whether it is the weighted median.
    pub weighted: bool,
}

impl Rule for Median {
    fn needs(&self, f: usize) -> usize {
        honest_majority(f)
    }

    fn claims(&self) -> Claims {
        Claims {
            weights: self.weighted,
            ..Claims::ALL
        }
    }

    fn choose(&self, points: &Points<'_>, _f: usize) -> Choice {
        let take = match self.weighted {
            true => Take::WeightedMedian(points.weights().to_vec()),
            false => Take::Median,
        };
        Choice::Coordinates((0..points.count()).collect(), take)
    }
}
