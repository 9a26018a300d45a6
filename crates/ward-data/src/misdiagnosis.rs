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
    /// At these rates by tier's name, for example
    /// `{ county = 0.15, township = { miss = 0.4, false_alarm = 0.2 } }`; other tiers never.
    Rates(BTreeMap<String, Rate>),
    /// Unequal errors in every hospital: a share of the sick missed, a share of the well alarmed.
    Asymmetric(Unequal),
}

/// How often one tier's labels are wrong.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    untagged,
    expecting = "a share such as 0.4, or { miss = 0.4, false_alarm = 0.2 }"
)]
pub enum Rate {
    /// Whatever the truth is, 0 to 1.
    Equal(f64),
    /// More often for one class than for the other.
    Unequal(Unequal),
}

/// Errors of two classes that are not equally frequent.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unequal {
    /// Share of positives labelled negative, 0 to 1; the literature's township misses 0.4.
    pub miss: f64,
    /// Share of negatives labelled positive, 0 to 1; the literature's township alarms 0.2.
    pub false_alarm: f64,
}

impl Unequal {
    /// Chances that a (negative, positive) case is mislabelled.
    fn rates(self) -> [f64; 2] {
        [self.false_alarm, self.miss]
    }

    fn problems(self, path: &str) -> [Option<Problem>; 2] {
        [
            not_a_share(&format!("{path}.miss"), self.miss),
            not_a_share(&format!("{path}.false_alarm"), self.false_alarm),
        ]
    }
}

/// A problem at `path` where `value` is not a share.
pub(crate) fn not_a_share(path: &str, value: f64) -> Option<Problem> {
    (!(0.0..=1.0).contains(&value))
        .then(|| Problem::new(path, format!("must be between 0 and 1, not {value}")))
}

/// A problem at `path` where no hospital is of `tier`.
pub(crate) fn unknown_tier(path: &str, tier: &str, tiers: &[&str]) -> Option<Problem> {
    let tiers_said = || tiers.join(", ");
    (!tiers.contains(&tier)).then(|| {
        let problem = format!("no hospital is of tier `{tier}`; tiers: {}", tiers_said());
        Problem::new(path, problem)
    })
}

impl Misdiagnosis {
    /// Chances that a (negative, positive) case of a hospital of `tier` is mislabelled.
    #[must_use]
    pub fn rates(&self, tier: &str) -> [f64; 2] {
        match self {
            Self::Tier => [TierProfile::of(tier).map_or(0.0, |t| t.misdiagnosis); 2],
            Self::None => [0.0; 2],
            Self::Rates(rates) => match rates.get(tier) {
                None => [0.0; 2],
                Some(Rate::Equal(rate)) => [*rate; 2],
                Some(Rate::Unequal(errors)) => errors.rates(),
            },
            Self::Asymmetric(errors) => errors.rates(),
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

    /// What is wrong with the setting, where labels tell `classes` classes apart; `path` is where it stands.
    pub(crate) fn problems(&self, path: &str, tiers: &[&str], classes: usize) -> Vec<Problem> {
        let for_two = |path: &str| {
            (classes > 2).then(|| {
                let message = format!(
                    "is of misses and false alarms, which two classes have, and there are {classes}; say one \
                     share for all: rates = {{ township = 0.35 }}"
                );
                Problem::new(path, message)
            })
        };
        let mut problems = Vec::new();
        match self {
            Self::Tier | Self::None => {}
            Self::Rates(rates) => {
                for (tier, rate) in rates {
                    let path = format!("{path}.rates.{tier}");
                    problems.extend(unknown_tier(&path, tier, tiers));
                    match rate {
                        Rate::Equal(rate) => problems.extend(not_a_share(&path, *rate)),
                        Rate::Unequal(errors) => {
                            problems.extend(for_two(&path));
                            problems.extend(errors.problems(&path).into_iter().flatten());
                        }
                    }
                }
            }
            Self::Asymmetric(errors) => {
                let path = format!("{path}.asymmetric");
                problems.extend(for_two(&path));
                problems.extend(errors.problems(&path).into_iter().flatten());
            }
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOWNSHIP: Unequal = Unequal {
        miss: 0.4,
        false_alarm: 0.2,
    };

    #[test]
    fn labels_are_wrong_as_often_as_they_should_be() {
        let rates = Misdiagnosis::Asymmetric(TOWNSHIP).rates("any");
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
    fn each_tier_errs_in_its_own_way() {
        let text = "rates = { county = 0.15, township = { miss = 0.4, false_alarm = 0.2 } }";
        let said: Misdiagnosis = toml::from_str(text).unwrap();
        assert_eq!(said.rates("township"), [0.2, 0.4]);
        assert_eq!(said.rates("county"), [0.15; 2]);
        assert_eq!(said.rates("tertiary"), [0.0; 2]);
        let half = "rates = { township = { miss = 0.4 } }";
        let error = toml::from_str::<Misdiagnosis>(half).unwrap_err();
        assert!(error.to_string().contains("false_alarm = 0.2"), "{error}");
    }

    #[test]
    fn a_draw_flips_whatever_else_is_switched_on() {
        // The same draw decides, so the labels that are wrong at a small rate are wrong at a large one.
        let wrong = |miss: f64| -> Vec<u64> {
            let rates = [0.0, miss];
            let write = |case: &u64| Misdiagnosis::write(rates, 1, 2, Seed::run(3), *case) == 0;
            (0..2_000).filter(write).collect()
        };
        let (few, many) = (wrong(0.1), wrong(0.4));
        assert!(few.len() > 100 && many.len() > 700);
        assert!(few.iter().all(|case| many.contains(case)));
    }

    #[test]
    fn what_cannot_be_is_named() {
        let paths = |said: &str, classes| -> Vec<String> {
            let said: Misdiagnosis = toml::from_str(said).unwrap();
            let problems = said.problems("m", &["township"], classes);
            problems.into_iter().map(|problem| problem.path).collect()
        };
        let rates = "rates = { township = 1.5, village = 0.1 }";
        assert_eq!(paths(rates, 2), ["m.rates.township", "m.rates.village"]);
        let unequal = "rates = { township = { miss = 0.4, false_alarm = 2.0 } }";
        assert_eq!(paths(unequal, 2), ["m.rates.township.false_alarm"]);
        let asymmetric = "asymmetric = { miss = 0.4, false_alarm = 0.2 }";
        assert_eq!(paths(asymmetric, 2), [""; 0]);
        assert_eq!(paths(asymmetric, 31), ["m.asymmetric"]);
        let few = "rates = { township = { miss = 0.4, false_alarm = 0.2 } }";
        assert_eq!(paths(few, 3), ["m.rates.township"]);
    }
}
