//! Wrong labels in training: what a hospital's doctors wrote, as against the truth.

use std::collections::BTreeMap;

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::Seed;

use crate::source::Problem;
use crate::tier::TierProfile;

/// How often training labels are wrong. Test labels are always the truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Misdiagnosis {
    /// By tier: .05 tertiary, .15 county, .35 township.
    #[default]
    Tier,
    /// Never.
    None,
    /// At these rates by tier's name, 0 to 1, for example `{ township = 0.4 }`; other tiers never.
    Rates(BTreeMap<String, f64>),
    /// Unequal errors in every hospital: a share of the sick missed, a share of the well alarmed.
    Asymmetric {
        /// Share of positives labelled negative, 0 to 1; the literature's township misses 0.4.
        miss: f64,
        /// Share of negatives labelled positive, 0 to 1; the literature's township alarms 0.2.
        false_alarm: f64,
    },
}

impl Misdiagnosis {
    /// Chances that a (negative, positive) case of a hospital of `tier` is mislabelled.
    #[must_use]
    pub fn rates(&self, tier: &str) -> [f64; 2] {
        match self {
            Self::Tier => [TierProfile::of(tier).map_or(0.0, |t| t.misdiagnosis); 2],
            Self::None => [0.0; 2],
            Self::Rates(rates) => [rates.get(tier).copied().unwrap_or(0.0); 2],
            Self::Asymmetric { miss, false_alarm } => [*false_alarm, *miss],
        }
    }

    /// The label written for case `case` whose truth is `truth`: its own draw at `place`.
    pub(crate) fn write(rates: [f64; 2], truth: u8, place: Seed, case: u64) -> u8 {
        let rate = rates[usize::from(truth > 0)];
        let wrong = rate > 0.0 && place.stream_of(case).random::<f64>() < rate;
        u8::from((truth > 0) != wrong)
    }

    /// What is wrong with the setting; `path` is where it stands.
    pub(crate) fn problems(&self, path: &str, tiers: &[&str]) -> Vec<Problem> {
        let share = |path: String, value: f64| {
            (!(0.0..=1.0).contains(&value))
                .then(|| Problem::new(&path, format!("a share is between 0 and 1, not {value}")))
        };
        match self {
            Self::Tier | Self::None => Vec::new(),
            Self::Rates(rates) => rates
                .iter()
                .flat_map(|(tier, &rate)| {
                    let path = format!("{path}.rates.{tier}");
                    let known = tiers.contains(&tier.as_str());
                    let unknown = (!known).then(|| {
                        let tiers = tiers.join(", ");
                        let problem = format!("no hospital is of tier `{tier}`; tiers: {tiers}");
                        Problem::new(&path, problem)
                    });
                    [share(path.clone(), rate), unknown]
                })
                .flatten()
                .collect(),
            Self::Asymmetric { miss, false_alarm } => [
                share(format!("{path}.asymmetric.miss"), *miss),
                share(format!("{path}.asymmetric.false_alarm"), *false_alarm),
            ]
            .into_iter()
            .flatten()
            .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_wrong_as_often_as_they_should_be() {
        let rates = Misdiagnosis::Asymmetric {
            miss: 0.4,
            false_alarm: 0.2,
        }
        .rates("any");
        let place = Seed::run(1);
        let wrong = |truth: u8| {
            (0..20_000)
                .filter(|c| Misdiagnosis::write(rates, truth, place, *c) != truth)
                .count()
        };
        assert!((7_750..8_250).contains(&wrong(1)));
        assert!((3_800..4_200).contains(&wrong(0)));
    }

    #[test]
    fn rates_outside_a_share_and_unknown_tiers_are_named() {
        let rates = [("township".to_owned(), 1.5), ("village".to_owned(), 0.1)].into();
        let problems = Misdiagnosis::Rates(rates).problems("m", &["township"]);
        assert_eq!(problems.len(), 2);
        assert_eq!(problems[0].path, "m.rates.township");
    }
}
