//! A node's work, the same for every driver: the trainer trains, and what comes of it is sealed on
//! the thread that made it. Whoever carries work out never sees an update.

use ward_core::{Address, Instruction, NodeId, RoundId, TrainError, Trainer};
use ward_privacy::seal;

use crate::node::{NodeEffect, NodeInput};

impl NodeEffect {
    /// The work that an instruction leads to; `None` for a goodbye, and for what a session does itself.
    #[must_use]
    pub fn asked_by(instruction: Instruction) -> Option<Self> {
        match instruction {
            Instruction::Summarise { round } => Some(Self::Summarise { round }),
            Instruction::Train {
                round,
                params,
                order,
                ..
            } => Some(Self::Train {
                round,
                params,
                order,
            }),
            Instruction::Evaluate {
                round,
                params,
                order,
            } => Some(Self::Evaluate {
                round,
                params,
                order,
            }),
            Instruction::Masking { .. } | Instruction::Rest => None,
        }
    }

    /// Kind and round of the work, as in the instruction that asked for it; `None` where there is
    /// nothing to work at.
    #[must_use]
    pub fn work(&self) -> Option<(&'static str, RoundId)> {
        match self {
            Self::Summarise { round } => Some(("summarise", *round)),
            Self::Train { round, .. } => Some(("train", *round)),
            Self::Evaluate { round, .. } => Some(("evaluate", *round)),
            Self::Send(_) | Self::Done => None,
        }
    }

    /// Does the work; `None` where there is none.
    pub fn carry_out(&self, node: NodeId, trainer: &mut dyn Trainer) -> Option<NodeInput> {
        match self {
            Self::Summarise { round } => Some(NodeInput::Summarised {
                round: *round,
                summary: trainer.summarise(),
            }),
            Self::Train {
                round,
                params,
                order,
            } => {
                let place = Address {
                    round: *round,
                    node,
                };
                let update = trainer.train(params, order, place);
                let sealed = update
                    .map_err(|error| error.to_string())
                    .and_then(|update| {
                        seal(update, order.weighting, &order.ring)
                            .map_err(|error| error.to_string())
                    });
                Some(NodeInput::Trained {
                    round: *round,
                    result: sealed,
                })
            }
            Self::Evaluate {
                round,
                params,
                order,
            } => {
                let place = Address {
                    round: *round,
                    node,
                };
                Some(NodeInput::Evaluated {
                    round: *round,
                    result: trainer
                        .evaluate(params, order, place)
                        .map_err(|error| error.to_string()),
                })
            }
            Self::Send(_) | Self::Done => None,
        }
    }

    /// What comes of the work when the hospital's rows are not to be had; `None` where there is no
    /// work.
    #[must_use]
    pub fn without_rows(&self, reason: String) -> Option<NodeInput> {
        let reason = TrainError::Rows(reason).to_string();
        match self {
            Self::Summarise { round } | Self::Train { round, .. } => Some(NodeInput::Trained {
                round: *round,
                result: Err(reason),
            }),
            Self::Evaluate { round, .. } => Some(NodeInput::Evaluated {
                round: *round,
                result: Err(reason),
            }),
            Self::Send(_) | Self::Done => None,
        }
    }
}
