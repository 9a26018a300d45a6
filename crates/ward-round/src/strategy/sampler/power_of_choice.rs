//! The candidates that the model serves worst.
//!
//! Cho, Wang and Joshi 2020, Client Selection in Federated Learning: Convergence Analysis and
//! Power-of-Choice Selection Strategies, arXiv:2010.01243, section 3, the variant pi_rpow-d: d
//! candidates are drawn, by volume in the paper, and those m of them are asked whose local loss is the
//! highest. A loss is the one that came with the last update, so no message is added, and who has
//! never been asked comes first (an infinite loss). Beyond the paper: who was asked and has told
//! nothing yet counts as the mean of the losses told, so that a silent hospital does not stay first.
//!
//! It is biased towards high losses, as the paper says, and a hospital that claims a high loss is
//! asked more often.

use ward_core::NodeId;

use super::draw::{chance, mean_of_known, smallest};
use super::{Draw, Drawn, Sampler, Volumes};

/// The highest losses among some candidates.
#[derive(Debug, Clone)]
pub struct PowerOfChoice {
    /// Reports a round aims at: m.
    pub count: usize,
    /// Candidates that are looked at: d, at least as many as are asked.
    pub candidates: usize,
    /// By what they are drawn; `None` is uniformly.
    pub volumes: Option<Volumes>,
}

impl PowerOfChoice {
    /// Candidates, the first drawn first.
    fn candidates(&self, draw: &Draw<'_>, asks: usize) -> Vec<NodeId> {
        let count = self.candidates.max(asks);
        match &self.volumes {
            Some(volumes) => volumes.sample(draw, count),
            None => {
                let place = draw.place();
                let nodes = draw.candidates.iter();
                smallest(
                    nodes.map(|&node| (chance(place, node), node)).collect(),
                    count,
                )
            }
        }
    }
}

impl Sampler for PowerOfChoice {
    fn target(&self, enrolled: usize) -> usize {
        self.count.min(enrolled)
    }

    fn draw(&self, draw: &Draw<'_>) -> Drawn {
        let target = self.target(draw.enrolled);
        let asks = draw.asks(target);
        let candidates = self.candidates(draw, asks);
        let standings: Vec<_> = candidates
            .iter()
            .map(|&node| draw.standings.of(node))
            .collect();
        let told = |node: usize| standings[node].told.map(|told| told.loss);
        let mean = mean_of_known((0..candidates.len()).filter_map(told));
        let loss = |node: usize| match standings[node].turns {
            0 => f64::INFINITY,
            _ => told(node).unwrap_or(mean),
        };
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        // Stable: of equal losses, the first drawn.
        order.sort_by(|&a, &b| loss(b).total_cmp(&loss(a)));
        order.truncate(asks);
        Drawn::new(order.into_iter().map(|i| candidates[i]).collect(), target)
    }

    fn learns(&self) -> bool {
        true
    }
}
