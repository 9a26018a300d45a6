//! What a simulation's lines, computers and troubles are: by tier, from the config.

use ward_core::{NodeInfo, Seed};
use ward_data::TierProfile;
use ward_sim::{Faults, Link, Outage};

use super::types::{Experiment, Network, SimulationConfig};

/// The tier whose line and computer a hospital of no known tier has.
const OTHERWISE: &str = "tertiary";

impl SimulationConfig {
    /// The line and the computer of one hospital.
    #[must_use]
    pub fn link(&self, info: &NodeInfo) -> Link {
        let tier = match self.network {
            Network::Ideal => None,
            Network::Tier => TierProfile::of(&info.tier).or_else(|| TierProfile::of(OTHERWISE)),
        };
        let link = tier.map_or(Link::IDEAL, |tier| Link {
            latency_ms: tier.latency_ms,
            jitter_ms: 0.0,
            megabits_per_s: tier.megabits_per_s,
            compute_speed: tier.compute_speed,
        });
        Link {
            jitter_ms: self.jitter_ms,
            ..link
        }
    }

    /// What can go wrong with one hospital.
    #[must_use]
    pub fn faults(&self, info: &NodeInfo) -> Faults {
        let tier = TierProfile::of(&info.tier).filter(|_| self.outages);
        let outage = tier.map(|tier| Outage {
            up: tier.up,
            mean_rounds: tier.outage_rounds,
        });
        Faults {
            silent: self.silent,
            late: self.late,
            late_by_ms: (self.late_by_s * 1_000.0).round() as u64,
            outage,
        }
    }
}

impl Experiment {
    /// The root of the network's draws.
    #[must_use]
    pub fn network_root(&self) -> Seed {
        Seed::run(self.simulation.network_seed.unwrap_or(self.seed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::NodeId;

    fn info(tier: &str) -> NodeInfo {
        NodeInfo {
            node: NodeId(0),
            name: "h".into(),
            tier: tier.into(),
            ..NodeInfo::default()
        }
    }

    #[test]
    fn a_township_has_a_slow_line_and_an_unknown_tier_a_good_one() {
        let config = SimulationConfig {
            jitter_ms: 5.0,
            ..SimulationConfig::default()
        };
        let link = config.link(&info("township"));
        assert_eq!(
            (link.latency_ms, link.megabits_per_s, link.jitter_ms),
            (80.0, 4.0, 5.0)
        );
        assert_eq!(config.link(&info("all")), config.link(&info("tertiary")));
        let ideal = SimulationConfig {
            network: Network::Ideal,
            ..SimulationConfig::default()
        };
        assert_eq!(ideal.link(&info("township")), Link::IDEAL);
    }

    #[test]
    fn outages_are_the_tier_s_and_only_where_asked_for() {
        let mut config = SimulationConfig::default();
        assert_eq!(config.faults(&info("township")).outage, None);
        config.outages = true;
        let outage = config.faults(&info("township")).outage.unwrap();
        assert_eq!((outage.up, outage.mean_rounds), (0.88, 3.0));
        assert_eq!(config.faults(&info("all")).outage, None);
    }
}
