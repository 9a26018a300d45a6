//! Everybody who is there.

use super::{Draw, Drawn, Sampler};

/// Everybody who is there.
#[derive(Debug, Clone, Copy)]
pub struct All;

impl Sampler for All {
    fn target(&self, enrolled: usize) -> usize {
        enrolled
    }

    fn draw(&self, draw: &Draw<'_>) -> Drawn {
        Drawn::new(draw.candidates.to_vec(), draw.enrolled)
    }
}
