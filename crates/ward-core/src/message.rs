//! What a coordinator says to a node, what a node answers, and why an answer is refused.
//!
//! *Who* sent a report is not in it: the driver knows that from the connection, so a node cannot
//! speak for another.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Evaluation, MaskingAnswer, MaskingOrder, MaskingStep, Params, RoundId, Summary, TrainOrder,
    Words,
};

/// Coordinator to node.
#[derive(Debug, Clone, PartialEq)]
pub enum Instruction {
    /// Send the sums of your training rows, for federated scaling.
    Summarise {
        /// The round the sums are for: the first one.
        round: RoundId,
    },
    /// Train from these parameters.
    Train {
        /// The open round.
        round: RoundId,
        /// The [models](crate::algorithm) of the run, and behind them the order's extras.
        params: Arc<Params>,
        /// How.
        order: Arc<TrainOrder>,
        /// How the update is to be hidden in the sum; `None` where it is sent as it is.
        masking: Option<Arc<MaskingOrder>>,
    },
    /// Take the next step towards a sum of masked updates.
    Masking {
        /// The open round.
        round: RoundId,
        /// Which step.
        step: MaskingStep,
    },
    /// Score these parameters on your clean test rows.
    Evaluate {
        /// The round that made them.
        round: RoundId,
        /// The [models](crate::algorithm) of the run, without extras.
        params: Arc<Params>,
        /// How it was trained.
        order: Arc<TrainOrder>,
    },
    /// The run is over: nothing more will be asked.
    Rest,
}

/// Node to coordinator.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// Sums of training rows, in answer to [`Instruction::Summarise`].
    Summary {
        /// The round asked about.
        round: RoundId,
        /// The sums.
        summary: Summary,
    },
    /// The sealed result of local training.
    Upload {
        /// The round it belongs to.
        round: RoundId,
        /// An update in the ring.
        upload: Upload,
    },
    /// What a step towards a sum of masked updates asks for.
    Masking {
        /// The round it belongs to.
        round: RoundId,
        /// The answer.
        answer: MaskingAnswer,
    },
    /// Scores on the hospital's clean test rows.
    Evaluation {
        /// The round asked about.
        round: RoundId,
        /// The scores.
        evaluation: Evaluation,
    },
    /// The node will not or cannot do what was asked.
    Declined {
        /// The round asked about.
        round: RoundId,
        /// Why, for a person to read.
        reason: String,
        /// Whether the node will train in no later round of the run either.
        for_good: bool,
    },
}

/// A sealed update: ring words modulo 2^64, made by `ward_privacy::seal` and nothing else.
///
/// Word `i` is `weight * round(delta[i] * 2^f)`. Sums of words are exact, so the order of arrival
/// cannot matter.
#[derive(Debug, Clone, PartialEq)]
pub struct Upload {
    /// One word for each parameter of each model, and for each of the order's [extras](crate::algorithm).
    pub words: Words,
    /// How much the update counts; the same weight is already multiplied into the words.
    pub weight: u64,
    /// Mean training loss, told to the observers and to samplers that learn.
    pub loss: f64,
}

impl Instruction {
    /// The word for it in ledgers and logs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Summarise { .. } => "summarise",
            Self::Train { .. } => "train",
            Self::Masking { step, .. } => step.kind(),
            Self::Evaluate { .. } => "evaluate",
            Self::Rest => "rest",
        }
    }

    /// The round it belongs to.
    #[must_use]
    pub fn round(&self) -> Option<RoundId> {
        match self {
            Self::Summarise { round }
            | Self::Train { round, .. }
            | Self::Masking { round, .. }
            | Self::Evaluate { round, .. } => Some(*round),
            Self::Rest => None,
        }
    }
}

impl Report {
    /// The word for it in ledgers and logs.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Summary { .. } => "summary",
            Self::Upload { .. } => "upload",
            Self::Masking { answer, .. } => answer.kind(),
            Self::Evaluation { .. } => "evaluation",
            Self::Declined { .. } => "declined",
        }
    }

    /// Whether it carries an update, masked or not.
    #[must_use]
    pub fn has_words(&self) -> bool {
        matches!(
            self,
            Self::Upload { .. }
                | Self::Masking {
                    answer: MaskingAnswer::Upload(_),
                    ..
                }
        )
    }

    /// The round it belongs to.
    #[must_use]
    pub fn round(&self) -> RoundId {
        match self {
            Self::Summary { round, .. }
            | Self::Upload { round, .. }
            | Self::Masking { round, .. }
            | Self::Evaluation { round, .. }
            | Self::Declined { round, .. } => *round,
        }
    }
}

/// Why one report is refused. The round goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// The node was not asked this round.
    #[error("the node is not in this round's cohort")]
    NotInCohort,
    /// The report names another round than the open one.
    #[error("the report is for {got}, the open round is {expected}")]
    WrongRound {
        /// The round in the report.
        got: RoundId,
        /// The open round.
        expected: RoundId,
    },
    /// The node has already been counted.
    #[error("the node has already reported this round")]
    Duplicate,
    /// The round had closed.
    #[error("the report came after its round had closed")]
    TooLate,
    /// Nothing of that kind was asked.
    #[error("a report of kind `{0}` was not asked for in this phase")]
    Unexpected(String),
    /// In a masked round, something that no honest node sends: the node is out of the round.
    #[error("dishonest: {0}")]
    Dishonest(String),
    /// The report itself is wrong.
    #[error("malformed: {0}")]
    Malformed(#[from] Malformed),
}

/// What is wrong with a report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Malformed {
    /// Not as many numbers as the layout has.
    #[error("{got} numbers, the layout has {expected}")]
    WrongLength {
        /// What arrived.
        got: u64,
        /// What fits.
        expected: u64,
    },
    /// A ring word larger than the plan's range allows.
    #[error("number {index} is outside the range that the plan allows")]
    OutOfRange {
        /// Which one.
        index: u64,
    },
    /// A NaN or an infinity.
    #[error("a number is not finite")]
    NotFinite,
    /// No weight, or more than the plan allows.
    #[error("weight {got} is outside 1 to {most}")]
    Weight {
        /// What arrived.
        got: u64,
        /// The plan's limit.
        most: u64,
    },
    /// An update larger than the strategy allows.
    #[error("the update's norm is {norm}, more than the {bound} that the plan allows")]
    OverBound {
        /// Its Euclidean norm.
        norm: f64,
        /// The plan's limit.
        bound: f64,
    },
    /// The message could not be read at all.
    #[error("unreadable: {0}")]
    Unreadable(String),
}
