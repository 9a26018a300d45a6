//! A quota for each tier: so many tertiary hospitals, so many of the county, whatever their numbers.

use super::draw::{chance, smallest};
use super::{Draw, Drawn, Sampler};

/// A uniform sample without replacement in each of several tiers.
#[derive(Debug, Clone)]
pub struct TierQuota {
    /// Reports that a round aims at from each tier; a tier without a quota is not asked.
    pub quotas: Vec<usize>,
    /// By node: the quota that it counts for, if any.
    pub tiers: Vec<Option<usize>>,
}

impl Sampler for TierQuota {
    fn target(&self, enrolled: usize) -> usize {
        self.quotas.iter().sum::<usize>().min(enrolled)
    }

    fn draw(&self, draw: &Draw<'_>) -> Drawn {
        let place = draw.place();
        let mut pools = vec![Vec::new(); self.quotas.len()];
        for &node in draw.candidates {
            if let Some(tier) = self.tiers.get(node.0 as usize).copied().flatten() {
                pools[tier].push((chance(place, node), node));
            }
        }
        let quotas = pools.into_iter().zip(&self.quotas);
        let cohort = quotas.flat_map(|(pool, &quota)| smallest(pool, draw.asks(quota)));
        Drawn::new(cohort.collect(), self.target(draw.enrolled))
    }
}
