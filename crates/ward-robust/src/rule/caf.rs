//! Covariance-bound agnostic filter, CAF (Allouah, Guerraoui and Stephan 2025, Towards Trustworthy
//! Federated Learning with Untrusted Participants, arXiv:2505.01874, Algorithm 2).
//!
//!   c_i = 1; while Σ c > n − 2f:
//!     μ = Σ c_i x_i / Σ c,  C = Σ c_i (x_i − μ)(x_i − μ)ᵀ / Σ c,  (λ, v): its top eigenpair
//!     keep μ if λ is the least so far
//!     τ_i = ((x_i − μ)·v)²;  c_i ← c_i (1 − τ_i/max τ)
//!   y = the kept μ; the mean where f = 0
//!
//! `f` is the run's. v lies among the x_i − μ, so the eigenpair is that of an n × n matrix of inner
//! products.
//!
//! Breakdown: 2f < n. Cost: n² d, and up to n³ for each of at most n turns. byzfl takes one power step from a random start,
//! which cannot be repeated; this is the exact pair.

use ward_round::strategy::Claims;

use super::eigen::{dot, top_eigenpair};
use super::{Rule, honest_majority};
use crate::{Choice, Points};

/// The mean that filtering along the widest direction leaves narrowest.
#[derive(Debug, Clone, Copy)]
pub struct Caf {
    /// Whose place along the widest direction sets the scale, max τ.
    pub scale: Scale,
}

/// Which updates set a scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// Those that still count: each turn ends at least one of them.
    Counting,
    /// All of them, as in byzfl and in the known answers. One far away, though it counts nothing
    /// any more, can make the turns as short and as many as it likes.
    All,
}

impl Rule for Caf {
    fn needs(&self, f: usize) -> usize {
        honest_majority(f)
    }

    fn claims(&self) -> Claims {
        Claims::ALL
    }

    fn choose(&self, points: &Points<'_>, f: usize) -> Choice {
        let count = points.count();
        let mut counts = vec![1.0; count];
        let mut kept = (f64::INFINITY, vec![1.0 / count as f64; count]);
        loop {
            let total: f64 = counts.iter().sum();
            if total <= (count - 2 * f) as f64 {
                break;
            }
            let shares: Vec<f64> = counts.iter().map(|c| c / total).collect();
            let products = products(points, &shares);
            let (spread, along) = widest(&products, &shares);
            let scale = |c: f64| self.scale == Scale::All || c > 0.0;
            let counting = along.iter().zip(&counts).filter(|(_, c)| scale(**c));
            let widest = counting.fold(0.0, |most, (a, _)| f64::max(most, a * a));
            if spread < kept.0 {
                kept = (spread, shares);
            }
            if widest == 0.0 {
                break;
            }
            let terms = counts.iter_mut().zip(along);
            terms.for_each(|(c, a)| *c *= (1.0 - a * a / widest).max(0.0));
        }
        let mut shares = kept.1;
        shares.resize(points.len(), 0.0);
        Choice::Sum(shares)
    }
}

/// Inner products of the updates around their weighted mean.
fn products(points: &Points<'_>, shares: &[f64]) -> Vec<Vec<f64>> {
    let mut all = shares.to_vec();
    all.resize(points.len(), 0.0);
    let from_mean = points.squares_from(&all);
    let product = |i: usize, j: usize| 0.5 * (from_mean[i] + from_mean[j] - points.squares(i)[j]);
    let row = |i| (0..shares.len()).map(|j| product(i, j)).collect();
    (0..shares.len()).map(row).collect()
}

/// The variance along the direction in which the weighted updates vary most, and each update's
/// place along it.
fn widest(products: &[Vec<f64>], shares: &[f64]) -> (f64, Vec<f64>) {
    // C v = λ v with v = Σ √w_j u_j (x_j − μ) / √λ is K u = λ u with K_ij = √w_i √w_j P_ij.
    let roots: Vec<f64> = shares.iter().map(|share| share.sqrt()).collect();
    let row = |(row, root): (&Vec<f64>, &f64)| {
        let terms = row.iter().zip(&roots);
        terms.map(|(p, other)| p * root * other).collect()
    };
    let matrix: Vec<Vec<f64>> = products.iter().zip(&roots).map(row).collect();
    let (spread, top) = top_eigenpair(&matrix);
    if spread <= 0.0 {
        return (0.0, vec![0.0; shares.len()]);
    }
    let v: Vec<f64> = top.iter().zip(&roots).map(|(u, root)| u * root).collect();
    let place = |row: &Vec<f64>| dot(row, &v) / spread.sqrt();
    (spread, products.iter().map(place).collect())
}
