//! Instructions on the wire.

use std::sync::Arc;

use ward_core::{Instruction, MaskingOrder, Params, RoundId, TrainOrder};

use crate::algorithm::read_algorithm;
use crate::masking::{read_step, step_message};
use crate::proto::{self, instruction};
use crate::tensor::{Manifest, Tensor};
use crate::unreadable::Unreadable;
use crate::{Expected, Packed};

/// The control message of `instruction`. `name` gives the manifest of its parameters, so that one
/// model sent to many nodes is hashed once.
pub fn instruction_message(
    instruction: &Instruction,
    name: impl FnOnce(&Arc<Params>) -> Manifest,
) -> proto::Instruction {
    let kind = match instruction {
        Instruction::Summarise { round } => {
            instruction::Instruction::Summarise(proto::Summarise { round: round.0 })
        }
        Instruction::Train {
            round,
            params,
            order,
            masking,
        } => instruction::Instruction::Train(proto::Train {
            round: round.0,
            params: Some((&name(params)).into()),
            order: Some(order.as_ref().into()),
            masking: masking.as_deref().map(Into::into),
        }),
        Instruction::Masking { round, step } => {
            instruction::Instruction::Masking(proto::MaskingStep {
                round: round.0,
                step: Some(step_message(step)),
            })
        }
        Instruction::Evaluate {
            round,
            params,
            order,
        } => instruction::Instruction::Evaluate(proto::Evaluate {
            round: round.0,
            params: Some((&name(params)).into()),
            order: Some(order.as_ref().into()),
        }),
        Instruction::Rest => instruction::Instruction::Rest(proto::Rest {}),
    };
    proto::Instruction {
        instruction: Some(kind),
    }
}

impl From<&Instruction> for Packed<proto::Instruction> {
    fn from(instruction: &Instruction) -> Self {
        let mut tensor = None;
        let message = instruction_message(instruction, |params| {
            *tensor.insert(Tensor::of_params(params)).manifest()
        });
        Self { message, tensor }
    }
}

impl TryFrom<Packed<proto::Instruction>> for Instruction {
    type Error = Unreadable;

    fn try_from(packed: Packed<proto::Instruction>) -> Result<Self, Unreadable> {
        let Packed { message, tensor } = packed;
        Packed::<()>::unnamed(message.needs()?, tensor.as_ref())?;
        let kind = message
            .instruction
            .ok_or(Unreadable::Missing("instruction"))?;
        let params = |manifest: Option<proto::TensorManifest>| {
            let manifest = Manifest::try_from(manifest.ok_or(Unreadable::Missing("params"))?)?;
            Packed::<()>::claim(tensor, &manifest)?
                .params()
                .map(Arc::new)
        };
        let order = |order: Option<proto::TrainOrder>| {
            let order = order.ok_or(Unreadable::Missing("order"))?;
            TrainOrder::try_from(order).map(Arc::new)
        };
        Ok(match kind {
            instruction::Instruction::Summarise(m) => Self::Summarise {
                round: RoundId(m.round),
            },
            instruction::Instruction::Train(m) => Self::Train {
                round: RoundId(m.round),
                order: order(m.order)?,
                params: params(m.params)?,
                masking: m
                    .masking
                    .map(MaskingOrder::try_from)
                    .transpose()?
                    .map(Arc::new),
            },
            instruction::Instruction::Masking(m) => Self::Masking {
                round: RoundId(m.round),
                step: read_step(m.step)?,
            },
            instruction::Instruction::Evaluate(m) => Self::Evaluate {
                round: RoundId(m.round),
                order: order(m.order)?,
                params: params(m.params)?,
            },
            instruction::Instruction::Rest(_) => Self::Rest,
        })
    }
}

impl proto::Instruction {
    /// The tensor that must be there before the instruction can be unpacked, if it names one.
    ///
    /// # Errors
    /// [`Unreadable`] when the instruction, or the manifest in it, is not whole.
    pub fn needs(&self) -> Result<Option<Manifest>, Unreadable> {
        let kind = self.instruction.as_ref();
        let manifest = match kind.ok_or(Unreadable::Missing("instruction"))? {
            instruction::Instruction::Train(m) => &m.params,
            instruction::Instruction::Evaluate(m) => &m.params,
            instruction::Instruction::Summarise(_)
            | instruction::Instruction::Masking(_)
            | instruction::Instruction::Rest(_) => return Ok(None),
        };
        let manifest = manifest.clone().ok_or(Unreadable::Missing("params"))?;
        Manifest::try_from(manifest).map(Some)
    }

    /// What that tensor must be where a model has `parameters` numbers: a run may have several, and
    /// its algorithm extras behind them.
    ///
    /// # Errors
    /// [`Unreadable`] when the order in the instruction is not whole.
    pub fn expects(&self, parameters: u64) -> Result<Expected, Unreadable> {
        let algorithm = |order: &Option<proto::TrainOrder>| {
            let order = order.as_ref().ok_or(Unreadable::Missing("order"))?;
            read_algorithm(order.algorithm)
        };
        let one = usize::try_from(parameters).unwrap_or(usize::MAX);
        let numbers = match &self.instruction {
            Some(instruction::Instruction::Train(m)) => algorithm(&m.order)?.instruction_len(one),
            Some(instruction::Instruction::Evaluate(m)) => algorithm(&m.order)?.models_len(one),
            _ => one,
        };
        Ok(Expected::params(numbers as u64))
    }

    /// The round it belongs to, as far as it can be read.
    #[must_use]
    pub fn round(&self) -> Option<RoundId> {
        match self.instruction.as_ref()? {
            instruction::Instruction::Summarise(m) => Some(RoundId(m.round)),
            instruction::Instruction::Train(m) => Some(RoundId(m.round)),
            instruction::Instruction::Masking(m) => Some(RoundId(m.round)),
            instruction::Instruction::Evaluate(m) => Some(RoundId(m.round)),
            instruction::Instruction::Rest(_) => None,
        }
    }
}
