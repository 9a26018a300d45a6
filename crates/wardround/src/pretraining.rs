//! A model trained on public rows before the federation begins: its trunk stays as it is, and hospitals
//! train and send its last layer alone.
//!
//! Public rows are made by the scenario's formula at an address that is no hospital's, so every process
//! makes the same trunk from the config alone, once, when it first needs it.

use std::sync::{Arc, OnceLock};

use ward_core::{Address, NodeId, Params, RoundId, Scaling, Summary};
use ward_data::{DataError, Embedding, Federation, Rows, ScalingMode};
use ward_train::{Engine, Learner, LogisticConfig, ModelConfig, ModelSpec, Trunk};

use crate::codes::Code;
use crate::config::Experiment;
use crate::failure::Failure;

/// A pretrained model, trained when it is first asked for.
#[derive(Debug)]
pub struct Pretrained {
    full: Arc<ModelSpec>,
    engine: Engine,
    experiment: Experiment,
    public: Federation,
    width: usize,
    trunk: OnceLock<Result<Trunk, String>>,
}

impl Pretrained {
    /// The pretrained model of `experiment`; `None` where it has none. The config is checked.
    ///
    /// # Errors
    /// When the public rows, the model or its engine are not to be had.
    pub(crate) fn of(experiment: &Experiment) -> Result<Option<Arc<Self>>, Failure> {
        let Some(config) = &experiment.pretraining else {
            return Ok(None);
        };
        // Rows by a formula: no file is opened, whatever the folder is.
        let here = std::path::Path::new(".");
        let public = Federation::open(&experiment.data, ScalingMode::None, experiment.seed, here)?;
        let source = public.source();
        let full = ModelSpec::resolve(&experiment.model, source.shape(), source.classes());
        let full = full.map_err(|error| Failure::new(Code::ModelMisfit, error.to_string()))?;
        let engine = config.training.engine(&full);
        let engine = engine.map_err(|error| Failure::new(Code::Combination, error.to_string()))?;
        let width = Trunk::width(&full)
            .ok_or_else(|| Failure::new(Code::ModelMisfit, "the model has no trunk"))?;
        Ok(Some(Arc::new(Self {
            full: Arc::new(full),
            engine,
            experiment: experiment.clone(),
            public,
            width,
            trunk: OnceLock::new(),
        })))
    }

    /// The whole model.
    #[must_use]
    pub fn full(&self) -> &ModelSpec {
        &self.full
    }

    /// The model that hospitals train: logistic regression on the trunk's features.
    ///
    /// # Errors
    /// When the trunk is too wide for it.
    pub(crate) fn head(&self) -> Result<ModelSpec, Failure> {
        let logistic = ModelConfig::Logistic(LogisticConfig {});
        ModelSpec::resolve(&logistic, &[self.width], self.full.classes)
            .map_err(|error| Failure::new(Code::ModelMisfit, error.to_string()))
    }

    /// The trunk and the first parameters of the head, trained at the first call.
    ///
    /// # Errors
    /// When the numbers run away.
    pub fn trunk(&self) -> Result<&Trunk, Failure> {
        let trained = self.trunk.get_or_init(|| self.train());
        trained.as_ref().map_err(|reason| {
            Failure::new(Code::ModelMisfit, format!("pretraining failed: {reason}"))
                .help("lower the learning rate of pretraining.training")
        })
    }

    /// The first parameters of the head.
    ///
    /// # Errors
    /// As [`Self::trunk`].
    pub fn initial(&self) -> Result<Params, Failure> {
        Ok(self.trunk()?.head())
    }

    fn train(&self) -> Result<Trunk, String> {
        let none = || "there are no public rows".to_owned();
        let config = self.experiment.pretraining.as_ref().ok_or_else(none)?;
        let rows = self.public.source().root(config.rows).ok_or_else(none)?;
        let scaling = scaling_of(&rows);
        let order = self.experiment.pretraining_order(config, scaling.clone());
        let first = self.full.initial_params(order.seed);
        let place = Address {
            round: RoundId(0),
            node: NodeId::COORDINATOR,
        };
        let mut learner = Learner::new(self.full.clone(), self.engine);
        let fitted = learner.train(&first, &rows, &order, place);
        let fitted = fitted.map_err(|error| error.to_string())?;
        let scaling = scaling.map(Arc::unwrap_or_clone);
        Trunk::of(&self.full, &fitted.params, scaling).ok_or_else(none)
    }
}

/// Means and deviations of public rows of a table; images are scaled by their scanner.
fn scaling_of(rows: &Rows) -> Option<Arc<Scaling>> {
    let table = rows.shape.len() == 1;
    table.then(|| Arc::new(Summary::of(&rows.features, rows.width()).scaling()))
}

impl Embedding for Pretrained {
    fn width(&self) -> usize {
        self.width
    }

    fn embed(&self, rows: &Rows) -> Result<Rows, DataError> {
        let failed = |reason: String| DataError::Federation(reason);
        let trunk = self
            .trunk()
            .map_err(|failure| failed(failure.to_string()))?;
        let features = trunk.features(rows);
        features.map_err(|error| failed(error.to_string()))
    }
}
