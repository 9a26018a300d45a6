//! Which region a hospital is in, and what the engine makes of it.

use ward_core::NodeInfo;
use ward_round::strategy::{Exchange, RegionOf, RegionalMean, ServerRegional};

use super::condition::Condition;
use super::types::{BorderConfig, ExchangeConfig, Experiment};

impl BorderConfig {
    /// What the engine exchanges.
    fn exchange(&self) -> Exchange {
        match self.exchange {
            ExchangeConfig::Nothing => Exchange::Nothing,
            ExchangeConfig::Models => Exchange::Models,
            ExchangeConfig::Noised(noised) => Exchange::Noised {
                clip_norm: noised.clip_norm,
                noise_multiplier: noised.noise_multiplier,
            },
        }
    }

    /// Exchanges in so many rounds that have closed.
    #[must_use]
    pub fn exchanges(&self, rounds: u32) -> u32 {
        match self.exchange {
            ExchangeConfig::Nothing => 0,
            ExchangeConfig::Models | ExchangeConfig::Noised(_) => rounds / self.every.max(1),
        }
    }

    /// The regions whose conditions hold of a hospital, by their places.
    pub(crate) fn regions_of(&self, info: &NodeInfo) -> Vec<usize> {
        let conditions = self.regions.values().enumerate();
        let holds =
            |text: &str| Condition::parse(text).is_ok_and(|condition| condition.holds(info));
        conditions
            .filter(|(_, text)| holds(text))
            .map(|(place, _)| place)
            .collect()
    }
}

impl Experiment {
    /// By node, the region that it is in; `None` where there are no regions.
    #[must_use]
    pub fn region_of(&self, roster: &[NodeInfo]) -> Option<RegionOf> {
        let border = self.border.as_ref()?;
        let of = |info: &NodeInfo| border.regions_of(info).first().copied().unwrap_or(0);
        Some(roster.iter().map(of).collect())
    }

    /// What adds up each region's updates, and what moves their models; `None` where there are no regions.
    pub(super) fn two_levels(&self, roster: &[NodeInfo]) -> Option<(RegionalMean, ServerRegional)> {
        let border = self.border.as_ref()?;
        let regions = border.regions.len();
        let mean = RegionalMean {
            region_of: self.region_of(roster)?,
            regions,
        };
        let server = ServerRegional {
            regions,
            exchange: border.exchange(),
            every: border.every,
            seed: self.root(),
        };
        Some((mean, server))
    }
}
