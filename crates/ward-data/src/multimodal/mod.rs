//! S11 `multimodal`: image, laboratory values and notes of one patient, of which a hospital may lack some.
//!
//! The seed articles call it the frontier; the published analogue is EXAM (Dayan et al. 2021), X-ray,
//! laboratory values and vital signs of 20 institutes. Given the class, the features of
//! three blocks are independent normals of variance 1 about -d/2 or d/2:
//!
//!   image 16 features, d = .35 each (d' 1.4) · labs 12, 1/sqrt 12 (d' 1.0) · notes 64, .1 (d' .8)
//!
//! A modality is missing by the tier's chances, case by case and whatever the class. The model then
//! sees zeros there, and a 0 in place of a 1 behind the features. Half of the cases are positive.
//!
//! **Ceiling**: d'^2 of what is there add up, so a case with the set m has log-likelihood ratios
//! N(+-d_m^2/2, d_m^2), and over the chances p_m
//!   AUC = sum p_m p_n Phi(sqrt(d_m^2 + d_n^2) / 2),  balanced accuracy = sum p_m Phi(d_m / 2):
//! .910 complete; .909 / .892 / .808 by tier. The best rule is linear in the features as they are seen.
//! **Plausible** for logistic regression on 4,000 to 16,000 complete cases: .895 to .911. **Limit**:
//! above .9165 on 20,000 test cases a result is a leak or a bug.
//! **Recipe**: logistic regression, SGD .05, batch 32, one epoch in each of 20 rounds.

use std::array::from_fn;

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Evaluation, NodeInfo, Seed, metric::name};

use crate::Rows;
use crate::normal;
use crate::place::{Place, Split};
use crate::population::Population;
use crate::registry::ScenarioInfo;
use crate::synthetic::{Scenario, Shift, scenario_table};
use crate::tier::TierProfile;

/// One modality.
#[derive(Debug, Clone, Copy)]
struct Modality {
    name: &'static str,
    features: usize,
    dprime: f64,
}

const IMAGE: Modality = Modality {
    name: "image",
    features: 16,
    dprime: 1.4,
};
const LABS: Modality = Modality {
    name: "lab",
    features: 12,
    dprime: 1.0,
};
const NOTES: Modality = Modality {
    name: "token",
    features: 64,
    dprime: 0.8,
};
const MODALITIES: [Modality; 3] = [IMAGE, LABS, NOTES];
const FEATURES: usize = IMAGE.features + LABS.features + NOTES.features;

/// The features, then whether each modality is there.
const INPUTS: usize = FEATURES + 3;

impl Modality {
    /// How far apart the classes are in each feature.
    fn step(&self) -> f64 {
        self.dprime / (self.features as f64).sqrt()
    }
}

/// Whether modalities are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// By the tier's chances: image, labs and notes 0 / .02 / 0 in tertiary hospitals, .10 / .15 /
    /// .20 in counties, .50 / .50 / .60 in townships.
    #[default]
    Tier,
    /// Every case is complete.
    None,
}

scenario_table! {
    /// Settings of `multimodal`.
    MultimodalConfig, Population::Province42, {
        /// `tier` (default) or `none`.
        missing: Missing = Missing::Tier,
        /// Whether hospitals differ in prevalence (logit N(0, .4)) and in each laboratory value
        /// (N(0, .3) of its deviation).
        shift: bool = false,
    }
}

/// `multimodal`.
#[derive(Debug)]
pub(crate) struct Multimodal {
    config: MultimodalConfig,
    /// Whether the modality of each feature is image, labs or notes.
    of_feature: [usize; FEATURES],
}

/// What a hospital has of its patients.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Files {
    /// Chances that a case lacks each modality.
    missing: [f64; 3],
    shift: Shift<{ LABS.features }>,
}

impl Files {
    /// What the hospital's assays add to feature `j`.
    fn moved(&self, j: usize) -> f64 {
        let lab = j.checked_sub(IMAGE.features);
        let moved = lab.and_then(|lab| self.shift.features.get(lab));
        moved.copied().unwrap_or(0.0)
    }

    /// Each of the eight sets of modalities that a case may have: its chance and its d'^2.
    fn sets(&self) -> [(f64, f64); 8] {
        from_fn(|set| {
            let mut found = (1.0, 0.0);
            for (bit, (modality, missing)) in MODALITIES.iter().zip(self.missing).enumerate() {
                if (set >> bit) & 1 == 1 {
                    found.0 *= 1.0 - missing;
                    found.1 += modality.dprime * modality.dprime;
                } else {
                    found.0 *= missing;
                }
            }
            found
        })
    }
}

impl Scenario for Multimodal {
    type Config = MultimodalConfig;
    type Hospital = Files;

    const INFO: ScenarioInfo = ScenarioInfo {
        id: "multimodal",
        task: "image, laboratory values and notes, some of them missing (S11)",
        inputs: "16 + 12 + 64 features, and for each of the three whether it is there",
        ceiling: "AUC .910 complete; .909 / .892 / .808 by tier (closed form)",
        plausible: "AUC .895 to .911 on complete cases; above .9165 on 20,000 cases is a leak",
        recipe: "logistic; SGD .05, batch 32, 1 epoch x 20 rounds",
    };
    const BOUNDED: &'static [&'static str] = &[name::AUC, name::BALANCED_ACCURACY];

    fn new(config: MultimodalConfig, _world: Seed) -> Self {
        Self {
            config,
            of_feature: from_fn(|j| {
                usize::from(j >= IMAGE.features) + usize::from(j >= FEATURES - NOTES.features)
            }),
        }
    }

    fn config(&self) -> &MultimodalConfig {
        &self.config
    }

    fn shape(_config: &MultimodalConfig) -> &'static [usize] {
        &[INPUTS]
    }

    fn feature_names(&self) -> Vec<String> {
        let numbered = |m: Modality| (1..=m.features).map(move |i| format!("{} {i}", m.name));
        let there = ["image there", "labs there", "notes there"].map(str::to_owned);
        MODALITIES
            .into_iter()
            .flat_map(numbered)
            .chain(there)
            .collect()
    }

    fn hospital(&self, info: &NodeInfo, place: Place) -> Files {
        let tier = TierProfile::of(&info.tier);
        Files {
            missing: match (self.config.missing, tier) {
                (Missing::Tier, Some(tier)) => tier.missing,
                _ => [0.0; 3],
            },
            shift: Shift::draw(place).where_on(self.config.shift),
        }
    }

    fn facts(&self, files: &Files) -> Vec<(&'static str, String)> {
        let [image, labs, notes] = files.missing;
        let missing = format!("image {image:.2}, labs {labs:.2}, notes {notes:.2}");
        vec![files.shift.fact(), ("missing", missing)]
    }

    fn cases<'a>(
        &'a self,
        files: &'a Files,
        place: Place,
        split: Split,
    ) -> impl FnMut(u64, &mut [f32]) -> u8 + 'a {
        let (stream, missing) = (place.cases(split, "case"), place.cases(split, "missing"));
        let prevalence = files.shift.prevalence_near(0.5);
        let complete = files.missing == [0.0; 3];
        let means = [-0.5, 0.5].map(|half| -> [f64; FEATURES] {
            from_fn(|j| half * MODALITIES[self.of_feature[j]].step() + files.moved(j))
        });
        move |case, stored| {
            let mut rng = stream.stream_of(case);
            let truth = rng.random::<f64>() < prevalence;
            let (features, there) = stored.split_at_mut(FEATURES);
            for (feature, mean) in features.iter_mut().zip(&means[usize::from(truth)]) {
                let noise: f64 = StandardNormal.sample(&mut rng);
                *feature = (mean + noise) as f32;
            }
            there.fill(1.0);
            if !complete {
                let mut missing = missing.stream_of(case);
                let mut start = 0;
                for (m, there) in there.iter_mut().enumerate() {
                    let end = start + MODALITIES[m].features;
                    if missing.random::<f64>() < files.missing[m] {
                        features[start..end].fill(0.0);
                        *there = 0.0;
                    }
                    start = end;
                }
            }
            u8::from(truth)
        }
    }

    fn observer<'a>(&'a self, files: &'a Files) -> impl FnMut(u64, &[f32], &mut Vec<f32>) + 'a {
        move |_, stored, answers| {
            let (features, there) = stored.split_at(FEATURES);
            let parts = features.iter().zip(self.of_feature).enumerate();
            let evidence: f64 = parts
                .filter(|(_, (_, modality))| there[*modality] > 0.0)
                .map(|(j, (x, modality))| {
                    MODALITIES[modality].step() * (f64::from(*x) - files.moved(j))
                })
                .sum();
            answers.push(evidence as f32);
        }
    }

    fn ceiling(&self, files: &Files, test: &Rows) -> Evaluation {
        let sets = files.sets();
        let (mut auc, mut balanced) = (0.0, 0.0);
        for (p, square) in sets {
            balanced += p * normal::balanced_accuracy(square.sqrt());
            for (q, other) in sets {
                auc += p * q * normal::below((square + other).sqrt() / 2.0);
            }
        }
        normal::exactly(auc, balanced, test.len())
    }
}

#[cfg(test)]
mod tests;
