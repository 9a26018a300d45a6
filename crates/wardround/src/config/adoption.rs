//! When each hospital joins a federation that grows.

use ward_core::{NodeInfo, Purpose, RoundId};

use super::types::{AdoptionConfig, AdoptionOrder, Experiment};
use crate::results::tiers;

impl AdoptionConfig {
    /// How many of `hospitals` have joined by `round`; at least one.
    #[must_use]
    pub fn joined(&self, hospitals: usize, round: RoundId) -> usize {
        let steps = f64::from(self.full_by.saturating_sub(1).max(1));
        let grown = (f64::from(round.0) / steps).min(1.0);
        let share = match round.0 + 1 >= self.full_by {
            true => 1.0,
            false => self.start + (1.0 - self.start) * grown,
        };
        let joined = (share * hospitals as f64).round() as usize;
        joined.clamp(1.min(hospitals), hospitals)
    }
}

impl Experiment {
    /// By node, the first round in which a hospital may be asked; `None` where all are there from the
    /// start. Who never joins has the round after the last. Drawn at (seed, purpose, node).
    #[must_use]
    pub fn joins(&self, roster: &[NodeInfo]) -> Option<Vec<RoundId>> {
        let config = self.adoption.as_ref()?;
        let tiers = tiers(roster.iter());
        let place = self.root().purpose(Purpose::ADOPTION);
        let turn = |info: &NodeInfo| match config.order {
            AdoptionOrder::Tier => tiers.iter().position(|tier| *tier == info.tier),
            AdoptionOrder::Random => None,
        };
        let mut queue: Vec<_> = roster
            .iter()
            .map(|info| (turn(info), place.node(info.node).to_bytes(), info.node))
            .collect();
        queue.sort_unstable();
        let mut joins = vec![RoundId(0); roster.len()];
        let mut round = RoundId(0);
        for (place, (.., node)) in queue.into_iter().enumerate() {
            while round.0 < self.rounds && config.joined(roster.len(), round) <= place {
                round = round.next();
            }
            joins[node.0 as usize] = round;
        }
        Some(joins)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_data::Population;

    fn grows(start: f64, full_by: u32) -> AdoptionConfig {
        AdoptionConfig {
            start,
            full_by,
            order: AdoptionOrder::Tier,
        }
    }

    #[test]
    fn the_share_grows_in_equal_steps_and_ends_at_all() {
        let of = |config: AdoptionConfig, rounds: u32| -> Vec<usize> {
            let rounds = (0..rounds).map(RoundId);
            rounds.map(|round| config.joined(10, round)).collect()
        };
        assert_eq!(of(grows(0.2, 5), 6), [2, 4, 6, 8, 10, 10]);
        assert_eq!(of(grows(0.2, 1), 2), [10, 10]);
        assert_eq!(of(grows(0.2, 2), 3), [2, 10, 10]);
        assert_eq!(of(grows(0.001, 3), 1), [1]);
        assert_eq!(of(grows(1.0, 9), 3), [10, 10, 10]);
    }

    #[test]
    fn tiers_join_in_their_order_and_everybody_once() {
        let roster = Population::Province21.roster();
        let text = "rounds = 9\ntraining.epochs = 1\n[data.emr-risk]\n[model.logistic]\n";
        let joins = |adoption: &str| {
            let experiment: Experiment = toml::from_str(&format!("{text}{adoption}")).unwrap();
            experiment.joins(&roster)
        };
        assert_eq!(joins(""), None);
        let by_tier = joins("[adoption]\nstart = 0.1\nfull_by = 9").unwrap();
        let sorted = by_tier.chunk_by(|a, b| a <= b).count();
        let of = |tier: &str| {
            let of = roster.iter().filter(|info| info.tier == tier);
            let rounds = of.map(|info| by_tier[info.node.0 as usize].0);
            let rounds: Vec<u32> = rounds.collect();
            (*rounds.iter().min().unwrap(), *rounds.iter().max().unwrap())
        };
        let (tertiary, county, township) = (of("tertiary"), of("county"), of("township"));
        assert!(tertiary.1 <= county.0 && county.1 <= township.0);
        assert_eq!((tertiary.0, township.1), (0, 8));
        assert!(sorted > 1, "within a tier, chance decides");
        let random = joins("[adoption]\nstart = 0.1\nfull_by = 9\norder = \"random\"").unwrap();
        assert_ne!(random, by_tier);
        let (mut a, mut b) = (random, by_tier);
        a.sort_unstable();
        b.sort_unstable();
        assert_eq!(a, b, "as many in each round");
    }
}
