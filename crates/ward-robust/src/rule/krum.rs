//! Krum and Multi-Krum (Blanchard et al. 2017, Machine Learning with Adversaries,
//! arXiv:1703.02757, section 4).
//!
//!   s(i) = Σ_{j ∈ N_i} |x_i − x_j|²     N_i: the n − f − 2 nearest to x_i, itself not among them
//!   Krum: x_i of the least s(i)
//!   Multi-Krum: the mean of the m of least s(i)      m: `keep`, n − f at most and by default
//!
//! `f` is the run's. Of two scores as low, the one of the lower node.
//!
//! Breakdown: n ≥ 2f + 3. Cost: n² d. byzfl takes the n − f − 1 nearest and demands only 2f < n;
//! Flower demands nothing.

use ward_round::strategy::Claims;

use super::{Rule, least};
use crate::{Choice, Points};

/// The one update that has the nearest neighbours.
#[derive(Debug, Clone, Copy)]
pub struct Krum;

/// The mean of the updates that have the nearest neighbours.
#[derive(Debug, Clone, Copy)]
pub struct MultiKrum {
    /// How many; never more than n − f.
    pub keep: Option<usize>,
}

impl Rule for Krum {
    fn needs(&self, f: usize) -> usize {
        2 * f + 3
    }

    fn claims(&self) -> Claims {
        Claims::ALL
    }

    fn choose(&self, points: &Points<'_>, f: usize) -> Choice {
        best(points, f, 1)
    }
}

impl Rule for MultiKrum {
    fn needs(&self, f: usize) -> usize {
        2 * f + 3
    }

    fn claims(&self) -> Claims {
        Claims::ALL
    }

    fn choose(&self, points: &Points<'_>, f: usize) -> Choice {
        let most = points.count() - f;
        best(points, f, self.keep.unwrap_or(most).min(most))
    }
}

fn best(points: &Points<'_>, f: usize, keep: usize) -> Choice {
    let scores = scores(points, points.count() - f - 2);
    points.mean_of(&least(&scores, keep))
}

/// Each update's sum of squared distances to the `nearest` others that are nearest to it.
#[must_use]
pub fn scores(points: &Points<'_>, nearest: usize) -> Vec<f64> {
    let score = |i| {
        let squares = points.squares(i)[..points.count()].iter().enumerate();
        let others = squares.filter(|&(j, _)| j != i);
        let mut others: Vec<f64> = others.map(|(_, square)| *square).collect();
        others.sort_by(f64::total_cmp);
        others[..nearest].iter().sum()
    };
    (0..points.count()).map(score).collect()
}
