//! Spells the shared words in protobuf, and weighs what they cost on the wire.
//!
//! Start with [`Packed`]: a control message beside the tensor it names. `From` packs a word of
//! `ward-core`; `TryFrom` unpacks it, and everything optional on the wire is required after it.
//! [`Tensor`], [`chunk`] and [`Reassembler`] carry the numbers; [`size`] counts the bytes.
//!
//! **Invariants.** Only this crate and `ward-net` know that protobuf exists. Whatever bytes arrive,
//! a decoder answers with a value or an [`Unreadable`]: it neither panics nor allocates more than
//! a fixed multiple of what arrived, or what was expected beforehand. A tensor is read only where the
//! message names it.
//!
//! ```
//! use ward_core::{Report, RoundId, Upload};
//! use ward_wire::{Packed, proto};
//!
//! let upload = Upload { words: vec![7, u64::MAX].into(), weight: 3, loss: 0.5 };
//! let report = Report::Upload { round: RoundId(4), upload };
//! let packed = Packed::<proto::Report>::from(&report);
//! assert_eq!(Report::try_from(packed), Ok(report));
//! ```

mod algorithm;
pub mod chunk;
mod instruction;
mod masking;
mod order;
mod personalisation;
mod protection;
mod report;
pub mod size;
mod tensor;
mod unreadable;

/// The generated messages and service stubs. Their documentation is in `proto/wardround/v1`.
#[allow(
    missing_docs,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated; documented field by field in proto/wardround/v1"
)]
pub mod proto {
    tonic::include_proto!("wardround.v1");
}

pub use prost::Message;

pub use chunk::{ChunkRefusal, Expected, Reassembler, chunks};
pub use instruction::instruction_message;
pub use report::{LONGEST_REASON, readable};
pub use size::{encode_report, instruction_bytes, wire_bytes};
pub use tensor::{Dtype, Manifest, Tensor};
pub use unreadable::{Unreadable, decode};

/// The version of the protocol that this crate spells, exchanged when a node joins.
pub const PROTOCOL_VERSION: u32 = 1;
/// The most bytes of a tensor that one message carries: 1 MiB.
pub const CHUNK_BYTES: usize = 1 << 20;
/// The most bytes of one control message: 4 MiB.
pub const CONTROL_LIMIT: usize = 4 << 20;
/// The most bytes of one message of the tensor service: 8 MiB.
pub const TENSOR_LIMIT: usize = 8 << 20;

/// A control message and the tensor it names, where it names one.
#[derive(Debug, Clone, PartialEq)]
pub struct Packed<M> {
    /// What goes over the control service.
    pub message: M,
    /// What goes over the tensor service before it.
    pub tensor: Option<Tensor>,
}

impl<M> Packed<M> {
    /// The tensor that `manifest` names, taken out; an error when another one, or none, is here.
    fn claim(tensor: Option<Tensor>, manifest: &Manifest) -> Result<Tensor, Unreadable> {
        tensor
            .filter(|t| t.manifest() == manifest)
            .ok_or(Unreadable::TensorMissing(manifest.hash))
    }

    /// Refuses a tensor beside a message that names none.
    fn unnamed(named: Option<Manifest>, tensor: Option<&Tensor>) -> Result<(), Unreadable> {
        match (named, tensor) {
            (None, Some(tensor)) => Err(Unreadable::TensorUnnamed(tensor.manifest().hash)),
            _ => Ok(()),
        }
    }
}
