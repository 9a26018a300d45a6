//! A federation's data, opened from its config.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Estimate, NodeId, NodeInfo, Seed, Summary};

use crate::csv::{CsvConfig, CsvSource};
use crate::emr_risk::{EmrRisk, EmrRiskConfig};
use crate::lung_nodule::{LungNodule, LungNoduleConfig};
use crate::source::{DataError, Problem, Source};
use crate::{HospitalData, Rows};

/// Where the rows come from. A later scenario is one more line here and in [`SCENARIOS`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "a run has one")]
pub enum DataConfig {
    /// Risk score from twelve laboratory values (synthetic).
    EmrRisk(EmrRiskConfig),
    /// Lung nodules on 28 x 28 images (synthetic).
    LungNodule(LungNoduleConfig),
    /// Files of your own.
    Csv(CsvConfig),
}

/// How features are put on one scale before training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum ScalingMode {
    /// Not at all.
    #[default]
    None,
    /// Each hospital by the mean and deviation of its own training rows.
    Local,
    /// By mean and deviation over all hospitals' training rows, agreed on by sums only.
    Federated,
}

/// One line of the registry of scenarios.
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
    /// Model and training that do it justice.
    pub recipe: &'static str,
}

/// Every scenario there is.
pub const SCENARIOS: [ScenarioInfo; 3] = [
    ScenarioInfo {
        id: "lung-nodule",
        task: "lung-nodule CT: a nodule or none (S1)",
        inputs: "1 x 28 x 28 image",
        ceiling: "AUC .982 tertiary, .891 county, .740 township (ideal observer, amplitude .75)",
        recipe: "cnn [8, 16], kernels [5, 3], hidden 64; Adam .002, batch 32, 1 epoch x 50 rounds",
    },
    ScenarioInfo {
        id: "emr-risk",
        task: "risk score from laboratory values with non-standard units (S13)",
        inputs: "12 laboratory values",
        ceiling: "AUC .839 (quadrature)",
        recipe: "logistic; SGD .3, batch 32 with replacement, 10 steps x 60 rounds, L2 .001",
    },
    ScenarioInfo {
        id: "csv",
        task: "files of your own",
        inputs: "numeric and categorical columns",
        ceiling: "not known",
        recipe: "logistic or mlp; federated or local scaling",
    },
];

impl DataConfig {
    /// The word for it.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::EmrRisk(_) => "emr-risk",
            Self::LungNodule(_) => "lung-nodule",
            Self::Csv(_) => "csv",
        }
    }

    /// The same data with paths that do not depend on where the config is: relative to `folder`.
    #[must_use]
    pub fn anchored(&self, folder: &Path) -> Self {
        match self {
            Self::Csv(config) => Self::Csv(config.anchored(folder)),
            Self::EmrRisk(_) | Self::LungNodule(_) => self.clone(),
        }
    }

    /// Everything that is wrong with the settings, by path below the config's root.
    #[must_use]
    pub fn problems(&self) -> Vec<Problem> {
        match self {
            Self::EmrRisk(config) => config.problems("data.emr-risk"),
            Self::LungNodule(config) => config.problems("data.lung-nodule"),
            Self::Csv(config) => config.problems("data.csv"),
        }
    }
}

/// The coordinator as one that holds rows.
pub(crate) fn coordinator() -> NodeInfo {
    NodeInfo {
        node: NodeId::COORDINATOR,
        name: "coordinator".to_owned(),
        tier: "tertiary".to_owned(),
        ..NodeInfo::default()
    }
}

/// A federation's data. Each hospital's rows are made or read when asked for.
#[derive(Debug, Clone)]
pub struct Federation {
    source: Arc<dyn Source>,
    scaling: ScalingMode,
}

impl Federation {
    /// Opens the data that `config` describes. Relative paths are relative to `folder`.
    ///
    /// # Errors
    /// [`DataError`] with file, line and remedy.
    pub fn open(
        config: &DataConfig,
        scaling: ScalingMode,
        seed: u64,
        folder: &Path,
    ) -> Result<Self, DataError> {
        let seed = Seed::run(seed).child("data", 0);
        let source: Arc<dyn Source> = match config {
            DataConfig::EmrRisk(config) => Arc::new(EmrRisk::new(config.clone(), seed)),
            DataConfig::LungNodule(config) => Arc::new(LungNodule::new(config.clone(), seed)),
            DataConfig::Csv(config) => Arc::new(CsvSource::open(config, folder, seed)?),
        };
        Ok(Self { source, scaling })
    }

    /// Who takes part and what rows look like, without rows where these come from files: all that
    /// a coordinator may know. Rows made by a formula are nobody's secret.
    ///
    /// # Errors
    /// [`DataError`] with file, line and remedy.
    pub fn enrol(
        config: &DataConfig,
        scaling: ScalingMode,
        seed: u64,
        folder: &Path,
    ) -> Result<Self, DataError> {
        let DataConfig::Csv(csv) = config else {
            return Self::open(config, scaling, seed, folder);
        };
        let source = CsvSource::enrol(csv, folder, Seed::run(seed).child("data", 0))?;
        Ok(Self {
            source: Arc::new(source),
            scaling,
        })
    }

    /// The data as the hospital called `name` may see them: everyone is on the roster; where rows
    /// come from files, no other hospital's file is opened.
    ///
    /// # Errors
    /// [`DataError`], also when nobody of that name is enrolled.
    pub fn open_one(
        config: &DataConfig,
        scaling: ScalingMode,
        seed: u64,
        folder: &Path,
        name: &str,
    ) -> Result<(Self, NodeInfo), DataError> {
        let federation = match config {
            DataConfig::Csv(csv) => {
                let data_seed = Seed::run(seed).child("data", 0);
                let source = CsvSource::open_one(csv, folder, data_seed, name)?;
                Self {
                    source: Arc::new(source),
                    scaling,
                }
            }
            DataConfig::EmrRisk(_) | DataConfig::LungNodule(_) => {
                Self::open(config, scaling, seed, folder)?
            }
        };
        let info = federation.named(name)?.clone();
        Ok((federation, info))
    }

    fn named(&self, name: &str) -> Result<&NodeInfo, DataError> {
        self.roster()
            .iter()
            .find(|info| info.name == name)
            .ok_or_else(|| {
                let names: Vec<&str> = self
                    .roster()
                    .iter()
                    .map(|i| i.name.as_str())
                    .take(30)
                    .collect();
                let names = names.join(", ");
                DataError::Federation(format!("no hospital is called `{name}`; there are {names}"))
            })
    }

    /// Everyone, ids dense from 0.
    #[must_use]
    pub fn roster(&self) -> &[NodeInfo] {
        self.source.roster()
    }

    /// Training and test rows of one hospital, without making them.
    #[must_use]
    pub fn rows(&self, node: NodeId) -> (u64, u64) {
        self.source.rows(node)
    }

    /// One hospital's rows, scaled by its own where the mode is [`ScalingMode::Local`].
    ///
    /// # Errors
    /// [`DataError`].
    pub fn hospital(&self, node: NodeId) -> Result<HospitalData, DataError> {
        let mut data = self.source.hospital(node)?;
        if self.scaling == ScalingMode::Local {
            let scaling = Summary::of(&data.train.features, data.train.width()).scaling();
            scaling.apply(&mut data.train.features);
            scaling.apply(&mut data.test.features);
        }
        Ok(data)
    }

    /// The coordinator's own rows, for training alone: `file`, beside the hospitals', where rows come
    /// from files, and else `rows` that are made for it.
    ///
    /// # Errors
    /// [`DataError`], also where there must be a file and none is given.
    pub fn root(
        &self,
        config: &DataConfig,
        folder: &Path,
        rows: u64,
        file: Option<&Path>,
    ) -> Result<HospitalData, DataError> {
        let none = || DataError::Federation("the coordinator has no file of its own".to_owned());
        let mut train = match (config, file) {
            (DataConfig::Csv(csv), Some(file)) => CsvSource::root(csv, folder, file)?,
            _ => self.source.root(rows).ok_or_else(none)?,
        };
        if self.scaling == ScalingMode::Local {
            let scaling = Summary::of(&train.features, train.width()).scaling();
            scaling.apply(&mut train.features);
        }
        Ok(HospitalData {
            info: coordinator(),
            test: Rows::empty(&train.shape),
            train,
            facts: Vec::new(),
        })
    }

    /// What the rows are.
    #[must_use]
    pub fn source(&self) -> &dyn Source {
        self.source.as_ref()
    }

    /// The best AUC possible on a hospital's test rows, where that is known.
    #[must_use]
    pub fn ceiling(&self, data: &HospitalData) -> Option<Estimate> {
        // The observer reads rows as stored, not as scaled.
        match self.scaling {
            ScalingMode::Local => {
                let stored = self.source.hospital(data.info.node).ok()?;
                self.source.ceiling(&stored)
            }
            ScalingMode::None | ScalingMode::Federated => self.source.ceiling(data),
        }
    }
}
