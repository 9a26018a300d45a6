//! Geometric median by smoothed Weiszfeld steps: RFA (Pillutla, Kakade and Harchaoui 2022,
//! arXiv:1912.13445, Algorithm 2).
//!
//!   β_i = w_i / max(ν, |x_i − z|)      ν: `smoothing`, w: the points' weights
//!   z ← Σ β_i x_i / Σ β_i              `steps` times, from the weighted mean (`start`)
//!
//! z is always a weighted sum of the updates, so its distances follow from theirs and no step looks
//! at a coordinate: a hundred cost what three do.
//!
//! Breakdown: 2f < n, of the weight where it is claimed; (f, κ)-robust with κ ≤
//! 4 (1 + f/(n − 2f))². Cost: n² d, and n² a step. byzfl starts from zero and takes 3 steps with
//! ν = 0.1 unless told otherwise: far from the median where updates are small.

use ward_round::strategy::{Bears, Claims};

use super::{Rule, honest_majority};
use crate::{Choice, Points};

/// The point with the least sum of distances.
#[derive(Debug, Clone, Copy)]
pub struct GeometricMedian {
    /// Distances count as at least this, ν, above 0.
    pub smoothing: f64,
    /// Weiszfeld steps, at least 1.
    pub steps: u32,
    /// Where they start.
    pub start: Start,
}

/// Steps that bring the point back from wherever bad updates took the mean: each takes it f/(n − f) of
/// the way at worst.
const ENOUGH_STEPS: u32 = 64;

/// Where an iteration starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At the weighted mean.
    Mean,
    /// At zero.
    Zero,
}

impl Rule for GeometricMedian {
    fn needs(&self, f: usize) -> usize {
        honest_majority(f)
    }

    fn claims(&self) -> Claims {
        // `smoothing` is a length.
        Claims {
            scale: false,
            weights: true,
            bears: match self.steps < ENOUGH_STEPS {
                true => Bears::Nothing,
                false => Bears::Spread,
            },
            ..Claims::ALL
        }
    }

    fn choose(&self, points: &Points<'_>, _f: usize) -> Choice {
        let mut shares = vec![0.0; points.len()];
        match self.start {
            Start::Mean => shares[..points.count()].copy_from_slice(points.weights()),
            Start::Zero => shares[points.origin()] = 1.0,
        }
        for _ in 0..self.steps {
            let squares = points.squares_from(&shares);
            let weights = points.weights().iter().zip(squares);
            let pulls = weights.map(|(w, square)| w / square.sqrt().max(self.smoothing));
            let pulls: Vec<f64> = pulls.collect();
            let total: f64 = pulls.iter().sum();
            shares.fill(0.0);
            let next = shares.iter_mut().zip(pulls);
            next.for_each(|(share, pull)| *share = pull / total);
        }
        Choice::Sum(shares)
    }
}
