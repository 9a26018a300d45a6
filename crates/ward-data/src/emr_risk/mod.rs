//! S13 `emr-risk`: a risk score from twelve laboratory values, in hospitals that disagree about
//! units, doctors and assays.
//!
//!   ln x_j = m_j + s_j z_j,  z ~ N(0, 1)                   `LABS`
//!   y ~ Bernoulli(sigma(beta . z - 1.2 + b_h))             `BETA`, `INTERCEPT`, `prevalence_shift`
//!
//! The best possible AUC is known by quadrature (.8391 at b_h = 0): `ceiling.rs`. Plausible for a
//! federated model .825 to .845 in each tier; above .849 on 20,000 cases means a leak.
//! The national prevalence is .31. Default recipe: logistic regression, 60 rounds of ten steps.
//!
//! Of the seed articles one says that China's records are centralised and its standards unified, the
//! other that data quality and standardisation are the main barrier. So there is a switch for both:
//! `units = "unified"` and `"mixed"`, and `harmonise` for the standard that comes later. They also say that
//! federated learning does as well as central training: here it does, within .003 of AUC, and under
//! mixed units better.

mod ceiling;
mod labs;

use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Estimate, Evaluation, NodeInfo, RoundId, Seed, metric::name};

pub use ceiling::{Quadrature, quadrature};
pub use labs::LABS;

use crate::Rows;
use crate::drift::Drift;
use crate::place::{Place, Split};
use crate::population::Population;
use crate::registry::ScenarioInfo;
use crate::synthetic::{Scenario, Shift, scenario_table};
use crate::tier::TierProfile;

/// Weights of the twelve labs; |beta|^2 = 2.9275.
pub const BETA: [f64; 12] = [
    0.9, 0.5, -0.4, 0.3, 0.7, 0.35, 0.25, -0.5, 0.3, 0.45, 0.2, 0.6,
];
/// The national intercept.
pub const INTERCEPT: f64 = -1.2;
/// The labs' names.
const LAB_NAMES: [&str; 12] = {
    let mut names = [""; 12];
    let mut j = 0;
    while j < names.len() {
        names[j] = LABS[j].name;
        j += 1;
    }
    names
};
/// Labs whose unit a hospital may have otherwise: glucose, cholesterol, creatinine, haemoglobin.
const MIXED_LABS: usize = 4;
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
    /// How many deviations from the lab's published median the stored value's logarithm is, in SI units:
    /// a scale that tells nothing of anybody's rows.
    Reference,
}

scenario_table! {
    /// Settings of `emr-risk`.
    EmrRiskConfig, Population::Province21, {
        /// Whether hospitals differ in prevalence (logit N(0, .4)) and assays (N(0, .3) of a deviation).
        shift: bool = false,
        /// `unified` (default) or `mixed`.
        units: Units = Units::Unified,
        /// Whether each hospital puts its units right before anything else.
        harmonise: bool = false,
        /// `log` (default) or `raw`.
        features: Features = Features::Log,
        /// How prevalence and features move while the run goes on. Default not at all.
        drift: Option<Drift> = None,
    }
}

/// `emr-risk`.
#[derive(Debug)]
pub(crate) struct EmrRisk {
    config: EmrRiskConfig,
}

/// What makes one hospital different.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Habits {
    shift: Shift<12>,
    other_unit: [bool; 12],
}

impl EmrRisk {
    /// Whether the hospital's file has lab `j` in the other unit.
    fn is_converted(&self, habits: &Habits, j: usize) -> bool {
        habits.other_unit[j] && !self.config.harmonise
    }

    /// What the hospital's file says of lab `j`, as training reads it.
    fn feature(&self, habits: &Habits, j: usize, z: f64) -> f32 {
        let lab = &LABS[j];
        let value = lab.value(z + habits.shift.features[j]);
        let stored = if self.is_converted(habits, j) {
            lab.in_other_unit(value)
        } else {
            value
        };
        match self.config.features {
            Features::Log => stored.ln() as f32,
            Features::Raw => stored as f32,
            Features::Reference => lab.deviations(stored) as f32,
        }
    }

    /// z_j of a patient of whom the file says `feature`.
    fn deviations(&self, habits: &Habits, j: usize, feature: f32) -> f64 {
        let lab = &LABS[j];
        let stored = match self.config.features {
            Features::Log => f64::from(feature).exp(),
            Features::Raw => f64::from(feature),
            Features::Reference => lab.value(f64::from(feature)),
        };
        let value = if self.is_converted(habits, j) {
            lab.out_of_other_unit(stored)
        } else {
            stored
        };
        lab.deviations(value) - habits.shift.features[j]
    }
}

impl Scenario for EmrRisk {
    type Config = EmrRiskConfig;
    type Hospital = Habits;

    const INFO: ScenarioInfo = ScenarioInfo {
        id: "emr-risk",
        task: "risk score from laboratory values with non-standard units (S13)",
        inputs: "12 laboratory values",
        ceiling: "AUC .839 (quadrature)",
        plausible: "AUC .825 to .845 in each tier; above .849 on 20,000 cases is a leak",
        recipe: "logistic; SGD .3, batch 32 with replacement, 10 steps x 60 rounds, L2 .001",
    };
    const DRIFTING: &'static [&'static str] = &LAB_NAMES;
    const BOUNDED: &'static [&'static str] = &[name::AUC];

    fn new(config: EmrRiskConfig, _world: Seed) -> Self {
        Self { config }
    }

    fn config(&self) -> &EmrRiskConfig {
        &self.config
    }

    fn shape(_config: &EmrRiskConfig) -> &'static [usize] {
        &[12]
    }

    fn drift(config: &Self::Config) -> Option<&Drift> {
        config.drift.as_ref()
    }

    fn drifted(&self, habits: Habits, drift: &Drift, round: RoundId) -> Habits {
        Habits {
            shift: habits.shift.drifted(drift, LAB_NAMES, round),
            ..habits
        }
    }

    fn feature_names(&self) -> Vec<String> {
        LABS.iter().map(|lab| lab.name.to_owned()).collect()
    }

    fn hospital(&self, info: &NodeInfo, place: Place) -> Habits {
        let mut units = place.hospital("units");
        let chance = TierProfile::of(&info.tier).map_or(0.0, |tier| tier.other_unit);
        let mut other = [false; 12];
        other[..MIXED_LABS].fill_with(|| units.random::<f64>() < chance);
        Habits {
            shift: Shift::draw(place).where_on(self.config.shift),
            other_unit: match self.config.units {
                Units::Mixed => other,
                Units::Unified => [false; 12],
            },
        }
    }

    fn facts(&self, habits: &Habits) -> Vec<(&'static str, String)> {
        let others = LABS.iter().zip(habits.other_unit);
        let others: Vec<&str> = others
            .filter_map(|(lab, other)| other.then_some(lab.name))
            .collect();
        let units = match others.is_empty() {
            true => "none".to_owned(),
            false => others.join(", "),
        };
        vec![habits.shift.fact(), ("other units", units)]
    }

    fn cases<'a>(
        &'a self,
        habits: &'a Habits,
        place: Place,
        split: Split,
    ) -> impl FnMut(u64, &mut [f32]) -> u8 + 'a {
        let stream = place.cases(split, "case");
        move |case, features| {
            let mut rng = stream.stream_of(case);
            let z: [f64; 12] = [(); 12].map(|()| StandardNormal.sample(&mut rng));
            let score: f64 = BETA.iter().zip(z).map(|(b, z)| b * z).sum();
            let risk = sigmoid(score + INTERCEPT + habits.shift.prevalence);
            let truth = u8::from(rng.random::<f64>() < risk);
            for (j, feature) in features.iter_mut().enumerate() {
                *feature = self.feature(habits, j, z[j]);
            }
            truth
        }
    }

    /// beta . z, which is all that the labs say.
    fn observer<'a>(&'a self, habits: &'a Habits) -> impl FnMut(u64, &[f32], &mut Vec<f32>) + 'a {
        move |_, features, answers| {
            let parts = features.iter().zip(BETA).enumerate();
            let score: f64 = parts
                .map(|(j, (feature, beta))| beta * self.deviations(habits, j, *feature))
                .sum();
            answers.push(score as f32);
        }
    }

    /// Exact: the quadrature with the hospital's own prevalence.
    fn ceiling(&self, habits: &Habits, test: &Rows) -> Evaluation {
        let auc = Estimate {
            value: quadrature(1.0, habits.shift.prevalence).auc,
            n: test.len() as u64,
            standard_error: 0.0,
        };
        Evaluation([(name::AUC.to_owned(), auc)].into())
    }
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[cfg(test)]
mod tests;
