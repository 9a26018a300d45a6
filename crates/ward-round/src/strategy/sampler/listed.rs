//! Cohorts made beforehand.

use ward_core::NodeId;

use super::{Draw, Drawn, Sampler};

/// Cohorts given beforehand, round by round; the last one repeats.
#[derive(Debug, Clone)]
pub struct Listed(pub Vec<Vec<NodeId>>);

impl Sampler for Listed {
    fn target(&self, enrolled: usize) -> usize {
        self.0.iter().map(Vec::len).max().unwrap_or(0).min(enrolled)
    }

    fn draw(&self, draw: &Draw<'_>) -> Drawn {
        let listed = self.0.get(draw.round.0 as usize).or(self.0.last());
        let listed = listed.map_or(&[][..], Vec::as_slice).iter();
        let there = listed.filter(|node| draw.candidates.binary_search(node).is_ok());
        Drawn::new(there.copied().collect(), self.target(draw.enrolled))
    }
}
