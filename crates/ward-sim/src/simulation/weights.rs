//! What instructions weigh on the wire. A round says the same to a whole cohort, so the last answer
//! is kept.

use std::sync::Arc;

use ward_core::{Digest, Instruction};

/// The last instruction and what is known of it.
#[derive(Debug, Default)]
pub(super) struct Weights(Option<Weighed>);

#[derive(Debug)]
struct Weighed {
    /// Kept alive, so that no later one can be taken for it.
    instruction: Instruction,
    /// Of its parameters.
    digest: Option<Digest>,
    /// Bytes, to a node that has the parameters and to one that has not.
    bytes: [u64; 2],
}

impl Weights {
    /// The digest of `instruction`'s parameters, if it has any, and its bytes to a node that holds
    /// those of the digest `holds`.
    pub(super) fn of(
        &mut self,
        instruction: &Instruction,
        holds: Option<Digest>,
    ) -> (Option<Digest>, u64) {
        let weighed = match self.0.take() {
            Some(weighed) if same(&weighed.instruction, instruction) => weighed,
            _ => Weighed::new(instruction),
        };
        let weighed = self.0.insert(weighed);
        let lacks = weighed.digest.is_some() && holds != weighed.digest;
        (weighed.digest, weighed.bytes[usize::from(lacks)])
    }
}

impl Weighed {
    fn new(instruction: &Instruction) -> Self {
        let params = match instruction {
            Instruction::Train { params, .. } | Instruction::Evaluate { params, .. } => {
                Some(params)
            }
            Instruction::Summarise { .. } | Instruction::Masking { .. } | Instruction::Rest => None,
        };
        let bytes = |has_params| ward_wire::instruction_bytes(instruction, has_params);
        Self {
            instruction: instruction.clone(),
            digest: params.map(|params| params.digest()),
            bytes: [bytes(true), bytes(false)],
        }
    }
}

/// Whether two instructions say the same, told without looking at their numbers.
fn same(a: &Instruction, b: &Instruction) -> bool {
    use Instruction::{Evaluate, Rest, Summarise, Train};
    match (a, b) {
        (Summarise { round }, Summarise { round: other }) => round == other,
        (
            Train {
                round,
                params,
                order,
                ..
            },
            Train {
                round: other,
                params: others,
                order: another,
                ..
            },
        )
        | (
            Evaluate {
                round,
                params,
                order,
            },
            Evaluate {
                round: other,
                params: others,
                order: another,
            },
        ) => round == other && Arc::ptr_eq(params, others) && Arc::ptr_eq(order, another),
        (Rest, Rest) => true,
        _ => false,
    }
}
