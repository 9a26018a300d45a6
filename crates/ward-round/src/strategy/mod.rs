//! The nouns of a strategy: who is asked, how updates are combined, how the model moves.
//!
//! The fourth noun, the trainer, is [`ward_core::Trainer`]. FedAvg is [`Mean`] with
//! [`ServerSgd`] at learning rate 1; FedProx changes only the trainer's loss; FedAdam only the
//! server optimizer.

mod claims;
mod layerwise;
mod mean;
mod rate;
mod regional;
mod sampler;
mod server_adaptive;
mod server_fed_dyn;
mod server_fed_exp;
mod server_fed_nova;
mod server_ifca;
mod server_lamb;
mod server_lars;
mod server_q_fed_avg;
mod server_scaffold;
mod server_sgd;

pub use claims::{Bears, Claims};
pub use mean::Mean;
pub use rate::LearningRate;
pub use regional::{Exchange, RegionOf, RegionalMean, ServerRegional};
pub use sampler::{
    All, Among, Draw, Drawn, Importance, Joining, Listed, Poisson, PowerOfChoice, RoundRobin,
    Sampler, Standing, Standings, TierQuota, Told, Uniform, Volume, Volumes,
};
pub use server_adaptive::{Adaptive, ServerAdaptive};
pub use server_fed_dyn::ServerFedDyn;
pub use server_fed_exp::ServerFedExP;
pub use server_fed_nova::ServerFedNova;
pub use server_ifca::ServerIfca;
pub use server_lamb::ServerLamb;
pub use server_lars::ServerLars;
pub use server_q_fed_avg::ServerQFedAvg;
pub use server_scaffold::ServerScaffold;
pub use server_sgd::ServerSgd;

use layerwise::layerwise;

use std::fmt;

use serde::{Deserialize, Serialize};
use ward_core::{Abandoned, Delta, Malformed, NodeId, Params, RoundId, Seed, TrainOrder, Upload};

/// What an aggregator must be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Visibility {
    /// The sum of the updates: it can work on masked ones.
    SumOnly,
    /// Each hospital's update in the clear.
    EachUpdate,
}

/// Combines the updates of a round.
pub trait Aggregator: fmt::Debug + Send {
    /// What it must be shown.
    fn needs(&self) -> Visibility;

    /// What it promises of its results.
    fn claims(&self) -> Claims;

    /// Whether it must be told its result of the round before: then a run saves that.
    fn carries(&self) -> bool {
        false
    }

    /// Starts a round.
    fn open(&self, opening: Opening<'_>) -> Box<dyn Accumulator>;
}

/// What an aggregator is told when a round opens.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// Numbers in each upload: parameters of the model, and extras behind them.
    pub len: usize,
    /// The round's place in the tree of random choices.
    pub seed: Seed,
    /// The round.
    pub round: RoundId,
    /// The model that it starts from.
    pub params: &'a Params,
    /// How hospitals are to train.
    pub order: &'a TrainOrder,
    /// Its last result where it [`carries`](Aggregator::carries) one; empty before the first.
    pub carried: &'a [f32],
}

/// One round's aggregation under way.
pub trait Accumulator: fmt::Debug + Send {
    /// Checks one upload, as [`ward_privacy::ring::check`] does, and counts it. What reads each word to
    /// count it may do both on one way.
    ///
    /// # Errors
    /// [`Malformed`] when it is, or when the aggregator may not count it; then nothing has changed.
    fn accept(&mut self, from: NodeId, upload: &Upload) -> Result<(), Malformed>;

    /// Counts what needs no check: a sum of uploads that was opened, or noise on one.
    ///
    /// # Errors
    /// [`Malformed`] when the aggregator may not count it; then nothing has changed.
    fn count(&mut self, from: NodeId, upload: &Upload) -> Result<(), Malformed>;

    /// The aggregate of everything counted.
    ///
    /// # Errors
    /// [`Abandoned`] when what was counted does not give one.
    fn finish(&self) -> Result<Delta, Abandoned>;
}

/// Turns an aggregate into a new model.
pub trait ServerOptimizer: fmt::Debug + Send {
    /// Moves `params`, the model or all the run's models. What it must remember is in `state`.
    fn apply(&self, state: &mut OptimizerState, params: &mut Params, step: &Move<'_>);

    /// The [extras](ward_core::algorithm) that the hospitals are sent behind a model of `parameters`
    /// numbers. None, unless its algorithm has some.
    fn extras(&self, _state: &OptimizerState, _parameters: usize) -> Vec<f32> {
        Vec::new()
    }
}

/// What a server optimizer is told when a round closes.
#[derive(Debug, Clone, Copy)]
pub struct Move<'a> {
    /// The round.
    pub round: RoundId,
    /// The rounds of the run.
    pub rounds: u32,
    /// The share of all nodes that may be asked that reported, above 0 to 1.
    pub share: f64,
    /// What came of the updates: after minus before.
    pub aggregate: &'a Delta,
    /// What came of the [extras](ward_core::algorithm) behind them.
    pub extras: &'a [f32],
}

/// What a server optimizer remembers between rounds: vectors as long as the model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct OptimizerState {
    /// Momentum, variance and the like; the optimizer that wrote them knows which is which.
    pub moments: Vec<Vec<f32>>,
}

impl OptimizerState {
    /// The first `N` vectors, made on first use with every element `first`.
    pub(crate) fn moments<const N: usize>(
        &mut self,
        len: usize,
        first: [f32; N],
    ) -> &mut [Vec<f32>] {
        if self.moments.len() != N {
            self.moments = first.iter().map(|&value| vec![value; len]).collect();
        }
        &mut self.moments
    }
}

/// A strategy: three choices made together.
#[derive(Debug)]
pub struct Strategy {
    /// Who is asked.
    pub sampler: Box<dyn Sampler>,
    /// How updates are combined.
    pub aggregator: Box<dyn Aggregator>,
    /// How the model moves.
    pub server_optimizer: Box<dyn ServerOptimizer>,
}

impl Strategy {
    /// FedAvg over everybody: the plainest strategy.
    #[must_use]
    pub fn fed_avg() -> Self {
        Self {
            sampler: Box::new(All),
            aggregator: Box::new(Mean),
            server_optimizer: Box::new(ServerSgd::FED_AVG),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::{Layout, TensorSpec};

    /// The first of ten rounds, in which everybody reported.
    pub(super) fn moved(aggregate: &Delta) -> Move<'_> {
        Move {
            round: RoundId(0),
            rounds: 10,
            share: 1.0,
            aggregate,
            extras: &[],
        }
    }

    /// Update, extras and share of a round, and the parameters that must come of it.
    type Round<'a> = (&'a [f32], &'a [f32], f64, &'a [f32]);

    /// Rounds of an optimizer, by hand.
    pub(super) fn by_hand(
        optimizer: &dyn ServerOptimizer,
        first: &[f32],
        rounds: &[Round<'_>],
    ) -> OptimizerState {
        let (mut state, mut params) = (OptimizerState::default(), Params(first.to_vec()));
        for (round, (update, extras, share, expected)) in rounds.iter().enumerate() {
            let aggregate = Delta(update.to_vec());
            let step = Move {
                extras,
                share: *share,
                ..moved(&aggregate)
            };
            optimizer.apply(&mut state, &mut params, &step);
            for (got, expected) in params.0.iter().zip(*expected) {
                assert!(
                    (got - expected).abs() < 1e-5,
                    "round {round}: {got}, not {expected}"
                );
            }
        }
        state
    }

    /// A tensor of two numbers and one of one.
    pub(super) fn two_tensors() -> Layout {
        let tensor = |name: &str, count| TensorSpec {
            name: name.into(),
            shape: vec![count],
        };
        Layout {
            tensors: vec![tensor("weight", 2), tensor("bias", 1)],
        }
    }
}
