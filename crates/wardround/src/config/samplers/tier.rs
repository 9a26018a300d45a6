//! `[sampler.tier]`: so many of each tier.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_data::Federation;
use ward_round::Sampler;
use ward_round::strategy::TierQuota;

use super::{About, Crowd, SamplerSettings, over};
use crate::codes::Code;
use crate::config::check::Found;
use crate::config::locate::{dotted, path_of};
use crate::config::suggest::{closest, one_of};
use crate::config::types::Experiment;

/// Settings of a sample tier by tier.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct TierConfig {
    /// Reports that a round aims at from each tier, at least 1: `{ tertiary = 2, county = 5 }`. A
    /// tier that is not named is not asked. Required.
    pub quota: BTreeMap<String, u32>,
    /// Who may be asked, such as `tier == 'township' && name != 'north'`. Default everybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#where: Option<String>,
}

impl TierConfig {
    /// The quotas, and how many there are to fill each.
    fn quotas<'a>(&'a self, crowd: &Crowd<'_>) -> impl Iterator<Item = (&'a str, usize, usize)> {
        let mut there: BTreeMap<&str, usize> = BTreeMap::new();
        for info in crowd.members() {
            *there.entry(&info.tier).or_default() += 1;
        }
        let there: Vec<usize> = self
            .quota
            .keys()
            .map(|tier| there.get(tier.as_str()).copied().unwrap_or(0))
            .collect();
        let quotas = self.quota.iter().zip(there);
        quotas.map(|((tier, &quota), there)| (tier.as_str(), quota as usize, there))
    }
}

impl SamplerSettings for TierConfig {
    fn about(&self) -> About {
        About {
            id: "tier",
            r#use: "so many hospitals of each tier, uniformly within it; for tiers of unequal number",
            learns: "nothing",
            paper: "none",
        }
    }

    fn condition(&self) -> Option<&str> {
        self.r#where.as_deref()
    }

    fn check(&self, found: &mut Found, path: &str, _: &Experiment) {
        let path = format!("{path}.quota");
        if self.quota.is_empty() {
            let message = "names no tier: say how many of each, `{ tertiary = 2, county = 5 }`";
            found.add(Code::OutOfRange, &path, message);
        }
        for (tier, &quota) in &self.quota {
            found.at_least(&below(&path, tier), quota, 1);
        }
    }

    fn check_crowd(&self, found: &mut Found, path: &str, crowd: &Crowd<'_>) {
        let roster = crowd.roster.iter().map(|info| info.tier.as_str());
        let tiers: BTreeSet<&str> = roster.collect();
        for (tier, quota, there) in self.quotas(crowd) {
            let path = below(&format!("{path}.quota"), tier);
            if !tiers.contains(tier) {
                let message = format!("is for a tier that no hospital has: `{tier}`");
                let words: Vec<&str> = tiers.iter().copied().collect();
                let tiers = one_of(&words);
                found.add(Code::TooFewHospitals, &path, message).help =
                    Some(match closest(tier, words) {
                        Some(meant) => format!("did you mean `{meant}`? Otherwise say {tiers}"),
                        None => format!("say {tiers}"),
                    });
            } else if quota > there {
                let whose = match crowd.admitted == crowd.roster.len() {
                    true => "there are",
                    false => crowd.chosen_by(),
                };
                let message =
                    format!("asks for {quota} hospitals, and {whose} {there} of the tier");
                found.add(Code::TooFewHospitals, &path, message);
            }
        }
    }

    fn target(&self, crowd: &Crowd<'_>) -> usize {
        self.quotas(crowd)
            .map(|(_, quota, there)| quota.min(there))
            .sum()
    }

    fn most(&self, crowd: &Crowd<'_>, over_selection: f64) -> usize {
        self.quotas(crowd)
            .map(|(_, quota, there)| over(quota, over_selection).min(there))
            .sum()
    }

    fn sampler(&self, crowd: &Crowd<'_>, _: &Federation) -> Box<dyn Sampler> {
        let place = |tier: &str| self.quota.keys().position(|key| key == tier);
        Box::new(TierQuota {
            quotas: self.quota.values().map(|&quota| quota as usize).collect(),
            tiers: crowd.roster.iter().map(|info| place(&info.tier)).collect(),
        })
    }
}

/// The path of what is said of a tier or hospital below `path`; their names are any words.
pub(super) fn below(path: &str, tier: &str) -> String {
    let mut path = path_of(path);
    path.push(tier.to_owned());
    dotted(&path)
}
