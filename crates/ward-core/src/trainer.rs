//! How to train, and who can: the order, the result, and the role.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Algorithm, Delta, Evaluation, Layout, NoisePlacement, Noised, Params, PatientNoise,
    Personalisation, Protection, RunId, Scaling, Seed, Summary,
};

/// How much local work a round asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LocalWork {
    /// Whole passes over the hospital's rows.
    Epochs(u32),
    /// A number of batches, whatever the number of rows.
    Steps(u32),
}

/// In which order batches are drawn from the hospital's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Batches {
    /// A new permutation each epoch, drawn from (run seed, round, node).
    #[default]
    Shuffled,
    /// One endless reshuffled stream that keeps its place between rounds.
    Stream,
    /// Independent draws with replacement.
    Replacement,
    /// Row 0 to the last, always the same.
    InOrder,
}

/// A local optimiser and its settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OptimizerSpec {
    /// Stochastic gradient descent: `u <- momentum u + g; w <- w - learning_rate u`.
    Sgd {
        /// Step size.
        learning_rate: f32,
        /// Share of the last step kept, 0 to below 1.
        momentum: f32,
    },
    /// Adam (Kingma and Ba 2015), with bias correction; its state starts anew each round.
    Adam {
        /// Step size.
        learning_rate: f32,
        /// Decay of the first moment.
        beta1: f32,
        /// Decay of the second moment.
        beta2: f32,
        /// Added to the root of the second moment.
        epsilon: f32,
    },
}

impl OptimizerSpec {
    /// Its step size.
    #[must_use]
    pub fn learning_rate(self) -> f32 {
        let (Self::Sgd { learning_rate, .. } | Self::Adam { learning_rate, .. }) = self;
        learning_rate
    }

    /// The same with another step size.
    #[must_use]
    pub fn at_rate(mut self, rate: f32) -> Self {
        let (Self::Sgd { learning_rate, .. } | Self::Adam { learning_rate, .. }) = &mut self;
        *learning_rate = rate;
        self
    }
}

/// The fixed-point ring in which updates are added: words modulo 2^64.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RingSpec {
    /// A word counts multiples of 2^-`fraction_bits`.
    pub fraction_bits: u32,
    /// The largest magnitude one coordinate of an update may have.
    pub range: f32,
    /// The largest weight one update may have.
    pub most_weight: u64,
}

/// How much one hospital's update counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Weighting {
    /// By its training rows, up to [`RingSpec::most_weight`].
    #[default]
    Examples,
    /// Every hospital counts 1.
    Uniform,
}

/// How a node is to train in one round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainOrder {
    /// How much work.
    pub work: LocalWork,
    /// Rows per step; 0 means all rows in one step.
    pub batch_size: u32,
    /// In which order.
    pub batches: Batches,
    /// The local optimiser.
    pub optimizer: OptimizerSpec,
    /// FedProx's mu: pull towards the round's first parameters; 0 is off.
    pub proximal_mu: f32,
    /// L2 penalty `l2 / 2 |w|^2` on all tensors that are not biases.
    pub l2: f32,
    /// L2 norm to which each row's own gradient is clipped before the mean of a batch is taken;
    /// 0 is off. It bounds what one row can do to a step; it adds no noise.
    pub example_clip_norm: f32,
    /// L2 norm to which a step's whole gradient, penalties and algorithm included, is shortened where
    /// it is longer, just before the optimiser (Pascanu, Mikolov and Bengio 2013, arXiv:1211.5063,
    /// Algorithm 1); 0 is off.
    pub gradient_clip_norm: f32,
    /// What it does for privacy beside keeping rows where they are.
    pub protection: Protection,
    /// What the hospital does beside plain training.
    pub algorithm: Algorithm,
    /// How it comes to a model of its own.
    pub personalisation: Personalisation,
    /// Federated z-scores to apply to the rows first; `None` when the plan does not scale globally.
    pub scaling: Option<Arc<Scaling>>,
    /// How much the update is to count.
    pub weighting: Weighting,
    /// The ring that the update is to be sealed into.
    pub ring: RingSpec,
    /// The run's seed. The node adds its own address.
    pub seed: Seed,
    /// Which run it is: what the node keeps its state under.
    pub run: RunId,
}

impl TrainOrder {
    /// Plain training: batches shuffled anew each epoch, no penalty, clipping, algorithm,
    /// personalisation or scaling, and updates that count by their rows.
    #[must_use]
    pub fn new(
        work: LocalWork,
        batch_size: u32,
        optimizer: OptimizerSpec,
        ring: RingSpec,
        seed: Seed,
    ) -> Self {
        Self {
            work,
            batch_size,
            batches: Batches::Shuffled,
            optimizer,
            proximal_mu: 0.0,
            l2: 0.0,
            example_clip_norm: 0.0,
            gradient_clip_norm: 0.0,
            protection: Protection::None,
            algorithm: Algorithm::Plain,
            personalisation: Personalisation::None,
            scaling: None,
            weighting: Weighting::Examples,
            ring,
            seed,
            run: RunId::UNNAMED,
        }
    }

    /// How often a row is read in a round's training, over all of `rows` rows; training for the
    /// hospital's own model counts.
    #[must_use]
    pub fn visits(&self, rows: u64) -> u64 {
        let common = self.visits_of(self.work, rows);
        common.saturating_add(match &self.personalisation {
            Personalisation::Ditto { .. } | Personalisation::Apfl { .. } => common,
            Personalisation::Private {
                head_first: Some(work),
                ..
            } => self.visits_of(*work, rows),
            Personalisation::Private { .. }
            | Personalisation::FineTuning { .. }
            | Personalisation::None => 0,
        })
    }

    /// The same of what is trained before scoring.
    #[must_use]
    pub fn visits_before_scoring(&self, rows: u64) -> u64 {
        match self.personalisation {
            Personalisation::FineTuning { work, .. } => self.visits_of(work, rows),
            _ => 0,
        }
    }

    /// Models that are scored: the common one, and the hospital's own.
    #[must_use]
    pub fn models_scored(&self) -> u64 {
        1 + u64::from(self.personalisation != Personalisation::None)
    }

    /// How many rows are scored, over all of `rows` training rows, to choose one of the run's
    /// models: before training, and before scoring.
    #[must_use]
    pub fn scored_to_choose(&self, rows: u64) -> u64 {
        match self.algorithm.models() as u64 {
            1 => 0,
            models => rows.saturating_mul(models),
        }
    }

    fn visits_of(&self, work: LocalWork, rows: u64) -> u64 {
        match work {
            LocalWork::Epochs(epochs) => rows.saturating_mul(epochs.into()),
            LocalWork::Steps(steps) => self.batch_rows(rows).saturating_mul(steps.into()),
        }
    }

    /// Rows of a full batch, of `rows` rows; where their number is drawn, the expected one, rounded.
    #[must_use]
    pub fn batch_rows(&self, rows: u64) -> u64 {
        if let Protection::Patient(noise) = &self.protection
            && let Some(rate) = noise.draws.rate()
        {
            return ((rate * rows as f64).round() as u64).clamp(1, rows.max(1));
        }
        match u64::from(self.batch_size) {
            0 => rows,
            size => size.min(rows),
        }
    }

    /// Why the noise that the order asks for would not cover what leaves the hospital; `None` where it
    /// does, or none is asked for.
    #[must_use]
    pub fn uncovered(&self) -> Option<&'static str> {
        let in_range = |rate: Option<f64>| rate.is_none_or(|rate| rate > 0.0 && rate <= 1.0);
        match &self.protection {
            Protection::None => None,
            _ if self.scaling.is_some() => {
                Some("means and deviations of training rows were told for federated scaling")
            }
            Protection::Patient(noise) => match () {
                () if self.example_clip_norm <= 0.0 => Some("no row's gradient is clipped"),
                () if !(noise.noise_multiplier > 0.0 && noise.noise_multiplier.is_finite()) => {
                    Some("the noise multiplier is not above 0")
                }
                () if !in_range(noise.draws.rate()) => Some("the rate of draws is not a share"),
                () if !self.algorithm.reads_steps_alone() => {
                    Some("the algorithm reads the loss of training rows besides")
                }
                () if matches!(self.personalisation, Personalisation::Private { .. }) => Some(
                    "tensors that stay in the hospital are trained without noise, and steer the rest",
                ),
                () if self.weighting == Weighting::Examples && !noise.sizes_are_public => {
                    Some("the update's weight tells how many rows there are")
                }
                () => None,
            },
            Protection::Hospital(noise) => match () {
                () if noise.clip_norm <= 0.0 => Some("the update is not clipped"),
                () if !(noise.noise_multiplier > 0.0 && noise.noise_multiplier.is_finite()) => {
                    Some("the noise multiplier is not above 0")
                }
                () if noise.bit_deviation.is_some_and(|bits| {
                    !(bits.is_finite() && 2.0 * bits > noise.noise_multiplier)
                }) =>
                {
                    Some(
                        "noise on the bits of half the noise multiplier leaves none for the updates",
                    )
                }
                () if noise.bands > 1 && noise.placement != NoisePlacement::Coordinator => Some(
                    "noise that cancels between rounds is one party's, and each party has its own",
                ),
                () if noise.bands > 1 && noise.bit_deviation.is_some() => Some(
                    "noise that cancels between rounds is for one clip norm, and the norm is to move",
                ),
                () if noise.bands == 0 => Some("noise over no rounds is none"),
                () if self.weighting != Weighting::Uniform => {
                    Some("an update that counts more than 1 needs more noise than it would get")
                }
                () if self.algorithm.extras_returned(1) > 0 => {
                    Some("what the algorithm sends behind the update is not clipped")
                }
                () => None,
            },
        }
    }

    /// Numbers that an upload carries where a model has `parameters`: the update of the models, what the
    /// algorithm has behind it, and the bits of the protection.
    #[must_use]
    pub fn upload_len(&self, parameters: usize) -> usize {
        let update = self.algorithm.upload_len(parameters);
        update.saturating_add(self.protection.bits())
    }

    /// The noise that local training is to add with `rows` rows; `None` where it is to add none.
    #[must_use]
    pub fn noised(&self, rows: u64) -> Option<Noised> {
        match self.protection {
            Protection::Patient(noise) => Some(Noised {
                noise,
                steps: self.steps(rows),
                batch: self.batch_rows(rows),
            }),
            Protection::None | Protection::Hospital(_) => None,
        }
    }

    /// How many steps a round's work comes to with `rows` rows; 0 without rows. Where each step draws
    /// its rows anew, so many are a pass as read all rows once on average.
    #[must_use]
    pub fn steps(&self, rows: u64) -> u64 {
        match self.work {
            _ if rows == 0 => 0,
            LocalWork::Epochs(epochs) => u64::from(epochs).saturating_mul(self.pass(rows)),
            LocalWork::Steps(steps) => u64::from(steps),
        }
    }

    /// Steps of a pass over `rows` rows, 1 or more.
    fn pass(&self, rows: u64) -> u64 {
        match &self.protection {
            Protection::Patient(PatientNoise { draws, .. }) if draws.rate().is_some() => {
                (1.0 / draws.rate().unwrap_or(1.0)).ceil() as u64
            }
            _ => rows.div_ceil(self.batch_rows(rows).max(1)),
        }
    }
}

/// The result of local training. It stays in the hospital: it neither serialises nor prints.
#[derive(Clone, PartialEq)]
pub struct LocalUpdate {
    /// After minus before, of each of the run's models.
    pub delta: Delta,
    /// What the order's [`Algorithm`] has the upload carry behind it.
    pub extras: Vec<f32>,
    /// Rows trained on: how much the update counts.
    pub examples: u64,
    /// The noise that training added, where the order asked for it.
    pub noised: Option<Noised>,
    /// Mean training loss over the local work.
    pub loss: f64,
}

impl fmt::Debug for LocalUpdate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalUpdate({} values, redacted)", self.delta.0.len())
    }
}

/// Why local training could not give a result.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrainError {
    /// The rows are not to be had.
    #[error("the hospital's rows could not be opened: {0}")]
    Rows(String),
    /// Shape, labels or numbers of the rows are not what the model reads.
    #[error("the rows do not fit the model: {0}")]
    Misfit(String),
    /// There is nothing to train on.
    #[error("the hospital has no training rows")]
    NoRows,
    /// The numbers ran away.
    #[error("training diverged: the parameters are no longer finite; lower the learning rate")]
    Diverged,
    /// The model asked for is not the one that this hospital has.
    #[error("the model has {got} parameters, this hospital's has {expected}")]
    WrongLength {
        /// What arrived.
        got: usize,
        /// What fits.
        expected: usize,
    },
    /// The order asks for what does not go together.
    #[error("the order cannot be carried out: {0}")]
    Order(String),
    /// What the hospital remembers of earlier rounds is not to be had.
    #[error("the hospital's state could not be used: {0}")]
    State(String),
    /// Rows and scaling do not fit each other.
    #[error("the scaling has {got} features, the rows have {expected}")]
    WrongWidth {
        /// What arrived.
        got: usize,
        /// What fits.
        expected: usize,
    },
}

/// One hospital's rows and model, ready to work. Implemented by `ward-train`; the engine never
/// hears of tensors.
pub trait Trainer: Send {
    /// The layout of the model it trains.
    fn layout(&self) -> &Layout;

    /// Turns to the rows of `round`, which may be others than those of the round before. It is called
    /// before all work of a round.
    ///
    /// # Errors
    /// [`TrainError::Rows`] when they are not to be had.
    fn turn_to(&mut self, _round: crate::RoundId) -> Result<(), TrainError> {
        Ok(())
    }

    /// How many training rows it has.
    fn examples(&self) -> u64;

    /// Sums over the training rows, for federated scaling.
    fn summarise(&self) -> Summary;

    /// Trains from `params` as `order` says: the run's [models](Algorithm::models), and behind them the
    /// [extras](Algorithm::extras_sent) of the order's algorithm. Every random choice is drawn at
    /// `order.seed` + `address`, so the result depends on nothing else.
    ///
    /// # Errors
    /// [`TrainError`] says why there is no update.
    fn train(
        &mut self,
        params: &Params,
        order: &TrainOrder,
        address: Address,
    ) -> Result<LocalUpdate, TrainError>;

    /// Scores `params`, of several models the one that the hospital would train, on the hospital's
    /// clean test rows, prepared as `order` says, and the
    /// hospital's own model under [personal names](crate::metric::name::PERSONAL) where the order has
    /// it; `address` names the round that made `params`.
    ///
    /// # Errors
    /// [`TrainError`] says why there is no score.
    fn evaluate(
        &mut self,
        params: &Params,
        order: &TrainOrder,
        address: Address,
    ) -> Result<Evaluation, TrainError>;
}

/// Where a piece of local training stands in the tree of random choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// Which round it is.
    pub round: crate::RoundId,
    /// Whose rows they are.
    pub node: crate::NodeId,
}
