//! The nouns of a strategy: who is asked, how updates are combined, how the model moves.
//!
//! The fourth noun, the trainer, is [`ward_core::Trainer`]. FedAvg is [`Mean`] with
//! [`ServerSgd`] at learning rate 1; FedProx changes only the trainer's loss; FedAdam only the
//! server optimizer.

mod claims;
mod layerwise;
mod mean;
mod rate;
mod sampler;
mod server_adaptive;
mod server_fed_dyn;
mod server_lamb;
mod server_lars;
mod server_sgd;

pub use claims::{Bears, Claims};
pub use mean::Mean;
pub use rate::{LearningRate, Schedule};
pub use sampler::{All, Listed, Uniform};
pub use server_adaptive::{Adaptive, ServerAdaptive};
pub use server_fed_dyn::ServerFedDyn;
pub use server_lamb::ServerLamb;
pub use server_lars::ServerLars;
pub use server_sgd::ServerSgd;

use layerwise::layerwise;

use std::fmt;

use serde::{Deserialize, Serialize};
use ward_core::{Abandoned, Delta, Malformed, NodeId, Params, RoundId, Seed, TrainOrder, Upload};

/// Chooses who is asked in a round.
pub trait Sampler: fmt::Debug + Send {
    /// How many reports a round aims at when `enrolled` nodes are enrolled.
    fn target(&self, enrolled: usize) -> usize;

    /// The cohort of `round`: at most `count` of `candidates` (sorted by id).
    fn cohort(
        &self,
        round: RoundId,
        candidates: &[NodeId],
        count: usize,
        seed: Seed,
    ) -> Vec<NodeId>;
}

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
    /// Parameters of the model: numbers of each update.
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
    /// Counts one upload that [`ward_privacy::ring::check`] has passed.
    ///
    /// # Errors
    /// [`Malformed`] when the aggregator may not count it; then nothing has changed.
    fn accept(&mut self, from: NodeId, upload: &Upload) -> Result<(), Malformed>;

    /// The aggregate of everything counted.
    ///
    /// # Errors
    /// [`Abandoned`] when what was counted does not give one.
    fn finish(&self) -> Result<Delta, Abandoned>;
}

/// Turns an aggregate into a new model.
pub trait ServerOptimizer: fmt::Debug + Send {
    /// Moves `params`. What it must remember is in `state`.
    fn apply(&self, state: &mut OptimizerState, params: &mut Params, step: &Move<'_>);
}

/// What a server optimizer is told when a round closes.
#[derive(Debug, Clone, Copy)]
pub struct Move<'a> {
    /// The round.
    pub round: RoundId,
    /// The rounds of the run.
    pub rounds: u32,
    /// The share of all enrolled nodes that reported, above 0 to 1.
    pub share: f64,
    /// What came of the updates: after minus before.
    pub aggregate: &'a Delta,
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
        }
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
