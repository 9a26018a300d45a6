//! Who takes part: presets from three hospitals to a nation's 72,108, and people with watches or
//! phones.

use rand_distr::{Distribution, LogNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{NodeId, NodeInfo, Purpose, Seed};

use crate::tier::TierProfile;

/// Draws the size of a hospital.
const SIZE: Purpose = Purpose("hospital-size");

/// Clean test cases of a tier, split over its hospitals.
const TEST_CASES: u64 = 4_000;
/// Enough to see both classes nearly everywhere, where a tier has thousands of hospitals.
const FEWEST_TEST_CASES: u64 = 20;

/// A preset of hospitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
pub enum Population {
    /// One hospital of each tier: the smallest demonstration.
    #[serde(rename = "ward-3")]
    Ward3,
    /// 3 tertiary, 6 county, 12 township: the set-up of the EMR table.
    #[default]
    #[serde(rename = "province-21")]
    Province21,
    /// 6 tertiary, 12 county, 24 township: 15,720 cases, for images.
    #[serde(rename = "province-42")]
    Province42,
    /// China, one hospital in a thousand: 72.
    #[serde(rename = "china-1:1000")]
    China1000,
    /// China, one hospital in a hundred: 722.
    #[serde(rename = "china-1:100")]
    China100,
    /// China, one hospital in ten: 7,211.
    #[serde(rename = "china-1:10")]
    China10,
    /// China, every hospital and township health centre of 2023: 72,108.
    #[serde(rename = "china-1:1")]
    China1,
    /// 24 counties, for county imaging.
    #[serde(rename = "counties-24")]
    Counties24,
    /// China's counties, about 1,870.
    #[serde(rename = "counties-1870")]
    Counties1870,
    /// Ukraine's capable network of July 2023: 542.
    #[serde(rename = "ukraine-1:1")]
    Ukraine1,
    /// China, one hospital in a thousand, and Ukraine, one in ten: 127.
    #[serde(rename = "china-ukraine")]
    ChinaUkraine,
    /// 42 doctors, two for each of 21 specialties: 9,996 cases.
    #[serde(rename = "doctors-42")]
    Doctors42,
    /// 200 people who wear a watch, about 130 windows each.
    #[serde(rename = "wearers-200")]
    Wearers200,
    /// 2,000 people who wear a watch.
    #[serde(rename = "wearers-2000")]
    Wearers2000,
    /// 10,000 people who ask for advice by phone, about eight cases each.
    #[serde(rename = "phones-10000")]
    Phones10000,
}

/// How many training cases a hospital has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Sizes {
    /// The tier's median, every hospital alike: the default of `ward-3` and the provinces.
    Fixed,
    /// Log-normal about the median: the default of the nations.
    Lognormal,
}

impl Population {
    /// Tiers and how many hospitals each has, largest first.
    #[must_use]
    pub fn tiers(self) -> &'static [(&'static str, usize)] {
        match self {
            Self::Ward3 => &[("tertiary", 1), ("county", 1), ("township", 1)],
            Self::Province21 => &[("tertiary", 3), ("county", 6), ("township", 12)],
            Self::Province42 => &[("tertiary", 6), ("county", 12), ("township", 24)],
            Self::China1000 => &[
                ("tertiary", 4),
                ("county", 12),
                ("primary", 13),
                ("ungraded", 9),
                ("township", 34),
            ],
            Self::China100 => &[
                ("tertiary", 39),
                ("county", 119),
                ("primary", 133),
                ("ungraded", 93),
                ("township", 338),
            ],
            Self::China10 => &[
                ("tertiary", 386),
                ("county", 1_195),
                ("primary", 1_325),
                ("ungraded", 930),
                ("township", 3_375),
            ],
            Self::China1 => &[
                ("tertiary", 3_855),
                ("county", 11_946),
                ("primary", 13_252),
                ("ungraded", 9_302),
                ("township", 33_753),
            ],
            Self::Counties24 => &[("county", 24)],
            Self::Counties1870 => &[("county", 1_870)],
            Self::Ukraine1 => &[("supercluster", 118), ("cluster", 149), ("general", 275)],
            Self::ChinaUkraine => &[
                ("tertiary", 4),
                ("county", 12),
                ("primary", 13),
                ("ungraded", 9),
                ("township", 34),
                ("supercluster", 12),
                ("cluster", 15),
                ("general", 28),
            ],
            Self::Doctors42 => &[("doctor", 42)],
            Self::Wearers200 => &[("wearer", 200)],
            Self::Wearers2000 => &[("wearer", 2_000)],
            Self::Phones10000 => &[("phone", 10_000)],
        }
    }

    /// The sizes that the preset has unless the config says otherwise.
    #[must_use]
    pub fn default_sizes(self) -> Sizes {
        match self {
            Self::Ward3 | Self::Province21 | Self::Province42 | Self::Doctors42 => Sizes::Fixed,
            _ => Sizes::Lognormal,
        }
    }

    /// Everyone, largest tier first: `tertiary-01`, `tertiary-02`, ...
    #[must_use]
    pub fn roster(self) -> Vec<NodeInfo> {
        let tiers = self.tiers();
        let digits = tiers
            .iter()
            .map(|(_, n)| n.to_string().len())
            .max()
            .unwrap_or(1)
            .max(2);
        tiers
            .iter()
            .flat_map(|&(tier, count)| (1..=count).map(move |number| (tier, number)))
            .enumerate()
            .map(|(index, (tier, number))| NodeInfo {
                node: NodeId(index as u32),
                name: format!("{tier}-{number:0digits$}"),
                tier: tier.to_owned(),
                ..NodeInfo::default()
            })
            .collect()
    }

    /// Training cases of one hospital, drawn at (seed, node): nobody else's size matters.
    #[must_use]
    pub fn cases(self, info: &NodeInfo, sizes: Option<Sizes>, seed: Seed) -> u64 {
        let Some(tier) = TierProfile::of(&info.tier) else {
            return 0;
        };
        match sizes.unwrap_or(self.default_sizes()) {
            Sizes::Fixed => tier.cases_median as u64,
            Sizes::Lognormal => {
                let mut rng = seed.node(info.node).purpose(SIZE).stream();
                let drawn = LogNormal::new(tier.cases_median.ln(), tier.cases_spread)
                    .map_or(tier.cases_median, |size| size.sample(&mut rng));
                (drawn.round() as u64).max(tier.cases_least)
            }
        }
    }

    /// Clean test cases of one hospital: the tier's 4,000 shared out, at least 20.
    #[must_use]
    pub fn test_cases(self, info: &NodeInfo) -> u64 {
        let tier = self.tiers().iter().find(|(tier, _)| *tier == info.tier);
        tier.map_or(0, |(_, hospitals)| {
            (TEST_CASES / *hospitals as u64).max(FEWEST_TEST_CASES)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(Population, usize); 15] = [
        (Population::Ward3, 3),
        (Population::Province21, 21),
        (Population::Province42, 42),
        (Population::China1000, 72),
        (Population::China100, 722),
        (Population::China10, 7_211),
        (Population::China1, 72_108),
        (Population::Counties24, 24),
        (Population::Counties1870, 1_870),
        (Population::Ukraine1, 542),
        (Population::ChinaUkraine, 127),
        (Population::Doctors42, 42),
        (Population::Wearers200, 200),
        (Population::Wearers2000, 2_000),
        (Population::Phones10000, 10_000),
    ];

    #[test]
    fn presets_have_the_hospitals_they_say() {
        for (population, count) in ALL {
            let roster = population.roster();
            assert_eq!(roster.len(), count);
            assert!(
                roster
                    .iter()
                    .enumerate()
                    .all(|(i, info)| info.node.0 as usize == i)
            );
            let names: std::collections::BTreeSet<_> = roster.iter().map(|i| &i.name).collect();
            assert_eq!(names.len(), count);
            assert!(
                roster
                    .iter()
                    .all(|info| TierProfile::of(&info.tier).is_some())
            );
        }
    }

    #[test]
    fn the_provinces_have_the_cases_of_the_tables() {
        let total = |population: Population| -> u64 {
            population
                .roster()
                .iter()
                .map(|i| population.cases(i, None, Seed::run(1)))
                .sum()
        };
        assert_eq!(total(Population::Province21), 7_860);
        assert_eq!(total(Population::Province42), 15_720);
    }

    #[test]
    fn a_nation_holds_about_eighteen_million_cases() {
        let china = Population::China1;
        let total: u64 = china
            .roster()
            .iter()
            .map(|i| china.cases(i, None, Seed::run(1)))
            .sum();
        assert!((17_500_000..18_500_000).contains(&total), "{total}");
    }

    #[test]
    fn phones_hold_about_eight_cases_each() {
        let phones = Population::Phones10000;
        let roster = phones.roster();
        let sizes = roster.iter().map(|i| phones.cases(i, None, Seed::run(1)));
        let sizes: Vec<u64> = sizes.collect();
        let total: u64 = sizes.iter().sum();
        // The mean of a log-normal of median 5 and spread 1 is 8.2.
        assert!((78_000..88_000).contains(&total), "{total}");
        assert!(sizes.iter().all(|&cases| cases >= 1));
    }

    #[test]
    fn a_size_depends_on_the_hospital_alone() {
        let seed = Seed::run(4);
        let size = |population: Population, node: usize| {
            population.cases(&population.roster()[node], Some(Sizes::Lognormal), seed)
        };
        // Node 0 is tertiary in both.
        assert_eq!(
            size(Population::Province21, 0),
            size(Population::Province42, 0)
        );
    }
}
