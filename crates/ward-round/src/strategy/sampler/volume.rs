//! By volume: each next hospital with probability proportional to its training rows, without
//! replacement.
//!
//! Efraimidis and Spirakis 2006, Weighted random sampling with a reservoir, Information Processing
//! Letters 97(5), algorithm A-ES: the nodes of the smallest keys `-ln(u) / rows`. For a cohort of one
//! the probability of a node is its share of the rows; for a larger one the largest hospitals come
//! less often than in proportion, since nobody is drawn twice.

use std::sync::Arc;

use ward_core::NodeId;

use super::draw::{chance, mean_of_known, smallest, waiting_time};
use super::{Draw, Drawn, Sampler, Standings};

/// How the coordinator knows a hospital's training rows. A number that nobody told counts as the mean
/// of those known among the candidates.
#[derive(Debug, Clone)]
pub enum Volumes {
    /// Beforehand, by node: rows made by a formula are nobody's secret.
    Known(Arc<[u64]>),
    /// From the sums for federated scaling, which say how many rows were summed.
    Told,
}

impl Volumes {
    fn of(&self, node: NodeId, standings: &Standings) -> Option<f64> {
        match self {
            Self::Known(rows) => rows.get(node.0 as usize).map(|&rows| rows as f64),
            Self::Told => standings.of(node).rows.map(|rows| rows as f64),
        }
    }

    /// The `count` of the draw's candidates that are drawn by volume, the first drawn first.
    pub(super) fn sample(&self, draw: &Draw<'_>, count: usize) -> Vec<NodeId> {
        let nodes = draw.candidates.iter().copied();
        let volumes: Vec<_> = nodes
            .map(|node| (node, self.of(node, draw.standings)))
            .collect();
        let unknown = mean_of_known(volumes.iter().filter_map(|(_, volume)| *volume));
        let place = draw.place();
        let key = |(node, volume): (NodeId, Option<f64>)| {
            let weight = volume.unwrap_or(unknown);
            (waiting_time(chance(place, node), weight), node)
        };
        smallest(volumes.into_iter().map(key).collect(), count)
    }

    /// Whether they come from earlier rounds.
    pub(super) fn learns(&self) -> bool {
        matches!(self, Self::Told)
    }
}

/// A sample without replacement by training rows.
#[derive(Debug, Clone)]
pub struct Volume {
    /// Reports a round aims at.
    pub count: usize,
    /// The hospitals' rows.
    pub volumes: Volumes,
}

impl Sampler for Volume {
    fn target(&self, enrolled: usize) -> usize {
        self.count.min(enrolled)
    }

    fn draw(&self, draw: &Draw<'_>) -> Drawn {
        let target = self.target(draw.enrolled);
        Drawn::new(self.volumes.sample(draw, draw.asks(target)), target)
    }

    fn learns(&self) -> bool {
        self.volumes.learns()
    }
}
