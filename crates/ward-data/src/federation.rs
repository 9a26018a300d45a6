//! A federation's data, opened from its config.

use std::borrow::Cow;
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Evaluation, NodeId, NodeInfo, RoundId, Seed, Summary};

use crate::csv::CsvSource;
use crate::embedding::{Embedded, Embedding};
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
    /// Rows as hospitals store them, where `source` has features of them instead.
    stored: Option<Arc<dyn Source>>,
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
        Ok(Self::of(source, scaling))
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
        Ok(Self::of(source, scaling))
    }

    fn of(source: Arc<dyn Source>, scaling: ScalingMode) -> Self {
        Self {
            source,
            scaling,
            stored: None,
        }
    }

    /// The same hospitals with the features that `embedding` makes of their rows. What is searched for
    /// in everything that leaves them are still the rows themselves.
    #[must_use]
    pub fn through(self, embedding: Arc<dyn Embedding>) -> Self {
        Self {
            source: Arc::new(Embedded::new(self.source.clone(), embedding)),
            scaling: self.scaling,
            stored: Some(self.source),
        }
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
        let federation = Self::of(source, scaling);
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

    /// Training and test rows of one hospital in the first round, without making them.
    #[must_use]
    pub fn rows(&self, node: NodeId) -> (u64, u64) {
        self.source.rows(node)
    }

    /// The same in one round.
    #[must_use]
    pub fn rows_in(&self, node: NodeId, round: RoundId) -> (u64, u64) {
        self.source.rows_in(node, round)
    }

    /// The first round in which hospitals have the same rows as in `round`.
    #[must_use]
    pub fn since(&self, round: RoundId) -> RoundId {
        self.source.since(round)
    }

    /// The rounds before `rounds` at which hospitals' rows become others, the first round first.
    #[must_use]
    pub fn turns(&self, rounds: u32) -> Vec<RoundId> {
        let mut turns = Vec::new();
        let mut next = rounds.checked_sub(1).map(RoundId);
        while let Some(round) = next {
            let since = self.since(round);
            turns.push(since);
            next = since.0.checked_sub(1).map(RoundId);
        }
        turns.reverse();
        turns
    }

    /// One hospital's rows in the first round, as [`Self::hospital_in`] has them.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn hospital(&self, node: NodeId) -> Result<HospitalData, DataError> {
        self.hospital_in(node, RoundId(0))
    }

    /// One hospital's rows in one round, scaled by its own where the mode is [`ScalingMode::Local`].
    ///
    /// # Errors
    /// [`DataError`].
    pub fn hospital_in(&self, node: NodeId, round: RoundId) -> Result<HospitalData, DataError> {
        let mut data = self.source.hospital_in(node, round)?;
        if self.scaling == ScalingMode::Local {
            let scaling = Summary::of(&data.train.features, data.train.width()).scaling();
            scaling.apply(&mut data.train.features);
            scaling.apply(&mut data.test.features);
        }
        Ok(data)
    }

    /// Every training row that one hospital has in any of `rounds` rounds, `first` being those of the
    /// first: what must not be found in anything that leaves it. Rows are as hospitals store them.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn ever<'a>(
        &self,
        node: NodeId,
        rounds: u32,
        first: &'a Rows,
    ) -> Result<Cow<'a, Rows>, DataError> {
        if let Some(stored) = &self.stored {
            let stored = Self::of(stored.clone(), self.scaling);
            let first = stored.hospital(node)?.train;
            return Ok(Cow::Owned(stored.ever(node, rounds, &first)?.into_owned()));
        }
        let turns = self.turns(rounds);
        if turns.len() < 2 {
            return Ok(Cow::Borrowed(first));
        }
        let bits = |row: &[f32]| -> Vec<u32> { row.iter().map(|value| value.to_bits()).collect() };
        let mut all = first.clone();
        let mut seen: HashSet<Vec<u32>> = (0..first.len()).map(|i| bits(first.row(i))).collect();
        for round in turns.into_iter().skip(1) {
            let rows = self.hospital_in(node, round)?.train;
            for (i, label) in rows.labels.iter().enumerate() {
                if seen.insert(bits(rows.row(i))) {
                    all.push(rows.row(i), *label);
                }
            }
        }
        Ok(Cow::Owned(all))
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

    /// The best scores possible on a hospital's test rows of `round`, in the metrics for which they are
    /// known.
    ///
    /// # Errors
    /// [`DataError`] when the rows as stored are not to be had.
    pub fn ceiling(&self, data: &HospitalData, round: RoundId) -> Result<Evaluation, DataError> {
        // The observer reads rows as stored, not as scaled.
        Ok(match self.scaling {
            ScalingMode::Local => {
                let stored = self.source.hospital_in(data.info.node, round)?;
                self.source.ceiling(&stored, round)
            }
            ScalingMode::None | ScalingMode::Federated => self.source.ceiling(data, round),
        })
    }
}
