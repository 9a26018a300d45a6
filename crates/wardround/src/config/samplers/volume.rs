//! `[sampler.volume]`: by training rows.

use std::collections::BTreeMap;

use ward_core::NodeInfo;
use ward_data::Federation;
use ward_round::Sampler;
use ward_round::strategy::{Volume, Volumes};

use super::size::{Size, sized_config};
use super::tier::below;
use super::{About, Crowd, SamplerSettings};
use crate::codes::Code;
use crate::config::check::Found;
use crate::config::suggest::closest;
use crate::config::types::Experiment;

sized_config!(
    VolumeConfig,
    "Settings of a sample by training rows. Give `count` or `fraction`, not both.",
    /// Shares of all patients that hospitals or tiers have, by name, above 0 and together at most 1:
    /// `{ tertiary-01 = 0.193 }`. A tier's hospitals, and those that are not named, share theirs by
    /// their rows. Default: rows alone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    shares: BTreeMap<String, f64> = BTreeMap::new()
);

impl SamplerSettings for VolumeConfig {
    fn about(&self) -> About {
        About {
            id: "volume",
            r#use: "each next hospital with probability proportional to its training rows, without \
                    replacement; for hospitals of unequal size",
            learns: "training rows, from the sums for federated scaling; nothing where rows are \
                     made by a formula",
            paper: "Efraimidis and Spirakis 2006, Weighted Random Sampling with a Reservoir, \
                    Information Processing Letters 97(5)",
        }
    }

    fn condition(&self) -> Option<&str> {
        self.r#where.as_deref()
    }

    fn check(&self, found: &mut Found, path: &str, experiment: &Experiment) {
        if self.shares.is_empty() {
            untold(found, path, experiment, "choose `sampler.uniform`");
        }
        let path = format!("{path}.shares");
        for (name, &share) in &self.shares {
            let good = |v| v > 0.0 && v <= 1.0;
            found.number(&below(&path, name), share, "above 0 and up to 1", good);
        }
        let sum: f64 = self.shares.values().sum();
        if sum > 1.0 + 1e-9 {
            let message = format!("add up to {sum:.3}, and all patients are 1");
            found.add(Code::OutOfRange, &path, message);
        }
    }

    fn check_crowd(&self, found: &mut Found, path: &str, crowd: &Crowd<'_>) {
        for name in self.shares.keys() {
            let names = |info: &NodeInfo| info.name == *name || info.tier == *name;
            if !crowd.members().any(names) {
                let path = below(&format!("{path}.shares"), name);
                let message = format!("names `{name}`, and no hospital and no tier is called that");
                let known = crowd.roster.iter().map(|info| info.name.as_str());
                let near = closest(name, known);
                found.add(Code::BadName, &path, message).help =
                    near.map(|near| format!("did you mean `{near}`?"));
            }
        }
    }

    fn size(&self) -> Option<Size> {
        Some(self.sized())
    }

    fn sampler(&self, crowd: &Crowd<'_>, federation: &Federation) -> Box<dyn Sampler> {
        Box::new(Volume {
            count: self.target(crowd),
            volumes: match self.shares.is_empty() {
                true => volumes(federation),
                false => Volumes::Known(self.of_shares(crowd, federation).into()),
            },
        })
    }
}

impl VolumeConfig {
    /// How much each hospital weighs: the share that names it or its tier, or what is left, in parts of
    /// a million million, shared by rows where a formula tells them, and else evenly.
    fn of_shares(&self, crowd: &Crowd<'_>, federation: &Federation) -> Vec<u64> {
        let made = federation.source().synthetic();
        let rows = |info: &NodeInfo| match made {
            true => federation.rows(info.node).0 as f64,
            false => 1.0,
        };
        let named = |info: &NodeInfo| {
            let words = [&info.name, &info.tier];
            words
                .into_iter()
                .find_map(|word| self.shares.get_key_value(word))
        };
        let mut groups: BTreeMap<Option<&str>, f64> = BTreeMap::new();
        for info in crowd.members() {
            let name = named(info).map(|(name, _)| name.as_str());
            *groups.entry(name).or_default() += rows(info);
        }
        let rest = (1.0 - self.shares.values().sum::<f64>()).max(0.0);
        let weight = |info: &NodeInfo| {
            let named = named(info);
            let all = groups.get(&named.map(|(name, _)| name.as_str()));
            let share = named.map_or(rest, |(_, share)| *share);
            let part = share * rows(info) / all.copied().unwrap_or(1.0).max(1.0);
            (part * 1e12).round() as u64
        };
        crowd.roster.iter().map(weight).collect()
    }
}

/// Refuses to draw by rows that nothing tells; something else can be done instead.
pub(super) fn untold(found: &mut Found, path: &str, experiment: &Experiment, instead: &str) {
    if !experiment.tells_rows() {
        let message = "draws by training rows, and nothing tells the coordinator how many a hospital \
                       has";
        found.add(Code::Combination, path, message).help = Some(format!(
            "set preprocessing.scaling = \"federated\", whose sums tell how many rows were summed; \
             or {instead}"
        ));
    }
}

/// How the coordinator knows hospitals' rows: in every driver the same.
pub(super) fn volumes(federation: &Federation) -> Volumes {
    let roster = federation.roster().iter();
    match federation.source().synthetic() {
        true => Volumes::Known(roster.map(|info| federation.rows(info.node).0).collect()),
        false => Volumes::Told,
    }
}
