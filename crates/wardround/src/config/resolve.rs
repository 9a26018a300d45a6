//! From the config's words to the engine's: orders, plan, strategy.

use std::sync::Arc;

use ward_core::{
    Algorithm, Layout, LocalWork, NodeInfo, OptimizerSpec, Personalisation, Protection, RingSpec,
    RunId, Scaling, Seed, TrainOrder, Weighting, WordWidth,
};
use ward_data::{Federation, ScalingMode};
use ward_privacy::NoiseSource;
use ward_round::{Plan, Strategy};
use ward_train::{Engine, EngineError, ModelSpec};

use super::types::{
    Experiment, OptimizerConfig, PretrainingConfig, ScheduleConfig, SecureAggregationConfig,
    Training,
};

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

    /// The local optimiser, before the schedule.
    pub(crate) fn optimizer_spec(&self) -> OptimizerSpec {
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
        self.data.shape().is_some_and(|shape| shape.len() > 1)
    }

    /// Whether single updates are hidden in their sum.
    #[must_use]
    pub fn hides_updates(&self) -> bool {
        self.secure_aggregation.is_some()
    }

    /// The sums that a masked round has, one for each group; `None` where updates travel in the clear.
    #[must_use]
    pub fn sums(&self) -> Option<usize> {
        let config = self.secure_aggregation.as_ref()?;
        Some(config.groups as usize)
    }

    /// What a strategy that sees each update sees in a round: so many reports, or groups' means.
    #[must_use]
    pub fn points(&self, roster: &[NodeInfo]) -> usize {
        match self.sums() {
            Some(groups @ 2..) => groups,
            _ => self.target(roster),
        }
    }

    /// How wide the words are that updates are added in.
    #[must_use]
    pub fn width(&self) -> WordWidth {
        let config = self.secure_aggregation.as_ref();
        config.map_or(WordWidth::Wide, SecureAggregationConfig::width)
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
                ward_privacy::ring::fits(&ring, total, self.width()).then_some(ring)
            }
            None => {
                let range = self.ring.range;
                let ring = ward_privacy::ring::finest(range, most_weight, total, self.width())?;
                let finest = self.finest_noise(roster).unwrap_or(f64::INFINITY);
                Some(RingSpec {
                    fraction_bits: f64::from(ring.fraction_bits).min(finest.max(0.0)) as u32,
                    ..ring
                })
            }
        }
    }

    /// The order of a round that trains `model`.
    #[must_use]
    pub fn order(&self, model: &ModelSpec, ring: RingSpec, roster: &[NodeInfo]) -> TrainOrder {
        let mut order = self.plain_order(&self.training, ring);
        self.strategy.shape(&mut order);
        self.protect(&mut order, roster);
        if let Some(config) = &self.personalisation {
            order.personalisation = config.personalisation(&order, model.layout());
        }
        order
    }

    /// As `training` says, without what strategy and personalisation change.
    fn plain_order(&self, training: &Training, ring: RingSpec) -> TrainOrder {
        TrainOrder {
            work: training.work(),
            batch_size: training.batch_size,
            batches: training.batches,
            optimizer: training.optimizer_spec(),
            proximal_mu: 0.0,
            l2: training.l2,
            example_clip_norm: training.example_clip_norm,
            gradient_clip_norm: training.gradient_clip_norm,
            protection: Protection::None,
            algorithm: Algorithm::Plain,
            personalisation: Personalisation::None,
            scaling: None,
            weighting: self.round.weight,
            ring,
            seed: self.root(),
            run: RunId::UNNAMED,
        }
    }

    /// The order of the baselines: what `[baselines.training]` says, or the federation's own work
    /// as often as there are rounds, at one learning rate. The strategy changes nothing: there is no
    /// round to be pulled back to.
    #[must_use]
    pub fn baseline_order(&self, ring: RingSpec) -> TrainOrder {
        if let Some(training) = &self.baselines.training {
            return self.plain_order(training, ring);
        }
        let order = self.plain_order(&self.training, ring);
        let work = match order.work {
            LocalWork::Epochs(epochs) => LocalWork::Epochs(epochs.saturating_mul(self.rounds)),
            LocalWork::Steps(steps) => LocalWork::Steps(steps.saturating_mul(self.rounds)),
        };
        TrainOrder { work, ..order }
    }

    /// The order of training on public rows, before there is a federation.
    #[must_use]
    pub(crate) fn pretraining_order(
        &self,
        config: &PretrainingConfig,
        scaling: Option<Arc<Scaling>>,
    ) -> TrainOrder {
        // Nothing is sealed.
        let ring = RingSpec {
            fraction_bits: 0,
            range: 1.0,
            most_weight: 1,
        };
        TrainOrder {
            seed: self.root().child("pretraining", 0),
            scaling,
            ..self.plain_order(&config.training, ring)
        }
    }

    /// The engine's plan, without the keys of masked rounds. The caller has checked the config against
    /// the data.
    #[must_use]
    pub fn plan(&self, federation: &Federation, model: &ModelSpec, ring: RingSpec) -> Plan {
        let milliseconds = |seconds: f64| ((seconds * 1_000.0).round() as u64).max(1);
        Plan {
            rounds: self.rounds,
            roster: federation.roster().to_vec(),
            seed: self.root(),
            order: self.order(model, ring, federation.roster()),
            schedule: ScheduleConfig::schedule(self.training.schedule),
            federated_scaling: self.preprocessing.scaling == ScalingMode::Federated,
            features: federation.source().shape().iter().product(),
            parameters: model.parameters(),
            region_of: self.region_of(federation.roster()),
            quorum: self.round.quorum,
            deadline_ms: milliseconds(self.round.deadline_s),
            join_deadline_ms: milliseconds(self.round.join_deadline_s),
            over_selection: self.round.over_selection,
            most_abandoned: self.round.most_abandoned,
            rests_with_first: self.rests_with_first(),
            evaluate_every: self.round.evaluate_every,
            checkpoint_every: self.round.checkpoint_every,
            clipping: self.adaptive_clip(),
            privacy: None,
            noise: NoiseSource::System,
            masking: None,
        }
    }

    /// The engine's strategy for a model of this layout.
    #[must_use]
    pub fn strategy(&self, federation: &Federation, layout: &Layout) -> Strategy {
        if let Some((mean, server)) = self.two_levels(federation.roster()) {
            return Strategy {
                sampler: self.engine_sampler(federation),
                aggregator: Box::new(mean),
                server_optimizer: Box::new(server),
            };
        }
        Strategy {
            sampler: self.engine_sampler(federation),
            aggregator: self.strategy.aggregator(self.points(federation.roster())),
            server_optimizer: self.strategy.server_optimizer(layout),
        }
    }
}
