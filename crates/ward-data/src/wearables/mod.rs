//! S12 `wearables`: atrial fibrillation from what a watch saw of thirty heartbeats.
//!
//! The seed articles speak of continuous surveillance. A node is a person; a case is a window of
//! thirty intervals between beats, in seconds:
//!
//!   interval_i = .8 + person + rhythm_i + jitter_i,  person ~ N(0, .08^2),  jitter_i ~ N(0, j^2)
//!
//! In sinus rhythm the rhythm is an AR(1) process of correlation .7 and deviation .05, in fibrillation
//! independent of deviation .16. Half of the windows are fibrillation. The means are equal, so a linear
//! model of raw intervals is at chance; the default reads two features, the logarithms of the
//! intervals' deviation and of that of successive differences. A noisy wrist (`wrists = "mixed"`) is
//! what makes people different.
//!
//! **Ceiling**: the exact likelihood ratio of two normal densities (`observer.rs`), of somebody who
//! does not know the person's mean; AUC .964 at jitter .15, balanced accuracy .901. Whoever knows the
//! person may gain .0005. **Plausible** for logistic regression on the two features: .955 to .966.
//! **Limit**: above .968 on 20,000 windows a result is a leak or a bug.
//! **Recipe**: logistic regression, federated scaling, 60 of 200 people a round.

mod observer;

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{NodeInfo, Seed, metric::name};

use self::observer::Observer;
use crate::place::{Place, Split};
use crate::population::Population;
use crate::registry::ScenarioInfo;
use crate::source::Problem;
use crate::synthetic::{Scenario, above, scenario_table};

/// Intervals in one window.
pub const WINDOW: usize = 30;
const MEAN: f64 = 0.8;
const PERSON_SPREAD: f64 = 0.08;
const SINUS_SPREAD: f64 = 0.05;
const SINUS_CORRELATION: f64 = 0.7;
const FIBRILLATION_SPREAD: f64 = 0.16;
/// The jitters of mixed wrists, each as likely.
const WRISTS: [f64; 6] = [0.05, 0.10, 0.15, 0.20, 0.25, 0.30];

/// What training reads of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Features {
    /// ln of the intervals' deviation, and of that of successive differences.
    #[default]
    Spreads,
    /// The thirty intervals in seconds.
    Intervals,
}

/// How much people's watches move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Wrists {
    /// By `jitter`, everybody's.
    #[default]
    Alike,
    /// By .05 to .30 s in steps of .05, drawn for each person.
    Mixed,
}

scenario_table! {
    /// Settings of `wearables`.
    WearablesConfig, Population::Wearers200, {
        /// `spreads` (default) or `intervals`.
        features: Features = Features::Spreads,
        /// Deviation of the motion jitter in seconds, above 0 to 1. Default 0.15.
        jitter: f64 = 0.15,
        /// `alike` (default) or `mixed`.
        wrists: Wrists = Wrists::Alike,
    }
}

/// `wearables`.
#[derive(Debug)]
pub(crate) struct Wearables {
    config: WearablesConfig,
}

/// One person.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wearer {
    place: Place,
    /// Mean interval less the nation's, in seconds.
    mean: f64,
    jitter: f64,
}

impl Wearer {
    /// Makes windows of one split: writes the intervals and says whether it is fibrillation.
    fn windows(&self, split: Split) -> impl FnMut(u64, &mut [f32; WINDOW]) -> u8 + use<> {
        let (stream, motion) = (
            self.place.cases(split, "case"),
            self.place.cases(split, "motion"),
        );
        let Self { mean, jitter, .. } = *self;
        let fresh = (1.0 - SINUS_CORRELATION * SINUS_CORRELATION).sqrt();
        move |case, intervals| {
            let mut rng = stream.stream_of(case);
            let mut motion = motion.stream_of(case);
            let fibrillation = rng.random::<f64>() < 0.5;
            let mut rhythm: f64 = StandardNormal.sample(&mut rng);
            for (i, interval) in intervals.iter_mut().enumerate() {
                if i > 0 {
                    let new: f64 = StandardNormal.sample(&mut rng);
                    rhythm = match fibrillation {
                        true => new,
                        false => SINUS_CORRELATION * rhythm + fresh * new,
                    };
                }
                let spread = match fibrillation {
                    true => FIBRILLATION_SPREAD,
                    false => SINUS_SPREAD,
                };
                let moved: f64 = StandardNormal.sample(&mut motion);
                *interval = (MEAN + mean + spread * rhythm + jitter * moved) as f32;
            }
            u8::from(fibrillation)
        }
    }
}

/// ln of the deviation of some numbers.
fn ln_deviation(numbers: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
    let n = numbers.len() as f64;
    let mean = numbers.clone().sum::<f64>() / n;
    let squares: f64 = numbers.map(|x| (x - mean).powi(2)).sum();
    0.5 * (squares / (n - 1.0)).ln()
}

/// The two features of a window.
fn spreads(intervals: &[f32; WINDOW]) -> [f32; 2] {
    let of = |i: usize| f64::from(intervals[i]);
    let all = ln_deviation((0..WINDOW).map(of));
    let successive = ln_deviation((1..WINDOW).map(|i| of(i) - of(i - 1)));
    [all as f32, successive as f32]
}

impl Scenario for Wearables {
    type Config = WearablesConfig;
    type Hospital = Wearer;

    const INFO: ScenarioInfo = ScenarioInfo {
        id: "wearables",
        task: "watches: atrial fibrillation or sinus rhythm (S12)",
        inputs: "2 features of 30 intervals between heartbeats, or the intervals",
        ceiling: "AUC .964 at jitter .15 (ideal observer)",
        plausible: "AUC .955 to .966; above .968 on 20,000 windows is a leak",
        recipe: "logistic; SGD .5, batch 32, 1 epoch x 30 rounds of 60 people, federated scaling",
    };
    const BOUNDED: &'static [&'static str] = &[name::AUC, name::BALANCED_ACCURACY];

    fn new(config: WearablesConfig, _world: Seed) -> Self {
        Self { config }
    }

    fn config(&self) -> &WearablesConfig {
        &self.config
    }

    fn shape(config: &WearablesConfig) -> &'static [usize] {
        match config.features {
            Features::Spreads => &[2],
            Features::Intervals => &[WINDOW],
        }
    }

    fn feature_names(&self) -> Vec<String> {
        match self.config.features {
            Features::Spreads => vec!["ln sd".to_owned(), "ln sd of differences".to_owned()],
            Features::Intervals => (1..=WINDOW).map(|i| format!("interval {i}")).collect(),
        }
    }

    fn problems(config: &WearablesConfig, path: &str) -> Vec<Problem> {
        above(&format!("{path}.jitter"), config.jitter, 0.0, 1.0)
            .into_iter()
            .collect()
    }

    fn hospital(&self, _info: &NodeInfo, place: Place) -> Wearer {
        let person: f64 = StandardNormal.sample(&mut place.hospital("person"));
        let wrist = place.hospital("wrist").random_range(0..WRISTS.len());
        Wearer {
            place,
            mean: PERSON_SPREAD * person,
            jitter: match self.config.wrists {
                Wrists::Alike => self.config.jitter,
                Wrists::Mixed => WRISTS[wrist],
            },
        }
    }

    fn facts(&self, wearer: &Wearer) -> Vec<(&'static str, String)> {
        vec![
            ("mean interval (s)", format!("{:.2}", MEAN + wearer.mean)),
            ("jitter (s)", format!("{:.2}", wearer.jitter)),
        ]
    }

    fn cases<'a>(
        &'a self,
        wearer: &'a Wearer,
        _place: Place,
        split: Split,
    ) -> impl FnMut(u64, &mut [f32]) -> u8 + 'a {
        let mut window = wearer.windows(split);
        let mut intervals = [0.0; WINDOW];
        move |case, stored| {
            let truth = window(case, &mut intervals);
            match self.config.features {
                Features::Spreads => stored.copy_from_slice(&spreads(&intervals)),
                Features::Intervals => stored.copy_from_slice(&intervals),
            }
            truth
        }
    }

    /// Reads the intervals, whatever training reads: it makes the window anew.
    fn observer<'a>(&'a self, wearer: &'a Wearer) -> impl FnMut(u64, &[f32], &mut Vec<f32>) + 'a {
        let observer = Observer::new(wearer.jitter, PERSON_SPREAD);
        let mut window = wearer.windows(Split::Test);
        let mut intervals = [0.0; WINDOW];
        move |case, _, answers| {
            window(case, &mut intervals);
            answers.push(observer.evidence(&intervals));
        }
    }
}

#[cfg(test)]
mod tests;
