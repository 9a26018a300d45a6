//! Each hospital by a coin of its own: the sample that privacy accounting assumes.
//!
//! A round asks as many as the coins say, perhaps nobody: then the round is over at once, without a
//! model, and no hospital is to blame. More are never asked than were drawn: that would change the
//! chance of each. Accounting may count on the sample only against those who do not know the seed.

use super::draw::chance;
use super::{Draw, Drawn, Sampler};

/// Each node that is there, independently, with the same probability.
#[derive(Debug, Clone, Copy)]
pub struct Poisson {
    /// The probability, above 0 and up to 1.
    pub rate: f64,
}

impl Sampler for Poisson {
    /// The mean, at least 1.
    fn target(&self, enrolled: usize) -> usize {
        ((self.rate * enrolled as f64).round() as usize).clamp(1, enrolled.max(1))
    }

    fn draw(&self, draw: &Draw<'_>) -> Drawn {
        let place = draw.place();
        let nodes = draw.candidates.iter().copied();
        let cohort: Vec<_> = nodes
            .filter(|&node| chance(place, node) <= self.rate)
            .collect();
        let aims_at = cohort.len();
        Drawn::new(cohort, aims_at)
    }
}
