//! Who is asked: everybody, a uniform sample, or a list made beforehand.
//!
//! A cohort is a function of (seed, round, candidates). It needs no state, so a resumed run asks
//! the same nodes.

use rand::RngExt;
use ward_core::{NodeId, Purpose, RoundId, Seed};

use super::Sampler;

/// Everybody who is there.
#[derive(Debug, Clone, Copy)]
pub struct All;

impl Sampler for All {
    fn target(&self, enrolled: usize) -> usize {
        enrolled
    }

    fn cohort(&self, _: RoundId, candidates: &[NodeId], _: usize, _: Seed) -> Vec<NodeId> {
        candidates.to_vec()
    }
}

/// A uniform sample without replacement.
#[derive(Debug, Clone, Copy)]
pub struct Uniform {
    /// Reports a round aims at.
    pub count: usize,
}

impl Sampler for Uniform {
    fn target(&self, enrolled: usize) -> usize {
        self.count.min(enrolled)
    }

    fn cohort(
        &self,
        round: RoundId,
        candidates: &[NodeId],
        count: usize,
        seed: Seed,
    ) -> Vec<NodeId> {
        let mut rng = seed.round(round).purpose(Purpose::COHORT).stream();
        let mut pool = candidates.to_vec();
        let count = count.min(pool.len());
        for i in 0..count {
            let j = rng.random_range(i..pool.len());
            pool.swap(i, j);
        }
        pool.truncate(count);
        pool.sort_unstable();
        pool
    }
}

/// Cohorts given beforehand, round by round; the last one repeats.
#[derive(Debug, Clone)]
pub struct Listed(pub Vec<Vec<NodeId>>);

impl Sampler for Listed {
    fn target(&self, enrolled: usize) -> usize {
        self.0.iter().map(Vec::len).max().unwrap_or(0).min(enrolled)
    }

    fn cohort(&self, round: RoundId, candidates: &[NodeId], _: usize, _: Seed) -> Vec<NodeId> {
        let listed = self.0.get(round.0 as usize).or(self.0.last());
        let listed = listed.map_or(&[][..], Vec::as_slice);
        listed
            .iter()
            .filter(|n| candidates.binary_search(n).is_ok())
            .copied()
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidates(n: u32) -> Vec<NodeId> {
        (0..n).map(NodeId).collect()
    }

    #[test]
    fn a_uniform_cohort_is_sorted_distinct_and_of_the_size_asked() {
        let uniform = Uniform { count: 10 };
        for round in 0..50 {
            let cohort = uniform.cohort(RoundId(round), &candidates(40), 10, Seed::run(1));
            assert_eq!(cohort.len(), 10);
            assert!(cohort.is_sorted_by(|a, b| a < b));
        }
        assert_eq!(
            uniform
                .cohort(RoundId(0), &candidates(4), 10, Seed::run(1))
                .len(),
            4
        );
    }

    #[test]
    fn every_node_is_asked_about_equally_often() {
        let uniform = Uniform { count: 5 };
        let mut asked = [0_u32; 20];
        for round in 0..4_000 {
            for node in uniform.cohort(RoundId(round), &candidates(20), 5, Seed::run(3)) {
                asked[node.0 as usize] += 1;
            }
        }
        // 4,000 draws at 1/4: mean 1,000, standard deviation 27.
        assert!(
            asked.iter().all(|&n| (860..1_140).contains(&n)),
            "{asked:?}"
        );
    }

    #[test]
    fn a_listed_cohort_is_what_was_listed_of_those_present() {
        let listed = Listed(vec![vec![NodeId(3), NodeId(9)]]);
        assert_eq!(
            listed.cohort(RoundId(7), &candidates(5), 2, Seed::run(0)),
            [NodeId(3)]
        );
    }
}
