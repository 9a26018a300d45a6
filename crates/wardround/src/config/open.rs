//! Opening an experiment or a hospital's file, checked; and the experiment's data with it.

use std::path::Path;
use std::sync::Arc;

use ward_core::RingSpec;
use ward_data::{DataConfig, DataError, Federation, ScalingMode};
use ward_train::{Engine, EngineError, ModelSpec};

use super::check;
use super::layer::Layer;
use super::load::{self, Loaded, from_environment};
use super::merge::Shape;
use super::types::{Experiment, HospitalConfig, Secret};
use super::variants;
use crate::codes::Code;
use crate::failure::Failure;
use crate::pretraining::Pretrained;

/// The environment variable that gives a hospital its join token, and a coordinator the one that
/// it asks for.
pub const TOKEN_VARIABLE: &str = "WARDROUND_TOKEN";
/// The environment variable that opens a coordinator's admin service with its value.
pub const ADMIN_TOKEN_VARIABLE: &str = "WARDROUND_ADMIN_TOKEN";
/// The environment variable that says where a coordinator listens.
pub const LISTEN_VARIABLE: &str = "WARDROUND_LISTEN";
/// The environment variable that says where a hospital's coordinator is.
pub const COORDINATOR_VARIABLE: &str = "WARDROUND_COORDINATOR";

const EXPERIMENT: Shape = Shape {
    choices: &[
        "data",
        "data.*.misdiagnosis",
        "model",
        "strategy",
        "strategy.*.schedule",
        "personalisation",
        "sampler",
        "border.exchange",
        "training.optimizer",
        "pretraining.training.optimizer",
        "baselines.training.optimizer",
        "adversaries.attack",
        "adversaries.attack.backdoor.trigger",
    ],
    either: &[
        ("training", ["epochs", "steps"]),
        ("baselines.training", ["epochs", "steps"]),
        ("pretraining.training", ["epochs", "steps"]),
        ("personalisation.fine-tuning", ["epochs", "steps"]),
        ("personalisation.fedrep", ["head_epochs", "head_steps"]),
        ("sampler.uniform", ["count", "fraction"]),
        ("sampler.volume", ["count", "fraction"]),
        ("sampler.round-robin", ["count", "fraction"]),
        ("sampler.power-of-choice", ["count", "fraction"]),
        ("sampler.importance", ["count", "fraction"]),
        ("evaluation.external", ["hospitals", "share"]),
        ("adversaries", ["count", "share"]),
        ("adversaries", ["count", "hospitals"]),
        ("adversaries", ["share", "hospitals"]),
    ],
};

const HOSPITAL: Shape = Shape {
    choices: &["data"],
    either: &[],
};

/// An experiment with its data: all that can be known before it starts.
#[derive(Debug)]
pub struct Opened {
    /// The hospitals and their rows.
    pub federation: Federation,
    /// The model that reads them, and that hospitals train.
    pub model: ModelSpec,
    /// The model whose last layer that is, where it was trained before the federation begins.
    pub pretrained: Option<Arc<Pretrained>>,
    /// What trains it.
    pub engine: Engine,
    /// What trains the baselines.
    pub baseline_engine: Engine,
    /// The ring that updates are added in.
    pub ring: RingSpec,
}

impl Experiment {
    /// Reads and checks the experiment at `path`, with `above` (flags and `--set`) on top.
    ///
    /// # Errors
    /// Everything that can be told from the file alone.
    pub fn load(path: &Path, mut above: Vec<Layer>) -> Result<Loaded<Self>, Failure> {
        let listen = [(LISTEN_VARIABLE, "coordinator.listen")];
        let mut layers = from_environment(&listen, |name| std::env::var(name).ok())?;
        layers.append(&mut above);
        Self::checked(load::load(path, layers, &EXPERIMENT)?)
    }

    /// Reads and checks `text` as though it were the file `path`.
    ///
    /// # Errors
    /// As [`Experiment::load`].
    pub fn parse(path: &Path, text: &str, above: Vec<Layer>) -> Result<Loaded<Self>, Failure> {
        Self::checked(load::parse(path, text, above, &EXPERIMENT)?)
    }

    /// Reads and checks `layers`, the lowest first, as though they were the file `path`.
    ///
    /// # Errors
    /// As [`Experiment::load`].
    pub(super) fn stacked(path: &Path, layers: Vec<Layer>) -> Result<Loaded<Self>, Failure> {
        Self::checked(load::stacked(path, layers, &EXPERIMENT)?)
    }

    fn checked(loaded: Loaded<Self>) -> Result<Loaded<Self>, Failure> {
        loaded.refuse(check::problems(&loaded.value))?;
        Ok(loaded)
    }

    /// The same experiment wherever its file is: paths in it no longer depend on `folder`.
    ///
    /// # Errors
    /// When the current folder is gone.
    pub fn anchored(&self, folder: &Path) -> Result<Self, Failure> {
        let folder = std::path::absolute(folder).map_err(|error| {
            Failure::new(Code::FileUnreadable, "the current folder cannot be told").caused_by(error)
        })?;
        Ok(Self {
            data: self.data.anchored(&folder),
            secure_aggregation: self
                .secure_aggregation
                .as_ref()
                .map(|config| config.anchored(&folder)),
            ..self.clone()
        })
    }

    /// All settings, defaults too, as the TOML that gives the same experiment.
    ///
    /// # Errors
    /// When a setting cannot be written as TOML.
    pub fn to_toml(&self) -> Result<String, Failure> {
        toml::to_string(self).map_err(|error| {
            Failure::new(
                Code::Internal,
                "the configuration cannot be written as TOML",
            )
            .caused_by(error)
        })
    }
}

impl Loaded<Experiment> {
    /// Opens the data and checks the experiment against them.
    ///
    /// # Errors
    /// When the data cannot be opened, and everything that does not fit them.
    pub fn open(&self) -> Result<Opened, Failure> {
        self.checked_against(Federation::open)
    }

    /// Refuses what only a simulation may have.
    ///
    /// # Errors
    /// When there are adversaries.
    pub fn deployable(&self) -> Result<(), Failure> {
        self.refuse(check::only_simulated(&self.value).into_iter().collect())
    }

    /// As [`Self::open`], without hospitals' rows: what a coordinator may know.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn enrol(&self) -> Result<Opened, Failure> {
        self.checked_against(Federation::enrol)
    }

    fn checked_against(&self, open: OpenData) -> Result<Opened, Failure> {
        let experiment = &self.value;
        self.refuse(variants::several(experiment).into_iter().collect())?;
        let scaling = experiment.preprocessing.scaling;
        let federation = open(&experiment.data, scaling, experiment.seed, self.folder())?;
        self.refuse(check::problems_with_data(experiment, &federation))?;
        // All of this was checked a moment ago.
        let (federation, model, pretrained) = experiment.modelled(federation)?;
        let refuse = |error: EngineError| Failure::new(Code::Combination, error.to_string());
        let engine = experiment.training.engine(&model).map_err(refuse)?;
        let baseline_engine = experiment.baseline_training().engine(&model);
        let baseline_engine = baseline_engine.map_err(refuse)?;
        let ring = experiment.resolved_ring(&federation);
        let ring = ring.ok_or_else(|| Failure::new(Code::Headroom, "the sum has no room"))?;
        Ok(Opened {
            federation,
            model,
            pretrained,
            engine,
            baseline_engine,
            ring,
        })
    }
}

impl Experiment {
    /// The data as hospitals train on them, and the model that they train: of a pretrained model the
    /// features that its trunk makes, and its last layer.
    ///
    /// # Errors
    /// When the model does not fit the data.
    pub(crate) fn modelled(
        &self,
        federation: Federation,
    ) -> Result<(Federation, ModelSpec, Option<Arc<Pretrained>>), Failure> {
        if let Some(pretrained) = Pretrained::of(self)? {
            let head = pretrained.head()?;
            let federation = federation.through(pretrained.clone());
            return Ok((federation, head, Some(pretrained)));
        }
        let source = federation.source();
        let model = ModelSpec::resolve(&self.model, source.shape(), source.classes());
        let model = model.map_err(|error| Failure::new(Code::ModelMisfit, error.to_string()))?;
        Ok((federation, model, None))
    }
}

/// How much of the data is opened.
type OpenData = fn(&DataConfig, ScalingMode, u64, &Path) -> Result<Federation, DataError>;

impl HospitalConfig {
    /// Reads and checks a hospital's file; [`TOKEN_VARIABLE`] and [`COORDINATOR_VARIABLE`] win
    /// over it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn load(path: &Path, mut above: Vec<Layer>) -> Result<Loaded<Self>, Failure> {
        let address = [(COORDINATOR_VARIABLE, "coordinator")];
        let mut layers = from_environment(&address, |name| std::env::var(name).ok())?;
        layers.append(&mut above);
        let mut loaded: Loaded<Self> = load::load(path, layers, &HOSPITAL)?;
        // Not a layer: a secret must not reach a report.
        if let Ok(token) = std::env::var(TOKEN_VARIABLE)
            && !token.is_empty()
        {
            loaded.value.token = Some(Secret(token));
        }
        loaded.refuse(check::hospital_problems(&loaded.value))?;
        Ok(loaded)
    }
}

impl Loaded<HospitalConfig> {
    /// The experiment that the hospital takes part in, read and checked.
    ///
    /// # Errors
    /// As [`Experiment::load`].
    pub fn experiment(&self) -> Result<Loaded<Experiment>, Failure> {
        Experiment::load(&self.folder().join(&self.value.experiment), Vec::new())
    }

    /// Where the hospital's rows are, and the folder that paths in it are relative to: its own
    /// table, or the experiment's.
    #[must_use]
    pub fn data<'a>(&'a self, experiment: &'a Loaded<Experiment>) -> (&'a DataConfig, &'a Path) {
        match &self.value.data {
            Some(data) => (data, self.folder()),
            None => (&experiment.value.data, experiment.folder()),
        }
    }
}
