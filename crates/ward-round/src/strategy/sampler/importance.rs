//! By what a hospital's update is expected to change: weight times last loss.
//!
//! The score is the statistical utility of Lai et al. 2021, Oort: Efficient Federated Learning via
//! Guided Participant Selection, arXiv:2010.06081, section 4.2, with the mean loss in the place of the
//! root of the mean squared loss, which is not told: weight x loss of the last update counted. It
//! stands for the update's norm, by which Chen, Horvath and Richtarik 2020, Optimal Client Sampling
//! for Federated Learning, arXiv:2010.13723, would choose. As in Oort, scores count up to their 95th
//! percentile, and a share of the cohort is kept for hospitals that were never asked. Each next
//! hospital is drawn with probability proportional to its score, without replacement.
//!
//! **The mean is not reweighted**: it leans towards hospitals with high scores. A hospital that
//! claims a high loss is asked more often, up to the percentile.

use ward_core::NodeId;

use super::draw::{chance, mean_of_known, smallest, waiting_time};
use super::{Draw, Drawn, Sampler};

/// The share of scores that count in full.
const PERCENTILE: f64 = 0.95;

/// A sample without replacement by weight times loss.
#[derive(Debug, Clone, Copy)]
pub struct Importance {
    /// Reports a round aims at.
    pub count: usize,
    /// The share of the cohort kept for those who were never asked, 0 to 1.
    pub explore: f64,
}

impl Sampler for Importance {
    fn target(&self, enrolled: usize) -> usize {
        self.count.min(enrolled)
    }

    fn draw(&self, draw: &Draw<'_>) -> Drawn {
        let target = self.target(draw.enrolled);
        let place = draw.place();
        let (mut fresh, mut asked) = (Vec::new(), Vec::new());
        for &node in draw.candidates {
            let standing = draw.standings.of(node);
            let score = standing
                .told
                .map(|told| told.weight as f64 * told.loss.max(0.0));
            match standing.turns {
                0 => fresh.push((chance(place, node), node)),
                _ => asked.push((node, score)),
            }
        }
        let asks = draw.asks(target).min(draw.candidates.len());
        let explores = (self.explore * asks as f64).ceil() as usize;
        // Where one side is short, the other makes up for it.
        let explores = explores.max(asks.saturating_sub(asked.len()));
        let explores = explores.min(fresh.len());
        let mut cohort = smallest(fresh, explores);
        let keyed = clipped(asked).map(|(node, score)| {
            let key = waiting_time(chance(place, node), score);
            (key, node)
        });
        cohort.extend(smallest(keyed.collect(), asks - explores));
        Drawn::new(cohort, target)
    }

    fn learns(&self) -> bool {
        true
    }
}

/// Scores up to their percentile; one that was not told is the mean.
fn clipped(asked: Vec<(NodeId, Option<f64>)>) -> impl Iterator<Item = (NodeId, f64)> {
    let mut told: Vec<f64> = asked.iter().filter_map(|(_, score)| *score).collect();
    told.sort_unstable_by(f64::total_cmp);
    let place = (PERCENTILE * told.len() as f64).ceil() as usize;
    let most = told
        .get(place.saturating_sub(1))
        .copied()
        .unwrap_or(f64::INFINITY);
    let mean = mean_of_known(told.iter().map(|score| score.min(most)));
    asked
        .into_iter()
        .map(move |(node, score)| (node, score.map_or(mean, |score| score.min(most))))
}
