//! S6 `dental`: thirty diseases and health, told apart on 28 x 28 images.
//!
//!   g = d' T_c + n,  T_c one of 31 orthonormal products of cosines, n ~ N(0, 1) white
//!
//! Class 0 is health. The nation's mix is Zipf's (share 1 / rank) or uniform; a hospital's own is
//! Dirichlet(alpha K p) about it, in training: tests have the nation's mix, with the hospital's scanner.
//!
//! Source: the report of a dental hospital that names more than thirty diseases "in seconds". Time is
//! not simulated: a linear model answers in microseconds, and reading an image was never the wait.
//!
//! Best accuracy .926 with Zipf's mix and .9035 with the uniform one, at d' = 3.5 and a reference
//! scanner (`observer.rs`, which is exact and linear; for the uniform mix it is the integral of
//! phi(x - d') Phi(x)^30). Plausible: softmax regression, uniform mix, 16,000 reference cases, .86 to
//! .88; a max-pooling network stays far below, since every sign fills the image. Above .931 (Zipf) or
//! .910 (uniform) on 20,000 cases means a leak. Default recipe: logistic, SGD 1 with
//! decay .1, 2 steps on all rows x 25 rounds.

mod observer;
mod pattern;
#[cfg(test)]
mod tests;

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{NodeInfo, Seed, metric::name};

use self::observer::Observer;
use crate::place::{Place, Split};
use crate::population::Population;
use crate::registry::ScenarioInfo;
use crate::source::Problem;
use crate::synthetic::{ClassMix, Scanner, Scanners, Scenario, above, pick, scenario_table};

/// Thirty diseases and health.
const CLASSES: usize = 31;
/// Side of the square image in pixels.
const SIDE: usize = 28;

/// How common the classes are in the nation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Prior {
    /// The class of rank r has a share proportional to 1 / r; health comes first.
    #[default]
    Zipf,
    /// All are as common.
    Uniform,
}

impl Prior {
    fn shares(self) -> Vec<f64> {
        let weight = |rank: usize| match self {
            Self::Zipf => 1.0 / rank as f64,
            Self::Uniform => 1.0,
        };
        let total: f64 = (1..=CLASSES).map(weight).sum();
        (1..=CLASSES).map(|rank| weight(rank) / total).collect()
    }
}

scenario_table! {
    /// Settings of `dental`.
    DentalConfig, Population::Province42, {
        /// d': how far a sign stands out of the noise, above 0 to 20. Default 3.5.
        strength: f64 = 3.5,
        /// `zipf` (default) or `uniform`: how common the classes are in the nation, and in tests.
        prior: Prior = Prior::Zipf,
        /// A hospital's own mix of classes in training: `"national"` or `{ dirichlet = alpha }`, with
        /// alpha 0.001 to 1000000: 100 hardly differs, 0.3 (default) is usual, 0.1 severe.
        mix: ClassMix = ClassMix::default(),
        /// `tier` (default) or `reference`.
        scanner: Scanners = Scanners::Tier,
    }
}

/// `dental` with its signs at full strength.
#[derive(Debug)]
pub(crate) struct Dental {
    config: DentalConfig,
    prior: Vec<f64>,
    signs: Vec<Vec<f64>>,
}

/// What makes one hospital different.
#[derive(Debug)]
pub(crate) struct Hospital {
    scanner: Scanner,
    mix: Vec<f64>,
    /// The signs as its optics give them.
    signs: Vec<Vec<f64>>,
}

impl Scenario for Dental {
    type Config = DentalConfig;
    type Hospital = Hospital;
    const INFO: ScenarioInfo = ScenarioInfo {
        id: "dental",
        task: "thirty dental diseases and health (S6)",
        inputs: "1 x 28 x 28 image",
        ceiling: "accuracy .926 with Zipf's mix, .9035 with a uniform one (ideal observer, d' 3.5)",
        plausible: "uniform mix, 16,000 cases: accuracy .86 to .88; above .910 (Zipf .931) is a leak",
        recipe: "logistic; SGD 1, all rows, 2 steps x 25 rounds, L2 .1",
    };
    const CLASSES: usize = CLASSES;
    const BOUNDED: &'static [&'static str] = &[name::ACCURACY, name::TOP_3];

    fn new(config: DentalConfig, _world: Seed) -> Self {
        let mut signs = pattern::patterns();
        for pixel in signs.iter_mut().flatten() {
            *pixel *= config.strength;
        }
        Self {
            prior: config.prior.shares(),
            signs,
            config,
        }
    }

    fn config(&self) -> &DentalConfig {
        &self.config
    }

    fn shape(_config: &DentalConfig) -> &'static [usize] {
        &[1, SIDE, SIDE]
    }

    fn problems(config: &DentalConfig, path: &str) -> Vec<Problem> {
        let strength = above(&format!("{path}.strength"), config.strength, 0.0, 20.0);
        let mix = config.mix.problem(&format!("{path}.mix"));
        strength.into_iter().chain(mix).collect()
    }

    fn hospital(&self, info: &NodeInfo, place: Place) -> Hospital {
        let scanner = self.config.scanner.at(place, &info.tier);
        let mut signs = self.signs.clone();
        for sign in &mut signs {
            scanner.blur(sign, SIDE);
        }
        Hospital {
            scanner,
            mix: self.config.mix.draw(&self.prior, place),
            signs,
        }
    }

    fn facts(&self, hospital: &Hospital) -> Vec<(&'static str, String)> {
        let mut facts = hospital.scanner.facts().to_vec();
        let healthy = format!("{:.0} %", 100.0 * hospital.mix[0]);
        facts.push(("healthy patients", healthy));
        facts
    }

    fn cases<'a>(
        &'a self,
        hospital: &'a Hospital,
        place: Place,
        split: Split,
    ) -> impl FnMut(u64, &mut [f32]) -> u8 + 'a {
        let (classes, noise) = (place.cases(split, "class"), place.cases(split, "noise"));
        let mix = match split {
            Split::Train => &hospital.mix,
            Split::Test => &self.prior,
        };
        move |case, stored| {
            let class = pick(mix, classes.stream_of(case).random());
            let mut rng = noise.stream_of(case);
            let scanner = &hospital.scanner;
            scanner.photograph(hospital.signs[class].iter().copied(), 1.0, &mut rng, stored);
            class as u8
        }
    }

    fn observer<'a>(
        &'a self,
        hospital: &'a Hospital,
    ) -> impl FnMut(u64, &[f32], &mut Vec<f32>) + 'a {
        let observer = Observer::new(hospital.scanner, &hospital.signs, &self.prior);
        move |_, stored, answers| observer.observe(stored, answers)
    }
}
