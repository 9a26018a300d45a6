//! What a word costs on the wire: the exact bytes of its protobuf messages, tensor chunks included.
//!
//! Not counted: the five bytes gRPC puts before each message, and HTTP/2 and TCP framing.

use bytes::Bytes;
use prost::Message;
use ward_core::secagg::MaskedWords;
use ward_core::{Digest, Instruction, Report};

use crate::report::{AnyWords, report_message};
use crate::tensor::{Dtype, Manifest};
use crate::{CHUNK_BYTES, Packed, chunks, instruction_message, proto};

/// Bytes of an idempotency key.
pub const KEY_BYTES: usize = 16;

/// Stands in for a tensor's bytes where only their number matters.
static NOTHING: [u8; CHUNK_BYTES] = [0; CHUNK_BYTES];

/// All bytes that leave a hospital with `report`: the control message and every tensor chunk.
#[must_use]
pub fn wire_bytes(report: &Report) -> u64 {
    let mut tensor = 0;
    let message = report_message(report, |words| {
        let (dtype, count) = match words {
            AnyWords::Clear(words) => (Dtype::U64, words.len()),
            AnyWords::Masked(MaskedWords::Wide(words)) => (Dtype::U64, words.len()),
            AnyWords::Masked(MaskedWords::Narrow(words)) => (Dtype::U32, words.len()),
        };
        let manifest = unhashed(dtype, count);
        tensor = tensor_bytes(&manifest);
        manifest
    });
    tensor + answer(message).encoded_len() as u64
}

/// All bytes that go to a hospital with `instruction`; its tensor only where the node does not
/// hold it already.
#[must_use]
pub fn instruction_bytes(instruction: &Instruction, tensor_held: bool) -> u64 {
    let mut tensor = 0;
    let message = instruction_message(instruction, |params| {
        let manifest = unhashed(Dtype::F32, params.0.len());
        tensor = tensor_bytes(&manifest);
        manifest
    });
    let control = task(message).encoded_len() as u64;
    if tensor_held {
        control
    } else {
        control + tensor
    }
}

/// The bytes of a tensor's chunks, from the first to the last.
#[must_use]
pub fn tensor_bytes(manifest: &Manifest) -> u64 {
    let total = manifest.total();
    (0..total)
        .step_by(CHUNK_BYTES)
        .map(|offset| {
            let length = (total - offset).min(CHUNK_BYTES as u64) as usize;
            let chunk = proto::TensorChunk {
                manifest: Some(manifest.into()),
                offset,
                data: Bytes::from_static(&NOTHING[..length]),
            };
            push(chunk).encoded_len() as u64
        })
        .sum()
}

/// Every message that leaves a hospital with `report`, in order and encoded: tensor chunks first,
/// the control message last. The idempotency key, which is the driver's, is zeros here.
#[must_use]
pub fn encode_report(report: &Report) -> Vec<Bytes> {
    let packed = Packed::<proto::Report>::from(report);
    let tensor = packed.tensor.iter().flat_map(|t| chunks(t, 0));
    let mut messages: Vec<Bytes> = tensor.map(|c| push(c).encode_to_vec().into()).collect();
    messages.push(answer(packed.message).encode_to_vec().into());
    messages
}

/// A chunk as a message of a push; a message of a pull has the same bytes.
fn push(chunk: proto::TensorChunk) -> proto::PushTensorsRequest {
    proto::PushTensorsRequest { chunk: Some(chunk) }
}

/// An instruction as a message of the task stream; a polled one has the same bytes.
fn task(instruction: proto::Instruction) -> proto::SubscribeResponse {
    let task = proto::Task {
        seq: 1,
        instruction: Some(instruction),
    };
    proto::SubscribeResponse {
        message: Some(proto::subscribe_response::Message::Task(task)),
    }
}

fn answer(report: proto::Report) -> proto::CompleteTaskRequest {
    proto::CompleteTaskRequest {
        idempotency_key: Bytes::from_static(&NOTHING[..KEY_BYTES]),
        report: Some(report),
    }
}

/// A manifest as long as the real one.
fn unhashed(dtype: Dtype, count: usize) -> Manifest {
    Manifest {
        dtype,
        count: count as u64,
        hash: Digest([0; 32]),
    }
}
