//! S13 `emr-risk`: a risk score from twelve laboratory values, in hospitals that disagree about
//! units, doctors and assays.
//!
//!   ln x_j = m_j + s_j z_j,  z ~ N(0, 1)                   `LABS`
//!   y ~ Bernoulli(sigma(beta . z - 1.2 + b_h))             `BETA`, `INTERCEPT`, `prevalence_shift`
//!
//! The best possible AUC is known by quadrature (.8391 at b_h = 0): `ceiling.rs`. Plausible for a
//! federated model .825 to .845 in each tier; above .849 on 20,000 cases means a leak.
//! The national prevalence is .31. Default recipe: logistic regression, 60 rounds of ten steps.

mod ceiling;
mod labs;

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Estimate, NodeId, NodeInfo, Seed};

pub use ceiling::{Quadrature, quadrature};
pub use labs::LABS;

use crate::misdiagnosis::Misdiagnosis;
use crate::place::{Place, Split};
use crate::population::{Population, Sizes};
use crate::source::{DataError, Problem, Source};
use crate::tier::TierProfile;
use crate::{HospitalData, Rows};

/// Weights of the twelve labs; |beta|^2 = 2.9275.
pub const BETA: [f64; 12] = [
    0.9, 0.5, -0.4, 0.3, 0.7, 0.35, 0.25, -0.5, 0.3, 0.45, 0.2, 0.6,
];
/// The national intercept.
pub const INTERCEPT: f64 = -1.2;
/// Labs whose unit a hospital may have otherwise: glucose, cholesterol, creatinine, haemoglobin.
const MIXED_LABS: usize = 4;
/// Spread of a hospital's prevalence (logit) and of its assays (in units of s_j).
const PREVALENCE_SPREAD: f64 = 0.4;
const ASSAY_SPREAD: f64 = 0.3;
/// Clean test cases of a tier, split over its hospitals.
const TEST_CASES: u64 = 4_000;
/// Enough to see both classes nearly everywhere, where a tier has thousands of hospitals.
const FEWEST_TEST_CASES: u64 = 20;

/// Whether hospitals use the same units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Units {
    /// SI units everywhere.
    #[default]
    Unified,
    /// Each hospital stores each of labs 1-4 in the other unit with its tier's chance
    /// (.10 / .35 / .50), in training and test rows, and nobody else knows.
    Mixed,
}

/// What training reads of a lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Features {
    /// Its logarithm.
    #[default]
    Log,
    /// The value as stored.
    Raw,
}

/// Settings of `emr-risk`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub struct EmrRiskConfig {
    /// The hospitals. Default `province-21`.
    pub population: Population,
    /// Cases of a hospital: `fixed` at the tier's median or `lognormal` about it.
    pub sizes: Option<Sizes>,
    /// How often training labels are wrong: `"tier"` (default), `"none"`, `{ rates = {...} }`,
    /// `{ asymmetric = { miss = 0.4, false_alarm = 0.2 } }`.
    pub misdiagnosis: Misdiagnosis,
    /// Whether hospitals differ in prevalence (logit N(0, .4)) and assays (N(0, .3) of a deviation).
    pub shift: bool,
    /// `unified` (default) or `mixed`.
    pub units: Units,
    /// Whether each hospital puts its units right before anything else.
    pub harmonise: bool,
    /// `log` (default) or `raw`.
    pub features: Features,
}

impl EmrRiskConfig {
    /// Everything that is wrong with the settings; `path` is where they stand.
    #[must_use]
    pub fn problems(&self, path: &str) -> Vec<Problem> {
        let tiers: Vec<&str> = self
            .population
            .tiers()
            .iter()
            .map(|(tier, _)| *tier)
            .collect();
        self.misdiagnosis
            .problems(&format!("{path}.misdiagnosis"), &tiers)
    }
}

/// `emr-risk` over one population.
#[derive(Debug)]
pub struct EmrRisk {
    config: EmrRiskConfig,
    seed: Seed,
    roster: Vec<NodeInfo>,
}

/// What makes one hospital different.
#[derive(Debug, Clone, PartialEq)]
struct Profile {
    prevalence_shift: f64,
    assay_shift: [f64; 12],
    other_unit: [bool; 12],
}

impl EmrRisk {
    /// The scenario `config` describes, at master seed `seed`.
    #[must_use]
    pub fn new(config: EmrRiskConfig, seed: Seed) -> Self {
        let roster = config.population.roster();
        Self {
            config,
            seed,
            roster,
        }
    }

    fn info(&self, node: NodeId) -> Result<&NodeInfo, DataError> {
        self.roster
            .get(node.0 as usize)
            .ok_or(DataError::NoSuchHospital(node))
    }

    fn place(&self, node: NodeId) -> Place {
        Place::new(self.seed, "emr-risk", node)
    }

    /// Drawn whether the switches are on or not, so that they are comparable.
    fn profile(&self, info: &NodeInfo) -> Profile {
        let place = self.place(info.node);
        let mut shift = place.hospital("shift");
        let mut normal = || -> f64 { StandardNormal.sample(&mut shift) };
        let drawn = normal() * PREVALENCE_SPREAD;
        let assay = [(); 12].map(|()| normal() * ASSAY_SPREAD);
        let mut units = place.hospital("units");
        let chance = TierProfile::of(&info.tier).map_or(0.0, |tier| tier.other_unit);
        let mut other = [false; 12];
        other[..MIXED_LABS].fill_with(|| units.random::<f64>() < chance);
        Profile {
            prevalence_shift: if self.config.shift { drawn } else { 0.0 },
            assay_shift: if self.config.shift { assay } else { [0.0; 12] },
            other_unit: if self.config.units == Units::Mixed {
                other
            } else {
                [false; 12]
            },
        }
    }

    /// Cases `range` of one split: rows and, for each, the ideal observer's score.
    fn cases(
        &self,
        info: &NodeInfo,
        split: Split,
        range: std::ops::Range<u64>,
    ) -> (Rows, Vec<f32>) {
        let place = self.place(info.node);
        let profile = self.profile(info);
        let stream = place.cases(split, "case");
        let flips = place.cases(split, "misdiagnosis");
        let rates = match split {
            Split::Train => self.config.misdiagnosis.rates(&info.tier),
            Split::Test => [0.0; 2],
        };
        let mut rows = Rows::empty(&[12]);
        let mut ideal = Vec::new();
        for case in range {
            let mut rng = stream.stream_of(case);
            let z: [f64; 12] = [(); 12].map(|()| StandardNormal.sample(&mut rng));
            let score: f64 = BETA.iter().zip(z).map(|(b, z)| b * z).sum();
            let risk = sigmoid(score + INTERCEPT + profile.prevalence_shift);
            let truth = u8::from(rng.random::<f64>() < risk);
            let mut features = [0.0; 12];
            for (j, feature) in features.iter_mut().enumerate() {
                *feature = self.feature(j, z[j] + profile.assay_shift[j], profile.other_unit[j]);
            }
            rows.push(&features, Misdiagnosis::write(rates, truth, flips, case));
            ideal.push(score as f32);
        }
        (rows, ideal)
    }

    /// What the hospital's file says of lab `j`, as training reads it.
    fn feature(&self, j: usize, z: f64, other_unit: bool) -> f32 {
        let lab = &LABS[j];
        let stored = if other_unit && !self.config.harmonise {
            lab.in_other_unit(lab.value(z))
        } else {
            lab.value(z)
        };
        match self.config.features {
            Features::Log => stored.ln() as f32,
            Features::Raw => stored as f32,
        }
    }
}

impl Source for EmrRisk {
    fn id(&self) -> &'static str {
        "emr-risk"
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
        let (train, _) = self.cases(info, Split::Train, 0..train_cases);
        let (test, _) = self.cases(info, Split::Test, 0..test_cases);
        let profile = self.profile(info);
        let [rate, miss] = self.config.misdiagnosis.rates(&info.tier);
        let others: Vec<&str> = LABS
            .iter()
            .zip(profile.other_unit)
            .filter_map(|(lab, other)| other.then_some(lab.name))
            .collect();
        let facts = [
            (
                "wrong labels",
                if rate == miss {
                    format!("{rate:.2}")
                } else {
                    format!("{miss:.2} missed, {rate:.2} false alarms")
                },
            ),
            (
                "prevalence shift (logit)",
                format!("{:+.2}", profile.prevalence_shift),
            ),
            (
                "other units",
                if others.is_empty() {
                    "none".into()
                } else {
                    others.join(", ")
                },
            ),
        ];
        let facts = facts.map(|(name, value)| (name.to_owned(), value)).to_vec();
        Ok(HospitalData {
            info: info.clone(),
            train,
            test,
            facts,
        })
    }

    /// As a tertiary hospital more would write down test cases.
    fn root(&self, rows: u64) -> Option<Rows> {
        let info = crate::federation::coordinator();
        Some(self.cases(&info, Split::Test, 0..rows).0)
    }

    fn shape(&self) -> &[usize] {
        &[12]
    }

    fn classes(&self) -> usize {
        2
    }

    fn feature_names(&self) -> Vec<String> {
        LABS.iter().map(|lab| lab.name.to_owned()).collect()
    }

    fn synthetic(&self) -> bool {
        true
    }

    /// Exact: the quadrature with the hospital's own prevalence.
    fn ceiling(&self, data: &HospitalData) -> Option<Estimate> {
        let shift = self.profile(&data.info).prevalence_shift;
        let n = data.test.len() as u64;
        Some(Estimate {
            value: quadrature(1.0, shift).auc,
            n,
            standard_error: 0.0,
        })
    }
}

/// Clean test cases of one hospital: the tier's 4,000 shared out, at least 20.
pub(crate) fn test_cases(population: Population, info: &NodeInfo) -> u64 {
    let tier = population
        .tiers()
        .iter()
        .find(|(tier, _)| *tier == info.tier);
    tier.map_or(0, |(_, hospitals)| {
        (TEST_CASES / *hospitals as u64).max(FEWEST_TEST_CASES)
    })
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests;
