//! Slow, plain definitions that share nothing with the product: what its results are held against.
//!
//! Everything is `f64` and loops, written from the papers and textbooks that define it.

mod mlp;
mod server;

pub use mlp::{Mlp, Sgd};
pub use server::{Rule, Server};

/// The chance that a positive case scores above a negative one, ties counting half: over all pairs.
/// `None` when a class is empty.
#[must_use]
pub fn auc(scores: &[f64], positive: &[bool]) -> Option<f64> {
    let of = |class: bool| -> Vec<f64> {
        let pairs = scores.iter().zip(positive).filter(|(_, is)| **is == class);
        pairs.map(|(score, _)| *score).collect()
    };
    let (above, below) = (of(true), of(false));
    let won: f64 = above
        .iter()
        .flat_map(|p| {
            below
                .iter()
                .map(move |n| f64::from(p > n) + 0.5 * f64::from(p == n))
        })
        .sum();
    let pairs = above.len() * below.len();
    (pairs > 0).then(|| won / pairs as f64)
}

/// The mean of vectors, each as often as its weight says.
#[must_use]
pub fn weighted_mean(updates: &[(Vec<f64>, u64)]) -> Vec<f64> {
    let total: f64 = updates.iter().map(|(_, weight)| *weight as f64).sum();
    let len = updates.first().map_or(0, |(update, _)| update.len());
    (0..len)
        .map(|i| {
            updates
                .iter()
                .map(|(u, weight)| u[i] * *weight as f64)
                .sum::<f64>()
                / total
        })
        .collect()
}

/// Mean and sample standard deviation of each column; a single row has deviation 0.
#[must_use]
pub fn columns(rows: &[Vec<f64>]) -> Vec<(f64, f64)> {
    let (n, width) = (rows.len() as f64, rows.first().map_or(0, Vec::len));
    (0..width)
        .map(|c| {
            let mean = rows.iter().map(|row| row[c]).sum::<f64>() / n;
            let variance =
                rows.iter().map(|row| (row[c] - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
            (mean, variance.sqrt())
        })
        .collect()
}
