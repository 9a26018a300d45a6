//! Mean around the median, MeaMed (Xie, Koyejo and Gupta 2018, arXiv:1802.10116, section 4.2).
//!
//!   y_k = mean of the n − f of x_1k, …, x_nk that are nearest their median
//!
//! `f` is the run's. Breakdown: 2f < n. Cost: n (log n)² d comparisons without a branch. As in
//! byzfl, but of two values as near, the lower one; byzfl leaves that open.

use ward_round::strategy::Claims;

use super::{Rule, honest_majority};
use crate::{Choice, Points, Take};

/// The mean of each coordinate's values near its median.
#[derive(Debug, Clone, Copy)]
pub struct MeaMed;

impl Rule for MeaMed {
    fn needs(&self, f: usize) -> usize {
        honest_majority(f)
    }

    fn claims(&self) -> Claims {
        Claims::ALL
    }

    fn choose(&self, points: &Points<'_>, f: usize) -> Choice {
        let take = Take::NearMedian(points.count() - f);
        Choice::Coordinates((0..points.count()).collect(), take)
    }
}
