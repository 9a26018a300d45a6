//! A node's work, the same for every driver: the trainer trains, and what comes of it is sealed on
//! the thread that made it. Whoever carries work out never sees an update.

use ward_core::{Address, Instruction, NodeId, RoundId, TrainError, Trainer};
use ward_privacy::{Guard, Withheld};

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
                masking,
            } => Some(Self::Train {
                round,
                params,
                order,
                masked: masking.map(|masking| masking.min_survivors),
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

    /// Does the work as far as `guard` lets it; `None` where there is none.
    pub fn carry_out(
        &self,
        node: NodeId,
        trainer: &mut dyn Trainer,
        guard: &mut Guard,
    ) -> Option<NodeInput> {
        let place = |round: &RoundId| Address {
            round: *round,
            node,
        };
        Some(match self {
            Self::Summarise { round } => {
                let allowed = guard.before_telling().map_err(Declining::from);
                match allowed.and_then(|()| Ok(trainer.turn_to(*round)?)) {
                    Ok(()) => NodeInput::Summarised {
                        round: *round,
                        summary: trainer.summarise(),
                    },
                    Err(declining) => NodeInput::Trained {
                        round: *round,
                        result: Err(declining),
                    },
                }
            }
            Self::Train {
                round,
                params,
                order,
                masked,
            } => NodeInput::Trained {
                round: *round,
                result: trainer
                    .turn_to(*round)
                    .map_err(Declining::from)
                    .and_then(|()| {
                        let (place, rows) = (place(round), trainer.examples());
                        let reservation = guard.before_training(order, *masked, rows, place)?;
                        let update = trainer.train(params, order, place)?;
                        Ok(guard.release(reservation, update, order, place)?)
                    }),
            },
            Self::Evaluate {
                round,
                params,
                order,
            } => NodeInput::Evaluated {
                round: *round,
                result: guard
                    .before_scoring(order, *round)
                    .map_err(Declining::from)
                    .and_then(|scoring| {
                        trainer.turn_to(*round)?;
                        let evaluation = trainer.evaluate(params, order, place(round))?;
                        Ok(guard.scores(scoring, evaluation, order, place(round))?)
                    })
                    .map_err(|declining| Declining {
                        for_good: false, // it may still train
                        ..declining
                    }),
            },
            Self::Send(_) | Self::Done => return None,
        })
    }

    /// What comes of the work when the hospital's rows are not to be had; `None` where there is no
    /// work.
    #[must_use]
    pub fn without_rows(&self, reason: String) -> Option<NodeInput> {
        let reason = Declining::from(TrainError::Rows(reason));
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

/// Why a node does not do what it is asked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declining {
    /// For a person to read.
    pub reason: String,
    /// Whether it will train in no later round of the run either: then it need not be asked again.
    pub for_good: bool,
}

impl From<TrainError> for Declining {
    fn from(error: TrainError) -> Self {
        Self {
            reason: error.to_string(),
            for_good: false,
        }
    }
}

impl From<Withheld> for Declining {
    fn from(withheld: Withheld) -> Self {
        Self {
            reason: withheld.to_string(),
            for_good: withheld.is_final(),
        }
    }
}
