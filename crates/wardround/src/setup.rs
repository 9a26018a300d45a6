//! An experiment made ready: data, model, ring, plan, first parameters.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};
use ward_core::{Layout, NodeId, Params, Purpose, RingSpec, RoundId, RunId, TrainOrder};
use ward_data::{DataError, Federation, HospitalData, Rows};
use ward_observe::RunView;
use ward_privacy::secagg::Roster;
use ward_privacy::{Charge, Guard, Ledger, NoiseSource, Policy, RowScanner};
use ward_robust::Trusting;
use ward_round::{Coordinator, RunState};
use ward_sim::adversary::RowsMut;
use ward_sim::{Ward, Wards};
use ward_train::{Engine, HospitalTrainer, Learners, ModelSpec};

use crate::codes::Code;
use crate::config::{Experiment, Loaded, Opened};
use crate::failure::Failure;
use crate::node_states::NodeStateFiles;
use crate::pretraining::Pretrained;
use crate::privacy_terms;

/// Everything that is known before the first round, made from the config alone: so a simulation,
/// a coordinator and a hospital make the same.
#[derive(Debug)]
pub struct Setup {
    /// The config.
    pub experiment: Experiment,
    /// The folder of the config: what relative paths in it are relative to.
    pub folder: PathBuf,
    /// Hospitals and rows.
    pub federation: Federation,
    /// The model.
    pub model: Arc<ModelSpec>,
    /// The model whose last layer that is, where it was trained before the federation begins.
    pub pretrained: Option<Arc<Pretrained>>,
    /// The model's first parameters.
    initial: Params,
    /// The ring in which updates are added.
    pub ring: RingSpec,
    /// The engine that trains the model.
    pub engine: Engine,
    /// The engine that trains the baselines.
    pub baseline_engine: Engine,
    /// What trains and scores the model.
    pub learners: Learners,
    /// Where hospitals' states are kept, once there is a place for them.
    pub states: Option<Arc<NodeStateFiles>>,
    /// Policies and privacy ledgers of simulated hospitals, for as long as the process runs.
    guards: Mutex<BTreeMap<NodeId, Arc<Mutex<Guard>>>>,
    /// Everybody's keys in masked rounds and which start of the coordinator this is, once they are known.
    pub keys: Option<(Arc<Roster>, u32)>,
}

impl Setup {
    /// Opens the data and checks the experiment against them.
    ///
    /// # Errors
    /// As [`Loaded::open`].
    pub fn open(loaded: &Loaded<Experiment>) -> Result<Self, Failure> {
        Self::of(loaded, loaded.open()?)
    }

    /// As [`Self::open`], without hospitals' rows: what a coordinator may know.
    ///
    /// # Errors
    /// As [`Loaded::enrol`].
    pub fn enrol(loaded: &Loaded<Experiment>) -> Result<Self, Failure> {
        Self::of(loaded, loaded.enrol()?)
    }

    fn of(loaded: &Loaded<Experiment>, opened: Opened) -> Result<Self, Failure> {
        let model = Arc::new(opened.model);
        let experiment = loaded.value.clone();
        let initial = match &opened.pretrained {
            Some(pretrained) => pretrained.initial()?,
            None => model.initial_params(experiment.root()),
        };
        Ok(Self {
            initial,
            pretrained: opened.pretrained,
            folder: loaded.folder().to_owned(),
            federation: opened.federation,
            ring: opened.ring,
            learners: Learners::new(model.clone(), opened.engine),
            engine: opened.engine,
            baseline_engine: opened.baseline_engine,
            model,
            experiment,
            states: None,
            guards: Mutex::default(),
            keys: None,
        })
    }

    /// Lets hospitals keep their states in `folder`.
    #[must_use]
    pub fn keeping_states(mut self, folder: &Path) -> Self {
        let files = NodeStateFiles::new(folder, "hospitals", self.model.parameters());
        self.states = Some(Arc::new(files));
        self
    }

    /// Has everybody's keys. `attempt` is higher at each start of a deployed coordinator.
    #[must_use]
    pub fn with_keys(mut self, roster: Arc<Roster>, attempt: u32) -> Self {
        self.keys = Some((roster, attempt));
        self
    }

    /// The model before round 0; where the run has several, its first.
    #[must_use]
    pub fn initial_params(&self) -> Params {
        self.initial.clone()
    }

    /// All the run's models before round 0, one after the other. Those after the first are drawn at
    /// places of their own.
    #[must_use]
    pub fn initial_models(&self) -> Params {
        let mut models = self.initial_params();
        let place = self.experiment.root().purpose(Purpose::CLUSTERS);
        if let Some(border) = &self.experiment.border {
            // Regions start from the same model.
            let regions = border.regions.len();
            return Params(models.0.repeat(regions));
        }
        for index in 1..self.models() as u64 {
            let model = self.model.initial_params(place.child("model", index));
            models.0.extend(model.0);
        }
        models
    }

    /// How a round trains.
    pub(crate) fn order(&self) -> TrainOrder {
        let roster = self.federation.roster();
        self.experiment.order(&self.model, self.ring, roster)
    }

    /// How many models the run has.
    #[must_use]
    pub fn models(&self) -> usize {
        if let Some(border) = &self.experiment.border {
            return border.regions.len();
        }
        self.order().algorithm.models()
    }

    /// The layout of all the run's models, one after the other.
    #[must_use]
    pub fn layout(&self) -> Layout {
        let layout = self.model.layout();
        match &self.experiment.border {
            Some(border) => layout.of_named(border.regions.keys()),
            None => layout.of_models(self.models()),
        }
    }

    /// The engine of `run`, whose own noise is drawn from `noise`, starting with `state`, or at round 0 where there is none.
    ///
    /// # Errors
    /// Where the coordinator is to hold rows, and they are not to be had; where updates are to be
    /// hidden, and nobody's keys are known.
    pub fn coordinator(
        &self,
        run: RunId,
        state: Option<RunState>,
        noise: NoiseSource,
    ) -> Result<Coordinator, Failure> {
        let Self {
            experiment,
            federation,
            model,
            ring,
            ..
        } = self;
        let state = state.unwrap_or_else(|| RunState::new(self.initial_models()));
        let mut strategy = experiment.strategy(federation, model.layout());
        let points = experiment.points(federation.roster());
        let robust = experiment.strategy.robust(points);
        if let (Some(robust), Some(root)) = (robust, experiment.strategy.root()) {
            let rows = federation.root(&experiment.data, &self.folder, root.rows, root.file)?;
            let root = Arc::new(Mutex::new(self.trainer(rows)));
            strategy.aggregator = Box::new(Trusting { robust, root });
        }
        let mut plan = experiment.plan(federation, model, *ring);
        (plan.order.run, plan.noise) = (run, noise);
        plan.privacy = privacy_terms::terms(
            experiment.privacy.as_ref(),
            &plan.order,
            plan.rounds,
            federation,
            noise == NoiseSource::Simulated,
        );
        if let Some(config) = &experiment.secure_aggregation {
            let keys = self.keys.clone().ok_or_else(|| {
                Failure::new(Code::BadRoster, "there is no roster to hide updates with")
            })?;
            plan.masking = Some(config.masking(keys));
        }
        Ok(Coordinator::new(plan, strategy, state))
    }

    /// The guard of a simulated hospital: the same at each call.
    fn guard(&self, node: NodeId) -> Arc<Mutex<Guard>> {
        let Some(privacy) = &self.experiment.privacy else {
            return Arc::new(Mutex::new(Guard::open()));
        };
        let new = || {
            let ledger = Ledger::within(privacy.budget()).simulated();
            let guard = Guard::new(Policy::default(), ledger);
            Arc::new(Mutex::new(guard.noised_from(NoiseSource::Simulated)))
        };
        let mut guards = self.guards.lock().unwrap_or_else(PoisonError::into_inner);
        guards.entry(node).or_insert_with(new).clone()
    }

    /// Enters in simulated hospitals' privacy ledgers what they spent on the rounds before `state`, when
    /// another process played these.
    pub fn recall_spending(&self, run: RunId, view: &RunView, state: &RunState) {
        if self.experiment.privacy.is_none() {
            return;
        }
        let order = self.order();
        let before = view
            .rounds
            .iter()
            .filter(|played| played.round < state.round());
        for (round, node) in before.flat_map(|r| r.cohort.iter().map(|node| (r.round, *node))) {
            let (rows, _) = self.federation.rows_in(node, round);
            if let Ok(charge) = Charge::of(&order, rows) {
                let guard = self.guard(node);
                let mut guard = guard.lock().unwrap_or_else(PoisonError::into_inner);
                guard.recall(run, round, charge);
            }
        }
    }

    /// The trainer of rows that were opened already, in a simulation or at the coordinator.
    #[must_use]
    pub fn trainer(&self, data: HospitalData) -> HospitalTrainer {
        let trainer = HospitalTrainer::new(data, self.learners.clone());
        let trainer = trainer.noised_from(NoiseSource::Simulated);
        match &self.states {
            Some(states) => trainer.remembering(states.clone()),
            None => trainer,
        }
    }

    /// One hospital's rows in the first round.
    ///
    /// # Errors
    /// [`DataError`].
    pub fn hospital(&self, node: NodeId) -> Result<HospitalData, DataError> {
        self.federation.hospital(node)
    }

    /// The run's last round, by whose rows results are told.
    #[must_use]
    pub fn last_round(&self) -> RoundId {
        RoundId(self.experiment.rounds.saturating_sub(1))
    }

    /// Threads for training: as many as the config says, or one a core. The caller's is one of them,
    /// so that it does not only wait; a thread can be part of one pool.
    ///
    /// # Errors
    /// When the system gives none, or the caller's thread is part of a pool already.
    pub fn pool(&self) -> Result<ThreadPool, Failure> {
        let threads = self.experiment.simulation.threads;
        ThreadPoolBuilder::new()
            .num_threads(threads)
            .use_current_thread()
            .build()
            .map_err(|error| {
                Failure::new(Code::Internal, format!("cannot start {threads} threads"))
                    .help("choose fewer with --threads")
                    .caused_by(error)
            })
    }
}

impl Wards for Setup {
    fn rows(&self, node: NodeId) -> (u64, u64) {
        self.federation.rows(node)
    }

    fn open(&self, node: NodeId) -> Result<Ward, String> {
        self.open_poisoned(node, &|_| {})
    }

    fn open_poisoned(&self, node: NodeId, poison: &dyn Fn(RowsMut<'_>)) -> Result<Ward, String> {
        let mut data = self.hospital(node).map_err(|error| error.to_string())?;
        let scanner = match self.experiment.simulation.audit_egress {
            true => {
                let rounds = self.experiment.rounds;
                let ever = self.federation.ever(node, rounds, &data.train);
                let rows = ever.map_err(|error| error.to_string())?;
                Some(Arc::new(RowScanner::new(&rows.features, rows.width())))
            }
            false => None,
        };
        let Rows {
            shape,
            features,
            labels,
        } = &mut data.train;
        poison(RowsMut {
            features,
            labels,
            shape,
            classes: self.federation.source().classes(),
        });
        Ok(Ward {
            trainer: Box::new(self.trainer(data).following(self.federation.clone())),
            guard: self.guard(node),
            scanner,
        })
    }
}
