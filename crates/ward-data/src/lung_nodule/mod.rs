//! S1 `lung-nodule`: 28 x 28 images of a chest phantom, half of them with a nodule somewhere.
//!
//! Best AUC .982 on a tertiary hospital's images, .891 on a county's, .740 on a township's, at
//! amplitude .75 ([`Observer`], the exact likelihood ratio). A small network on 16,000 reference
//! cases reaches .93 to .975; above .985 means a leak. Default recipe: the two-convolution network,
//! Adam .001, 40 rounds of one epoch.

mod observer;
mod phantom;
mod scanner;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Mutex;

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Estimate, NodeId, NodeInfo, Seed};

pub use observer::Observer;
pub use phantom::SIDE;
pub use scanner::Scanner;

use crate::emr_risk::test_cases;
use crate::misdiagnosis::Misdiagnosis;
use crate::place::{Place, Split};
use crate::population::{Population, Sizes};
use crate::source::{DataError, Problem, Source};
use crate::tier::TierProfile;
use crate::{HospitalData, Rows};

/// Whose scanners the images come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Scanners {
    /// Every hospital has the same sharp scanner.
    Reference,
    /// Each hospital has its tier's blur and noise, and a brightness of its own.
    #[default]
    Tier,
}

/// Settings of `lung-nodule`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LungNoduleConfig {
    /// The hospitals. Default `province-42`.
    pub population: Population,
    /// Cases of a hospital: `fixed` at the tier's median or `lognormal` about it.
    pub sizes: Option<Sizes>,
    /// Brightness of a nodule, above 0 to 10. Default 0.75; 0.95 makes quick demonstrations.
    pub amplitude: f64,
    /// Share of training images with a nodule, between 0 and 1. Default 0.5. Tests have 0.5.
    pub prevalence: f64,
    /// `tier` (default) or `reference`.
    pub scanner: Scanners,
    /// How often training labels are wrong, as in `emr-risk`. Default by tier.
    pub misdiagnosis: Misdiagnosis,
}

impl Default for LungNoduleConfig {
    fn default() -> Self {
        Self {
            population: Population::Province42,
            sizes: None,
            amplitude: 0.75,
            prevalence: 0.5,
            scanner: Scanners::Tier,
            misdiagnosis: Misdiagnosis::Tier,
        }
    }
}

impl LungNoduleConfig {
    /// Everything that is wrong with the settings; `path` is where they stand.
    #[must_use]
    pub fn problems(&self, path: &str) -> Vec<Problem> {
        let tiers: Vec<&str> = self
            .population
            .tiers()
            .iter()
            .map(|(tier, _)| *tier)
            .collect();
        let mut problems = self
            .misdiagnosis
            .problems(&format!("{path}.misdiagnosis"), &tiers);
        if !(self.amplitude > 0.0 && self.amplitude <= 10.0) {
            let message = format!(
                "a brightness is above 0 and up to 10, not {}",
                self.amplitude
            );
            problems.push(Problem::new(&format!("{path}.amplitude"), message));
        }
        if !(self.prevalence > 0.0 && self.prevalence < 1.0) {
            let message = format!("a share is between 0 and 1, not {}", self.prevalence);
            problems.push(Problem::new(&format!("{path}.prevalence"), message));
        }
        problems
    }
}

/// `lung-nodule` over one population.
#[derive(Debug)]
pub struct LungNodule {
    config: LungNoduleConfig,
    seed: Seed,
    roster: Vec<NodeInfo>,
    /// Observers by (blur, noise) in thousandths: hospitals of a tier share their templates.
    observers: Mutex<BTreeMap<(u32, u32), Observer>>,
}

impl LungNodule {
    /// The scenario `config` describes, at master seed `seed`.
    #[must_use]
    pub fn new(config: LungNoduleConfig, seed: Seed) -> Self {
        let roster = config.population.roster();
        Self {
            config,
            seed,
            roster,
            observers: Mutex::default(),
        }
    }

    fn info(&self, node: NodeId) -> Result<&NodeInfo, DataError> {
        self.roster
            .get(node.0 as usize)
            .ok_or(DataError::NoSuchHospital(node))
    }

    fn place(&self, node: NodeId) -> Place {
        Place::new(self.seed, "lung-nodule", node)
    }

    fn scanner(&self, info: &NodeInfo) -> Scanner {
        match (self.config.scanner, TierProfile::of(&info.tier)) {
            (Scanners::Tier, Some(tier)) => Scanner::draw(self.place(info.node), tier),
            _ => Scanner::REFERENCE,
        }
    }

    /// Cases `range` of one split.
    fn cases(&self, info: &NodeInfo, split: Split, range: std::ops::Range<u64>) -> Rows {
        let place = self.place(info.node);
        let scanner = self.scanner(info);
        let (anatomy, noise) = (place.cases(split, "anatomy"), place.cases(split, "noise"));
        let flips = place.cases(split, "misdiagnosis");
        let (rates, prevalence) = match split {
            Split::Train => (
                self.config.misdiagnosis.rates(&info.tier),
                self.config.prevalence,
            ),
            Split::Test => ([0.0; 2], 0.5),
        };
        let (background, centres) = (phantom::background(), phantom::centres());
        let mut blurred = background;
        scanner.blur(&mut blurred);
        let mut rows = Rows::empty(&[1, SIDE, SIDE]);
        let mut stored = vec![0.0_f32; SIDE * SIDE];
        for case in range {
            let mut rng = anatomy.stream_of(case);
            let truth = u8::from(rng.random::<f64>() < prevalence);
            let mut image = blurred;
            if truth > 0 {
                let centre = centres[rng.random_range(0..centres.len())];
                let radius = phantom::RADII[rng.random_range(0..phantom::RADII.len())];
                image = background;
                phantom::add_blob(&mut image, centre, radius, self.config.amplitude);
                scanner.blur(&mut image);
            }
            phantom::add_noise(&mut image, scanner.noise_factor, &mut noise.stream_of(case));
            for (to, pixel) in stored.iter_mut().zip(image) {
                *to = scanner.store(pixel) as f32;
            }
            rows.push(&stored, Misdiagnosis::write(rates, truth, flips, case));
        }
        rows
    }

    fn observer(&self, scanner: Scanner) -> Observer {
        let thousandths = |value: f64| (value * 1_000.0).round() as u32;
        let key = (thousandths(scanner.blur), thousandths(scanner.noise_factor));
        let mut known = self
            .observers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let shared = known
            .entry(key)
            .or_insert_with(|| Observer::new(scanner, self.config.amplitude));
        shared.with_scanner(scanner)
    }
}

impl Source for LungNodule {
    fn id(&self) -> &'static str {
        "lung-nodule"
    }

    fn roster(&self) -> &[NodeInfo] {
        &self.roster
    }

    fn rows(&self, node: NodeId) -> (u64, u64) {
        self.info(node).map_or((0, 0), |info| {
            let train = self
                .config
                .population
                .cases(info, self.config.sizes, self.seed);
            (train, test_cases(self.config.population, info))
        })
    }

    fn hospital(&self, node: NodeId) -> Result<HospitalData, DataError> {
        let info = self.info(node)?;
        let (train_cases, test_cases) = self.rows(node);
        let scanner = self.scanner(info);
        let [rate, miss] = self.config.misdiagnosis.rates(&info.tier);
        let facts = [
            ("wrong labels", format!("{:.2}", rate.max(miss))),
            ("scanner blur (px)", format!("{:.1}", scanner.blur)),
            ("scanner noise", format!("x{:.2}", scanner.noise_factor)),
            (
                "brightness",
                format!(
                    "gain {:.2}, offset {:+.2}, gamma {:.2}",
                    scanner.gain, scanner.offset, scanner.gamma
                ),
            ),
        ];
        Ok(HospitalData {
            info: info.clone(),
            train: self.cases(info, Split::Train, 0..train_cases),
            test: self.cases(info, Split::Test, 0..test_cases),
            facts: facts.map(|(name, value)| (name.to_owned(), value)).to_vec(),
        })
    }

    /// As a tertiary hospital more would write down test cases.
    fn root(&self, rows: u64) -> Option<Rows> {
        let info = crate::federation::coordinator();
        Some(self.cases(&info, Split::Test, 0..rows))
    }

    fn shape(&self) -> &[usize] {
        &[1, SIDE, SIDE]
    }

    fn classes(&self) -> usize {
        2
    }

    fn feature_names(&self) -> Vec<String> {
        Vec::new()
    }

    fn synthetic(&self) -> bool {
        true
    }

    /// The ideal observer's AUC on the same test images.
    fn ceiling(&self, data: &HospitalData) -> Option<Estimate> {
        let observer = self.observer(self.scanner(&data.info));
        let images = data.test.features.chunks_exact(SIDE * SIDE);
        let scores: Vec<f32> = images.map(|image| observer.score(image)).collect();
        ward_core::metric::auc(&scores, &data.test.labels)
    }
}
