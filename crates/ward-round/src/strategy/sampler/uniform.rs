//! A uniform sample without replacement.

use rand::RngExt as _;

use super::{Draw, Drawn, Sampler};

/// A uniform sample without replacement, drawn by exchanges (Fisher and Yates).
#[derive(Debug, Clone, Copy)]
pub struct Uniform {
    /// Reports a round aims at.
    pub count: usize,
}

impl Sampler for Uniform {
    fn target(&self, enrolled: usize) -> usize {
        self.count.min(enrolled)
    }

    fn draw(&self, draw: &Draw<'_>) -> Drawn {
        let target = self.target(draw.enrolled);
        let mut rng = draw.place().stream();
        let mut pool = draw.candidates.to_vec();
        let count = draw.asks(target).min(pool.len());
        for i in 0..count {
            let j = rng.random_range(i..pool.len());
            pool.swap(i, j);
        }
        pool.truncate(count);
        Drawn::new(pool, target)
    }
}
