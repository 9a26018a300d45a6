//! What a sampler is given, and what it gives.

use rand::Rng as _;
use ward_core::{NodeId, Purpose, RoundId, Seed};

use super::Standings;

/// What a sampler is given to draw the cohort of a round.
#[derive(Debug, Clone, Copy)]
pub struct Draw<'a> {
    /// The round.
    pub round: RoundId,
    /// Those who are there and may be asked, by id.
    pub candidates: &'a [NodeId],
    /// How many may be asked, those who are not there included.
    pub enrolled: usize,
    /// How many more are asked than reports are needed, as a ratio of 1 or more.
    pub over_selection: f64,
    /// The root of the run's random choices.
    pub seed: Seed,
    /// What earlier rounds told; empty for a sampler that does not learn.
    pub standings: &'a Standings,
}

/// The cohort of a round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawn {
    /// Who is asked, by id.
    pub cohort: Vec<NodeId>,
    /// The reports that the round aims at; 0 where nobody is drawn and nobody should be.
    pub aims_at: usize,
}

impl Draw<'_> {
    /// The place of the round's draws.
    #[must_use]
    pub fn place(&self) -> Seed {
        self.seed.round(self.round).purpose(Purpose::COHORT)
    }

    /// How many are asked where `reports` are aimed at.
    #[must_use]
    pub fn asks(&self, reports: usize) -> usize {
        (reports as f64 * self.over_selection).ceil() as usize
    }
}

/// A number drawn uniformly above 0 and up to 1 for `node`, whoever else is there.
pub(super) fn chance(place: Seed, node: NodeId) -> f64 {
    const UNIT: f64 = 1.0 / (1_u64 << 53) as f64;
    let bits = place.stream_of(u64::from(node.0)).next_u64() >> 11;
    (bits + 1) as f64 * UNIT
}

/// The key of Efraimidis and Spirakis (2006, Weighted random sampling with a reservoir): an
/// exponential waiting time of rate `weight`. The nodes of the smallest keys are a sample without
/// replacement in which each next one is drawn with probability proportional to its weight.
///
/// A weight of 0 counts as the least there is: such nodes come last, and among themselves by chance.
pub(super) fn waiting_time(chance: f64, weight: f64) -> f64 {
    -libm::log(chance) / weight.max(LEAST_WEIGHT)
}

/// So small that no true weight is drawn after it.
const LEAST_WEIGHT: f64 = 1e-300;

/// The `count` nodes of the smallest keys, the first of them first; equal keys go by id.
pub(super) fn smallest(mut keyed: Vec<(f64, NodeId)>, count: usize) -> Vec<NodeId> {
    let order = |a: &(f64, NodeId), b: &(f64, NodeId)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
    if count < keyed.len() {
        keyed.select_nth_unstable_by(count, order);
        keyed.truncate(count);
    }
    keyed.sort_unstable_by(order);
    keyed.into_iter().map(|(_, node)| node).collect()
}

/// The mean of the values that are known; 1 where none is.
pub(super) fn mean_of_known(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, known) = values.fold((0.0, 0_u32), |(sum, n), value| (sum + value, n + 1));
    match known {
        0 => 1.0,
        known => sum / f64::from(known),
    }
}

impl Drawn {
    /// `cohort`, in any order, of a round that aims at `aims_at` reports.
    pub(super) fn new(mut cohort: Vec<NodeId>, aims_at: usize) -> Self {
        cohort.sort_unstable();
        Self { cohort, aims_at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_any_weight_chance_decides_and_with_one_that_comes_first() {
        let drawn = |weights: [f64; 3], chances: [f64; 3]| {
            let keys = (0..3).map(|i| (waiting_time(chances[i], weights[i]), NodeId(i as u32)));
            smallest(keys.collect(), 2)
        };
        let (none, chances) = ([0.0; 3], [0.1, 0.5, 0.9]);
        assert_eq!(drawn(none, chances), [NodeId(2), NodeId(1)]);
        assert_eq!(drawn([1e-9, 0.0, 0.0], chances), [NodeId(0), NodeId(2)]);
    }
}
