//! Everybody once before anybody twice, each lap in a random order.
//!
//! A hospital that joins late, or was away, has its turn in the lap under way, and then waits like
//! everybody else: it does not make up for laps that it missed.

use super::draw::chance;
use super::{Draw, Drawn, Sampler};

/// In turn.
#[derive(Debug, Clone, Copy)]
pub struct RoundRobin {
    /// Reports a round aims at.
    pub count: usize,
}

impl Sampler for RoundRobin {
    fn target(&self, enrolled: usize) -> usize {
        self.count.min(enrolled)
    }

    fn draw(&self, draw: &Draw<'_>) -> Drawn {
        let target = self.target(draw.enrolled);
        let place = draw.place();
        let lap = draw.standings.lap();
        let nodes = draw.candidates.iter().copied();
        let mut queue: Vec<_> = nodes
            .map(|node| {
                let turns = draw.standings.of(node).turns.max(lap);
                // Positive numbers are ordered as their bits are.
                ((turns, chance(place, node).to_bits()), node)
            })
            .collect();
        queue.sort_unstable();
        queue.truncate(draw.asks(target));
        Drawn::new(queue.into_iter().map(|(_, node)| node).collect(), target)
    }

    fn learns(&self) -> bool {
        true
    }
}
