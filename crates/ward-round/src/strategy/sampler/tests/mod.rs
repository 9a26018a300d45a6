//! Laws of the samplers: known answers by hand, frequencies against closed forms, fairness.

mod closed_forms;
mod laws;
mod learning;

use std::collections::{BTreeMap, BTreeSet};

use ward_core::{NodeId, RoundId, Seed};

use super::*;

fn nodes(ids: impl IntoIterator<Item = u32>) -> Vec<NodeId> {
    ids.into_iter().map(NodeId).collect()
}

/// Plays rounds for a sampler: everybody who is asked tells the loss of its own.
struct Play {
    sampler: Box<dyn Sampler>,
    enrolled: u32,
    seed: u64,
    over_selection: f64,
    round: u32,
    standings: Standings,
    losses: BTreeMap<NodeId, f64>,
}

impl Play {
    fn new(sampler: impl Sampler + 'static, enrolled: u32) -> Self {
        Self {
            sampler: Box::new(sampler),
            enrolled,
            seed: 1,
            over_selection: 1.0,
            round: 0,
            standings: Standings::default(),
            losses: BTreeMap::new(),
        }
    }

    /// What a round draws when `candidates` are there, in whatever order they came.
    fn draw(&self, candidates: impl IntoIterator<Item = u32>) -> Drawn {
        let there: BTreeSet<NodeId> = candidates.into_iter().map(NodeId).collect();
        let there: Vec<NodeId> = there.into_iter().collect();
        self.sampler.draw(&Draw {
            round: RoundId(self.round),
            candidates: &there,
            enrolled: self.enrolled as usize,
            over_selection: self.over_selection,
            seed: Seed::run(self.seed),
            standings: &self.standings,
        })
    }

    /// Plays a round among `candidates` and says who was asked.
    fn among(&mut self, candidates: impl IntoIterator<Item = u32>) -> Vec<NodeId> {
        let cohort = self.draw(candidates).cohort;
        let told = |node: &NodeId| {
            let loss = *self.losses.get(node)?;
            Some((*node, Told { weight: 1, loss }))
        };
        let told = cohort.iter().filter_map(told).collect();
        let asked = cohort.iter().copied().collect();
        self.standings.learn(&asked, &told);
        self.round += 1;
        cohort
    }

    fn everybody(&mut self) -> Vec<NodeId> {
        self.among(0..self.enrolled)
    }

    /// How often each node is asked in `rounds` rounds.
    fn asked(&mut self, rounds: u32) -> Vec<u32> {
        let mut asked = vec![0; self.enrolled as usize];
        for _ in 0..rounds {
            for node in self.everybody() {
                asked[node.0 as usize] += 1;
            }
        }
        asked
    }
}
