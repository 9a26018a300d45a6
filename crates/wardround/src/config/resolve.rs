//! From the config's words to the engine's: orders, plan, strategy.

use ward_core::{
    Correction, LocalWork, OptimizerSpec, RingSpec, RunId, Seed, TrainOrder, Weighting,
};
use ward_data::{DataConfig, Federation, ScalingMode};
use ward_round::strategy::{Adaptive, Mean, ServerAdaptive, ServerFedDyn, ServerSgd};
use ward_round::{Aggregator, Plan, ServerOptimizer, Strategy, Visibility};
use ward_train::{Engine, EngineError, ModelSpec};

use super::types::{Experiment, OptimizerConfig, StrategyConfig, Training};

impl Training {
    /// The engine that trains `model`.
    ///
    /// # Errors
    /// [`EngineError`] when the one asked for cannot.
    pub fn engine(&self, model: &ModelSpec) -> Result<Engine, EngineError> {
        self.engine.resolve(self.device, model)
    }

    /// The work asked for; a checked config has one of the two.
    #[must_use]
    pub fn work(&self) -> LocalWork {
        match (self.epochs, self.steps) {
            (Some(epochs), _) => LocalWork::Epochs(epochs),
            (None, steps) => LocalWork::Steps(steps.unwrap_or(1)),
        }
    }

    fn optimizer_spec(&self) -> OptimizerSpec {
        match self.optimizer {
            OptimizerConfig::Sgd(c) => OptimizerSpec::Sgd {
                learning_rate: c.learning_rate,
                momentum: c.momentum,
            },
            OptimizerConfig::Adam(c) => OptimizerSpec::Adam {
                learning_rate: c.learning_rate,
                beta1: c.beta1,
                beta2: c.beta2,
                epsilon: c.epsilon,
            },
        }
    }
}

impl Experiment {
    /// How the baselines train: as they are told, or as the federation does.
    #[must_use]
    pub fn baseline_training(&self) -> &Training {
        self.baselines.training.as_ref().unwrap_or(&self.training)
    }

    /// Whether rows are images, told without opening them.
    #[must_use]
    pub fn is_images(&self) -> bool {
        matches!(self.data, DataConfig::LungNodule(_))
    }

    /// Whether single updates are hidden in their sum. They are sealed, but no mask is added yet:
    /// the coordinator could read each of them.
    #[must_use]
    pub fn hides_updates(&self) -> bool {
        false
    }

    /// The root of the run's random choices.
    #[must_use]
    pub fn root(&self) -> Seed {
        Seed::run(self.seed)
    }

    /// The ring, with the resolution chosen where the config leaves it open; `None` when no
    /// resolution leaves room for the sum.
    #[must_use]
    pub fn resolved_ring(&self, federation: &Federation) -> Option<RingSpec> {
        let roster = federation.roster();
        let sizes = roster.iter().map(|info| federation.rows(info.node).0);
        // How many rows a hospital's files hold is not the coordinator's to know.
        let largest = match federation.source().synthetic() {
            true => sizes.max().unwrap_or(1).max(1),
            false => u64::MAX,
        };
        let most_weight = match self.round.weight {
            Weighting::Examples => self.round.most_weight.min(largest),
            Weighting::Uniform => 1,
        };
        let total = most_weight.saturating_mul(self.largest_cohort(roster) as u64);
        match self.ring.fraction_bits {
            Some(fraction_bits) => {
                let ring = RingSpec {
                    fraction_bits,
                    range: self.ring.range,
                    most_weight,
                };
                ward_privacy::ring::fits(&ring, total).then_some(ring)
            }
            None => ward_privacy::ring::finest(self.ring.range, most_weight, total),
        }
    }

    /// The order of a round, or of the baselines.
    #[must_use]
    pub fn order(&self, training: &Training, ring: RingSpec) -> TrainOrder {
        let proximal_mu = match &self.strategy {
            StrategyConfig::Fedprox(prox) => prox.mu,
            _ => 0.0,
        };
        let correction = match &self.strategy {
            StrategyConfig::Feddyn(feddyn) => Correction::FedDyn {
                alpha: feddyn.alpha,
            },
            _ => Correction::None,
        };
        TrainOrder {
            work: training.work(),
            batch_size: training.batch_size,
            batches: training.batches,
            optimizer: training.optimizer_spec(),
            proximal_mu,
            l2: training.l2,
            example_clip_norm: training.example_clip_norm,
            correction,
            scaling: None,
            weighting: self.round.weight,
            ring,
            seed: self.root(),
            run: RunId::UNNAMED,
        }
    }

    /// The order of the baselines: what `[baselines.training]` says, or the federation's own work
    /// as often as there are rounds.
    #[must_use]
    pub fn baseline_order(&self, ring: RingSpec) -> TrainOrder {
        let order = match &self.baselines.training {
            Some(training) => self.order(training, ring),
            None => {
                let order = self.order(&self.training, ring);
                let work = match order.work {
                    LocalWork::Epochs(epochs) => {
                        LocalWork::Epochs(epochs.saturating_mul(self.rounds))
                    }
                    LocalWork::Steps(steps) => LocalWork::Steps(steps.saturating_mul(self.rounds)),
                };
                TrainOrder { work, ..order }
            }
        };
        // There is no round to be pulled back to.
        TrainOrder {
            proximal_mu: 0.0,
            correction: Correction::None,
            ..order
        }
    }

    /// The engine's plan. The caller has checked the config against the data.
    #[must_use]
    pub fn plan(&self, federation: &Federation, model: &ModelSpec, ring: RingSpec) -> Plan {
        let milliseconds = |seconds: f64| ((seconds * 1_000.0).round() as u64).max(1);
        Plan {
            rounds: self.rounds,
            roster: federation.roster().to_vec(),
            seed: self.root(),
            order: self.order(&self.training, ring),
            federated_scaling: self.preprocessing.scaling == ScalingMode::Federated,
            features: federation.source().shape().iter().product(),
            parameters: model.parameters(),
            quorum: self.round.quorum,
            deadline_ms: milliseconds(self.round.deadline_s),
            join_deadline_ms: milliseconds(self.round.join_deadline_s),
            over_selection: self.round.over_selection,
            most_abandoned: self.round.most_abandoned,
            evaluate_every: self.round.evaluate_every,
            checkpoint_every: self.round.checkpoint_every,
        }
    }

    /// The engine's strategy.
    #[must_use]
    pub fn strategy(&self, federation: &Federation) -> Strategy {
        Strategy {
            sampler: self.engine_sampler(federation),
            aggregator: self.strategy.aggregator(self.target(federation.roster())),
            server_optimizer: self.server_optimizer(),
        }
    }

    fn server_optimizer(&self) -> Box<dyn ServerOptimizer> {
        match &self.strategy {
            StrategyConfig::Feddyn(c) => Box::new(ServerFedDyn { alpha: c.alpha }),
            StrategyConfig::Fedavg(_)
            | StrategyConfig::Fedprox(_)
            | StrategyConfig::Robust(_)
            | StrategyConfig::Median(_)
            | StrategyConfig::TrimmedMean(_)
            | StrategyConfig::Meamed(_)
            | StrategyConfig::Krum(_)
            | StrategyConfig::MultiKrum(_)
            | StrategyConfig::Bulyan(_)
            | StrategyConfig::GeometricMedian(_)
            | StrategyConfig::CentredClipping(_)
            | StrategyConfig::Mda(_)
            | StrategyConfig::Caf(_)
            | StrategyConfig::NormBounding(_) => Box::new(ServerSgd::FED_AVG),
            StrategyConfig::Fedavgm(c) => Box::new(ServerSgd {
                learning_rate: c.learning_rate,
                momentum: c.momentum,
            }),
            StrategyConfig::Fedadam(c) => Box::new(ServerAdaptive {
                rule: Adaptive::Adam,
                learning_rate: c.learning_rate,
                beta1: c.beta1,
                beta2: c.beta2,
                adaptivity: c.adaptivity,
            }),
            StrategyConfig::Fedyogi(c) => Box::new(ServerAdaptive {
                rule: Adaptive::Yogi,
                learning_rate: c.learning_rate,
                beta1: c.beta1,
                beta2: c.beta2,
                adaptivity: c.adaptivity,
            }),
            StrategyConfig::Fedadagrad(c) => Box::new(ServerAdaptive {
                rule: Adaptive::Adagrad,
                learning_rate: c.learning_rate,
                beta1: c.beta1,
                beta2: 0.0,
                adaptivity: c.adaptivity,
            }),
        }
    }
}

impl StrategyConfig {
    /// How updates are combined, where rounds aim at `target` reports.
    fn aggregator(&self, target: usize) -> Box<dyn Aggregator> {
        match self.robust(target) {
            Some(robust) => Box::new(robust),
            None => Box::new(Mean),
        }
    }

    /// What the coordinator must see of the updates.
    #[must_use]
    pub fn visibility(&self) -> Visibility {
        self.aggregator(0).needs()
    }

    /// The word for it.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::Fedavg(_) => "fedavg",
            Self::Fedavgm(_) => "fedavgm",
            Self::Fedprox(_) => "fedprox",
            Self::Feddyn(_) => "feddyn",
            Self::Fedadam(_) => "fedadam",
            Self::Fedyogi(_) => "fedyogi",
            Self::Fedadagrad(_) => "fedadagrad",
            Self::Robust(_) => "robust",
            Self::Median(_) => "median",
            Self::TrimmedMean(_) => "trimmed-mean",
            Self::Meamed(_) => "meamed",
            Self::Krum(_) => "krum",
            Self::MultiKrum(_) => "multi-krum",
            Self::Bulyan(_) => "bulyan",
            Self::GeometricMedian(_) => "geometric-median",
            Self::CentredClipping(_) => "centred-clipping",
            Self::Mda(_) => "mda",
            Self::Caf(_) => "caf",
            Self::NormBounding(_) => "norm-bounding",
        }
    }
}
