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

    /// The label written for case `case` whose truth is one of `classes`: its own draw at `place`. A
    /// wrong label is any other class, each as likely.
    pub(crate) fn write(rates: [f64; 2], truth: u8, classes: usize, place: Seed, case: u64) -> u8 {
        let rate = rates[usize::from(truth > 0)];
        if rate <= 0.0 {
            return truth;
        }
        let mut rng = place.stream_of(case);
        if rng.random::<f64>() >= rate {
            return truth;
        }
        match classes {
            0..=2 => 1 - truth.min(1),
            _ => {
                let other = rng.random_range(0..classes as u8 - 1);
                other + u8::from(other >= truth)
            }
        }
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
                .filter(|c| Misdiagnosis::write(rates, truth, 2, place, *c) != truth)
                .count()
        };
        assert!((7_750..8_250).contains(&wrong(1)));
        assert!((3_800..4_200).contains(&wrong(0)));
    }

    #[test]
    fn a_wrong_label_is_any_other_class_as_likely_as_the_next() {
        let write = |case| Misdiagnosis::write([0.5; 2], 3, 5, Seed::run(2), case);
        let mut written = [0; 5];
        (0..20_000).for_each(|case| written[usize::from(write(case))] += 1);
        assert!((9_750..10_250).contains(&written[3]));
        let others = [0, 1, 2, 4].map(|class: usize| written[class]);
        assert!(
            others.iter().all(|n| (2_350..2_650).contains(n)),
            "{others:?}"
        );
    }

    #[test]
    fn rates_outside_a_share_and_unknown_tiers_are_named() {
        let rates = [("township".to_owned(), 1.5), ("village".to_owned(), 0.1)].into();
        let problems = Misdiagnosis::Rates(rates).problems("m", &["township"]);
        assert_eq!(problems.len(), 2);
        assert_eq!(problems[0].path, "m.rates.township");
    }
}
