//! S1 `lung-nodule`: 28 x 28 images of a chest phantom, half of them with a nodule somewhere.
//!
//! Best AUC .982 on a tertiary hospital's images, .891 on a county's, .740 on a township's, at
//! amplitude .75 ([`Observer`], the exact likelihood ratio). A small network on 16,000 reference
//! cases reaches .93 to .975; above .985 means a leak. Default recipe: the two-convolution network,
//! Adam .002, 50 rounds of one epoch.
//!
//! The seed articles say of DeepWise's and Infervision's products: 94 % sensitivity, without the
//! specificity that it holds at. The ceiling's sensitivity is 95.4 % at specificity .90, and 96.8 % at
//! .85: one figure says nothing without the other.

mod observer;
mod phantom;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rand::RngExt;
use ward_core::{NodeInfo, Seed, metric::name};

pub use observer::Observer;
pub use phantom::SIDE;

use crate::place::{Place, Split};
use crate::population::Population;
use crate::registry::ScenarioInfo;
use crate::source::Problem;
use crate::synthetic::{Scanner, Scanners, Scenario, above, scenario_table};

scenario_table! {
    /// Settings of `lung-nodule`.
    LungNoduleConfig, Population::Province42, {
        /// Brightness of a nodule, above 0 to 10. Default 0.75; 0.95 makes quick demonstrations.
        amplitude: f64 = 0.75,
        /// Share of training images with a nodule, between 0 and 1. Default 0.5. Tests have 0.5.
        prevalence: f64 = 0.5,
        /// `tier` (default) or `reference`.
        scanner: Scanners = Scanners::Tier,
    }
}

/// `lung-nodule`.
#[derive(Debug)]
pub(crate) struct LungNodule {
    config: LungNoduleConfig,
    /// Observers by (blur, noise) in thousandths: hospitals of a tier share their templates.
    observers: Mutex<BTreeMap<(u32, u32), Observer>>,
}

impl LungNodule {
    fn observer_of(&self, scanner: Scanner) -> Observer {
        let thousandths = |value: f64| (value * 1_000.0).round() as u32;
        let key = (thousandths(scanner.blur), thousandths(scanner.noise_factor));
        let mut known = self
            .observers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let shared = known
            .entry(key)
            .or_insert_with(|| Observer::new(scanner, self.config.amplitude));
        shared.with_scanner(scanner)
    }
}

impl Scenario for LungNodule {
    type Config = LungNoduleConfig;
    type Hospital = Scanner;

    const INFO: ScenarioInfo = ScenarioInfo {
        id: "lung-nodule",
        task: "lung-nodule CT: a nodule or none (S1)",
        inputs: "1 x 28 x 28 image",
        ceiling: "AUC .982 tertiary, .891 county, .740 township (ideal observer, amplitude .75)",
        plausible: "AUC .93 to .975 at the reference condition; above .985 is a leak",
        recipe: "cnn [8, 16], kernels [5, 3], hidden 64; Adam .002, batch 32, 1 epoch x 50 rounds",
    };
    const BOUNDED: &'static [&'static str] = &[name::AUC];

    fn new(config: LungNoduleConfig, _world: Seed) -> Self {
        Self {
            config,
            observers: Mutex::default(),
        }
    }

    fn config(&self) -> &LungNoduleConfig {
        &self.config
    }

    fn shape(_config: &LungNoduleConfig) -> &'static [usize] {
        &[1, SIDE, SIDE]
    }

    fn problems(config: &LungNoduleConfig, path: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        problems.extend(above(
            &format!("{path}.amplitude"),
            config.amplitude,
            0.0,
            10.0,
        ));
        if !(config.prevalence > 0.0 && config.prevalence < 1.0) {
            let message = format!("a share is between 0 and 1, not {}", config.prevalence);
            problems.push(Problem::new(&format!("{path}.prevalence"), message));
        }
        problems
    }

    fn hospital(&self, info: &NodeInfo, place: Place) -> Scanner {
        self.config.scanner.at(place, &info.tier)
    }

    fn facts(&self, scanner: &Scanner) -> Vec<(&'static str, String)> {
        scanner.facts().to_vec()
    }

    fn cases<'a>(
        &'a self,
        scanner: &'a Scanner,
        place: Place,
        split: Split,
    ) -> impl FnMut(u64, &mut [f32]) -> u8 + 'a {
        let (anatomy, noise) = (place.cases(split, "anatomy"), place.cases(split, "noise"));
        let prevalence = match split {
            Split::Train => self.config.prevalence,
            Split::Test => 0.5,
        };
        let (background, centres) = (phantom::background(), phantom::centres());
        let mut blurred = background;
        scanner.blur(&mut blurred, SIDE);
        move |case, stored| {
            let mut rng = anatomy.stream_of(case);
            let truth = u8::from(rng.random::<f64>() < prevalence);
            let mut image = blurred;
            if truth > 0 {
                let centre = centres[rng.random_range(0..centres.len())];
                let radius = phantom::RADII[rng.random_range(0..phantom::RADII.len())];
                image = background;
                phantom::add_blob(&mut image, centre, radius, self.config.amplitude);
                scanner.blur(&mut image, SIDE);
            }
            phantom::add_noise(&mut image, scanner.noise_factor, &mut noise.stream_of(case));
            scanner.store(&mut image, stored);
            truth
        }
    }

    fn observer<'a>(&'a self, scanner: &'a Scanner) -> impl FnMut(u64, &[f32], &mut Vec<f32>) + 'a {
        let observer = self.observer_of(*scanner);
        move |_, image, answers| answers.push(observer.score(image))
    }
}
