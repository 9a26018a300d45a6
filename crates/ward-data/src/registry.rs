//! The registry of scenarios: a line each in the list at the end of this file.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::Seed;

use crate::agent_hospital::{AgentHospital, AgentHospitalConfig};
use crate::consent::Withdrawal;
use crate::coronary_ct::{CoronaryCt, CoronaryCtConfig};
use crate::county_imaging::{CountyImaging, CountyImagingConfig};
use crate::csv::{CsvConfig, CsvSource};
use crate::dental::{Dental, DentalConfig};
use crate::diabetic_retinopathy::{DiabeticRetinopathy, DiabeticRetinopathyConfig};
use crate::drift::Drift;
use crate::emr_risk::{EmrRisk, EmrRiskConfig};
use crate::lung_nodule::{LungNodule, LungNoduleConfig};
use crate::multimodal::{Multimodal, MultimodalConfig};
use crate::oesophageal_cancer::{OesophagealCancer, OesophagealCancerConfig};
use crate::one_minute_clinic::{OneMinuteClinic, OneMinuteClinicConfig};
use crate::oral_pathology::{OralPathology, OralPathologyConfig};
use crate::source::{DataError, Problem, Source};
use crate::synthetic::{self, Scenario, Synthetic};
use crate::thyroid_ultrasound::{ThyroidUltrasound, ThyroidUltrasoundConfig};
use crate::wearables::{Wearables, WearablesConfig};

/// What a person is told of a scenario.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ScenarioInfo {
    /// The word for it in a config: `[data.ID]`.
    pub id: &'static str,
    /// What is to be learned.
    pub task: &'static str,
    /// What a model reads.
    pub inputs: &'static str,
    /// The best possible, and how it is known.
    pub ceiling: &'static str,
    /// What a federated model should reach, and what it cannot reach without a leak.
    pub plausible: &'static str,
    /// Model and training that do it justice.
    pub recipe: &'static str,
}

const CSV: ScenarioInfo = ScenarioInfo {
    id: "csv",
    task: "files of your own",
    inputs: "numeric and categorical columns",
    ceiling: "not known",
    plausible: "not known",
    recipe: "logistic or mlp; federated or local scaling",
};

macro_rules! scenarios {
    ($( $(#[$help:meta])* $scenario:ident($config:ident), )*) => {
        /// Where the rows come from.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        pub enum DataConfig {
            $( $(#[$help])* $scenario($config), )*
            /// Files of your own.
            Csv(Box<CsvConfig>),
        }

        /// Every scenario there is, and the files.
        pub const SCENARIOS: &[ScenarioInfo] = &[ $( <$scenario as Scenario>::INFO, )* CSV ];

        impl DataConfig {
            /// The word for it.
            #[must_use]
            pub fn id(&self) -> &'static str {
                match self {
                    $( Self::$scenario(_) => <$scenario as Scenario>::INFO.id, )*
                    Self::Csv(_) => CSV.id,
                }
            }

            /// Everything that is wrong with the settings, by path below the config's root.
            #[must_use]
            pub fn problems(&self) -> Vec<Problem> {
                let path = format!("data.{}", self.id());
                match self {
                    $( Self::$scenario(config) => synthetic::problems::<$scenario>(config, &path), )*
                    Self::Csv(config) => config.problems(&path),
                }
            }

            /// Patients who withdraw while a run goes on.
            #[must_use]
            pub fn withdrawal(&self) -> Option<&Withdrawal> {
                match self {
                    $( Self::$scenario(config) => config.withdrawal.as_ref(), )*
                    Self::Csv(_) => None,
                }
            }

            /// How the law moves while a run goes on.
            #[must_use]
            pub fn drift(&self) -> Option<&Drift> {
                match self {
                    $( Self::$scenario(config) => <$scenario as Scenario>::drift(config), )*
                    Self::Csv(_) => None,
                }
            }

            /// The shape of one row, where it is known without opening any.
            #[must_use]
            pub fn shape(&self) -> Option<&'static [usize]> {
                match self {
                    $( Self::$scenario(config) => Some(<$scenario as Scenario>::shape(config)), )*
                    Self::Csv(_) => None,
                }
            }

            /// The source: a scenario at `seed`, or what `files` makes of files.
            pub(crate) fn source(
                &self,
                seed: Seed,
                files: impl FnOnce(&CsvConfig) -> Result<CsvSource, DataError>,
            ) -> Result<Arc<dyn Source>, DataError> {
                Ok(match self {
                    $( Self::$scenario(config) => {
                        Arc::new(Synthetic::<$scenario>::new(config.clone(), seed))
                    } )*
                    Self::Csv(config) => Arc::new(files(config)?),
                })
            }
        }
    };
}

impl DataConfig {
    /// The same data with paths that do not depend on where the config is: relative to `folder`.
    #[must_use]
    pub fn anchored(&self, folder: &Path) -> Self {
        match self {
            Self::Csv(config) => Self::Csv(Box::new(config.anchored(folder))),
            made => made.clone(),
        }
    }
}

scenarios! {
    /// Lung nodules on 28 x 28 images (synthetic).
    LungNodule(LungNoduleConfig),
    /// Retinas with few or many lesions on 32 x 32 images (synthetic).
    DiabeticRetinopathy(DiabeticRetinopathyConfig),
    /// Two textures on 32 x 32 images that no linear model can tell apart (synthetic).
    OesophagealCancer(OesophagealCancerConfig),
    /// Coronary disease from twelve features (synthetic).
    CoronaryCt(CoronaryCtConfig),
    /// Malignant thyroid nodules from five axes, beside a human reader (synthetic).
    ThyroidUltrasound(ThyroidUltrasoundConfig),
    /// Thirty dental diseases and health on 28 x 28 images (synthetic).
    Dental(DentalConfig),
    /// Fields of nuclei on 32 x 32 images: normal, dysplasia or carcinoma (synthetic).
    OralPathology(OralPathologyConfig),
    /// 105 conditions from answers to questions (synthetic).
    OneMinuteClinic(OneMinuteClinicConfig),
    /// The same conditions, learned by 42 doctors of 21 specialties (synthetic).
    AgentHospital(AgentHospitalConfig),
    /// Lung nodules on images that stay in their counties (synthetic).
    CountyImaging(CountyImagingConfig),
    /// Image, laboratory values and notes, some of them missing (synthetic).
    Multimodal(MultimodalConfig),
    /// Atrial fibrillation from what a watch saw of heartbeats (synthetic).
    Wearables(WearablesConfig),
    /// Risk score from twelve laboratory values (synthetic).
    EmrRisk(EmrRiskConfig),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_written_in_a_config_by_the_word_it_is_listed_under() {
        for info in SCENARIOS.iter().filter(|info| info.id != CSV.id) {
            let data: DataConfig = toml::from_str(&format!("[{}]", info.id)).unwrap();
            assert_eq!(data.id(), info.id);
            assert_eq!(data.problems(), []);
        }
    }
}
