//! Which hospitals can afford to take part: a yearly account of each, by its tier and its visits.

use std::collections::BTreeSet;

use rand_distr::{Distribution, LogNormal};
use ward_core::{NodeId, NodeInfo, Purpose, Seed};

use super::types::{Experiment, ReimbursementConfig, TierAccountConfig};

/// What is typical of a tier in a year, in yuan where it is money. Assumptions: with these visits,
/// China's hospitals and townships of 2023 have about 4.0 billion, where its bulletin says 4.26
/// billion of the hospitals.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TierAccount {
    /// Visits at the median.
    pub visits: f64,
    /// The rise in AUC that a hospital expects.
    pub gain: f64,
    /// Computers, line and staff.
    pub costs: f64,
    /// Means of its own.
    pub means: f64,
}

/// Keys of a tier's account, with what they are where the file says nothing.
type Keys = [(&'static str, f64); 6];

/// The defaults of `tier`; `None` where there are none.
fn defaults(tier: &str) -> Option<Keys> {
    let values = match tier {
        "tertiary" | "supercluster" => [450_000.0, 0.002, 60_000.0, 24_000.0, 300_000.0, 500_000.0],
        "county" | "cluster" => [120_000.0, 0.020, 30_000.0, 12_000.0, 120_000.0, 100_000.0],
        "township" | "primary" | "ungraded" | "general" => {
            [38_800.0, 0.188, 10_000.0, 6_000.0, 40_000.0, 10_000.0]
        }
        _ => return None,
    };
    let mut values = values.into_iter();
    let keys = ["visits", "gain", "compute", "bandwidth", "staff", "means"];
    Some(keys.map(|key| (key, values.next().unwrap_or(0.0))))
}

impl TierAccountConfig {
    /// What the file says of each key.
    pub(crate) fn said(&self) -> [(&'static str, Option<f64>); 6] {
        [
            ("visits", self.visits),
            ("gain", self.gain),
            ("compute", self.compute),
            ("bandwidth", self.bandwidth),
            ("staff", self.staff),
            ("means", self.means),
        ]
    }
}

impl ReimbursementConfig {
    /// The account of a tier.
    ///
    /// # Errors
    /// The first key that neither the file nor the presets give.
    pub(crate) fn account(&self, tier: &str) -> Result<TierAccount, &'static str> {
        let said = self.tiers.get(tier).copied().unwrap_or_default().said();
        let defaults = defaults(tier);
        let mut values = [0.0; 6];
        for (index, (key, value)) in said.into_iter().enumerate() {
            let default = defaults.map(|defaults| defaults[index].1);
            values[index] = value.or(default).ok_or(key)?;
        }
        let [visits, gain, compute, bandwidth, staff, means] = values;
        Ok(TierAccount {
            visits,
            gain,
            costs: compute + bandwidth + staff,
            means,
        })
    }

    /// What is left to a hospital in a year, in yuan, where its AUC rises by `gain`, or by as much as it
    /// expects. Its visits are drawn at (seed, purpose, node). `None` for a tier without an account.
    pub(crate) fn surplus(&self, info: &NodeInfo, root: Seed, gain: Option<f64>) -> Option<f64> {
        let account = self.account(&info.tier).ok()?;
        let mut rng = root.purpose(Purpose::VISITS).node(info.node).stream();
        let about = LogNormal::new(0.0, self.spread).ok()?;
        let visits = account.visits * about.sample(&mut rng);
        let income = self.fee * visits * gain.unwrap_or(account.gain);
        Some(income + account.means - account.costs)
    }
}

impl Experiment {
    /// The hospitals that cannot afford to take part.
    pub(crate) fn stays_out(&self, roster: &[NodeInfo]) -> BTreeSet<NodeId> {
        let Some(config) = &self.reimbursement else {
            return BTreeSet::new();
        };
        let root = self.root();
        let joins = |info: &NodeInfo| {
            config
                .surplus(info, root, None)
                .is_some_and(|yuan| yuan > 0.0)
        };
        let out = roster.iter().filter(|info| !joins(info));
        out.map(|info| info.node).collect()
    }

    /// The hospitals that train nobody's model but their own: those that score the model from outside,
    /// and those that cannot afford to take part.
    pub(crate) fn outside(&self, roster: &[NodeInfo]) -> BTreeSet<NodeId> {
        let mut outside = self.external(roster);
        outside.extend(self.stays_out(roster));
        outside
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_data::Population;

    fn experiment(table: &str) -> Experiment {
        let text = "rounds = 9\ntraining.epochs = 1\n[data.emr-risk]\n[model.logistic]\n";
        toml::from_str(&format!("{text}[reimbursement]\n{table}")).unwrap()
    }

    /// Who joins, by tier.
    fn joined(table: &str) -> [usize; 3] {
        let roster = Population::China1000.roster();
        let out = experiment(table).stays_out(&roster);
        ["tertiary", "county", "township"].map(|tier| {
            let of = roster.iter().filter(|info| info.tier == tier);
            of.filter(|info| !out.contains(&info.node)).count()
        })
    }

    #[test]
    fn a_surplus_is_income_and_means_less_costs() {
        let config = experiment(
            "fee = 10.0\nspread = 0.0\n[reimbursement.tiers.county]\ngain = 0.03\nstaff = 90000.0",
        );
        let config = config.reimbursement.unwrap();
        let roster = Population::Ward3.roster();
        let surplus =
            |tier: usize, gain| config.surplus(&roster[tier], Seed::run(1), gain).unwrap();
        // 10 x 120,000 x .03 + 100,000 - 30,000 - 12,000 - 90,000.
        assert!((surplus(1, None) - 4_000.0).abs() < 1e-6);
        // The same without any gain.
        assert!((surplus(1, Some(0.0)) + 32_000.0).abs() < 1e-6);
        // 10 x 38,800 x .188 + 10,000 - 56,000.
        assert!((surplus(2, None) - 26_944.0).abs() < 1e-6);
        assert_eq!(config.account("village"), Err("visits"));
    }

    #[test]
    fn without_a_fee_only_the_rich_join_and_a_higher_one_loses_nobody() {
        assert_eq!(joined("fee = 0.0"), [4, 0, 0]);
        assert_eq!(joined("fee = 1000.0"), [4, 12, 34]);
        let mut before = [4, 0, 0];
        for fee in [2.0, 5.0, 10.0, 20.0, 50.0] {
            let now = joined(&format!("fee = {fee:.1}"));
            assert!(before.iter().zip(now).all(|(before, now)| *before <= now));
            before = now;
        }
        assert!(before[1] > 6 && before[2] > 30, "{before:?}");
    }

    #[test]
    fn visits_depend_on_the_hospital_alone() {
        let config = experiment("fee = 5.0").reimbursement.unwrap();
        let of =
            |population: Population| config.surplus(&population.roster()[0], Seed::run(3), None);
        assert_eq!(of(Population::Province21), of(Population::Province42));
    }
}
