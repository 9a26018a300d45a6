//! Bucketing (Karimireddy, He and Jaggi 2022, arXiv:2006.09365, Algorithm 1, without resampling).
//!
//!   y_b = mean of x_{π(bs)}, …, x_{π(bs+s−1)}      s: `size`, π: a random order
//!
//! The last bucket may be smaller. As the round's place in the run's seed gives the order, a
//! resumed run draws the same. Honest updates' variance falls by s; up to f buckets may be bad, so
//! the rule after it sees ⌈n/s⌉ updates of which f may be.
//!
//! Breakdown: the rule's for ⌈n/s⌉. Cost: n d.

use rand::RngExt;
use ward_core::{Purpose, Seed};

use super::Before;
use crate::Points;

/// Updates are averaged in random groups.
#[derive(Debug, Clone, Copy)]
pub struct Bucketing {
    /// Updates to a bucket, at least 1.
    pub size: usize,
}

impl Before for Bucketing {
    fn leaves(&self, count: usize) -> usize {
        count.div_ceil(self.size)
    }

    fn needs(&self, left: usize, _f: usize) -> usize {
        left.saturating_sub(1) * self.size + 1
    }

    fn rows(&self, points: &Points<'_>, _f: usize, seed: Seed) -> Vec<Vec<f64>> {
        let mut rng = seed.purpose(Purpose::BUCKETS).stream();
        let mut order: Vec<usize> = (0..points.count()).collect();
        for i in 0..order.len() {
            let j = rng.random_range(i..order.len());
            order.swap(i, j);
        }
        buckets(&order, self.size)
    }
}

/// The means of so many at a time of the updates in this order, as rows of [`Before::rows`].
#[must_use]
pub fn buckets(order: &[usize], size: usize) -> Vec<Vec<f64>> {
    let bucket = |bucket: &[usize]| {
        let mut row = vec![0.0; order.len() + 1];
        for &i in bucket {
            row[i] = 1.0 / bucket.len() as f64;
        }
        row
    };
    order.chunks(size).map(bucket).collect()
}
