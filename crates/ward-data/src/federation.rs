//! A federation's data, opened from its config.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Evaluation, NodeId, NodeInfo, Seed, Summary};

use crate::csv::CsvSource;
use crate::registry::DataConfig;
use crate::source::{DataError, Source};
use crate::{HospitalData, Rows};

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

/// Where all data of a run are drawn.
fn root(seed: u64) -> Seed {
    Seed::run(seed).child("data", 0)
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
        let source = config.source(root(seed), |csv| CsvSource::open(csv, folder, root(seed)))?;
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
        let source = config.source(root(seed), |csv| CsvSource::enrol(csv, folder, root(seed)))?;
        Ok(Self { source, scaling })
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
        let source = config.source(root(seed), |csv| {
            CsvSource::open_one(csv, folder, root(seed), name)
        })?;
        let federation = Self { source, scaling };
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

    /// Rows that are like a hospital's training rows, as many, and not among them; scaled as those are.
    /// `None` where rows come from files, which hold no more.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn held_out(&self, node: NodeId) -> Result<Option<Rows>, DataError> {
        let (rows, _) = self.source.rows(node);
        let Some(mut more) = self.source.held_out(node, rows) else {
            return Ok(None);
        };
        if self.scaling == ScalingMode::Local {
            let train = self.source.hospital(node)?.train;
            let scaling = Summary::of(&train.features, train.width()).scaling();
            scaling.apply(&mut more.features);
        }
        Ok(Some(more))
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

    /// The best scores possible on a hospital's test rows, in the metrics for which they are known.
    ///
    /// # Errors
    /// [`DataError`] when the rows as stored are not to be had.
    pub fn ceiling(&self, data: &HospitalData) -> Result<Evaluation, DataError> {
        // The observer reads rows as stored, not as scaled.
        Ok(match self.scaling {
            ScalingMode::Local => {
                let stored = self.source.hospital(data.info.node)?;
                self.source.ceiling(&stored)
            }
            ScalingMode::None | ScalingMode::Federated => self.source.ceiling(data),
        })
    }
}
