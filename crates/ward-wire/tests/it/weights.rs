//! What a word is said to cost is what it costs.

use proptest::prelude::*;
use prost::Message;
use ward_core::{Report, RoundId, Upload, WordWidth};
use ward_wire::{
    CHUNK_BYTES, Expected, Packed, Reassembler, chunks, decode, encode_report, instruction_bytes,
    proto, wire_bytes,
};

use crate::words;

fn upload(words: usize) -> Report {
    let upload = Upload {
        words: (0..words as u64).collect::<Vec<_>>().into(),
        weight: 40,
        loss: 0.5,
    };
    let round = RoundId(7);
    Report::Upload { round, upload }
}

proptest! {
    #[test]
    fn a_report_weighs_what_its_messages_do(report in words::report()) {
        let sent: usize = encode_report(&report).iter().map(bytes::Bytes::len).sum();
        prop_assert_eq!(wire_bytes(&report), sent as u64);
    }

    #[test]
    fn an_instruction_weighs_what_its_messages_do(
        instruction in words::instruction(), seq in 1_u64..,
    ) {
        let packed = Packed::<proto::Instruction>::from(&instruction);
        let task = proto::Task { seq, instruction: Some(packed.message) };
        let polled = proto::PollTaskResponse { task: Some(task) };
        let control = polled.encoded_len() as u64;
        let pulled: usize = packed.tensor.iter().flat_map(|t| chunks(t, 0)).map(|chunk| {
            proto::PullTensorsResponse { chunk: Some(chunk) }.encoded_len()
        }).sum();
        prop_assert_eq!(instruction_bytes(&instruction, true), control);
        prop_assert_eq!(instruction_bytes(&instruction, false), control + pulled as u64);
    }
}

#[test]
fn a_report_of_several_chunks_weighs_what_its_messages_do() {
    let report = upload(CHUNK_BYTES / 4 + 3);
    let messages = encode_report(&report);
    assert_eq!(messages.len(), 4);
    let sent: usize = messages.iter().map(bytes::Bytes::len).sum();
    assert_eq!(wire_bytes(&report), sent as u64);
}

#[test]
fn what_left_the_hospital_can_be_put_together_again() {
    let report = upload(CHUNK_BYTES / 8 + 1);
    let mut messages = encode_report(&report);
    let answer: proto::CompleteTaskRequest = decode(messages.pop().unwrap()).unwrap();
    let message = answer.report.unwrap();
    let manifest = message.needs().unwrap().unwrap();
    let expected = Expected::words(manifest.count, WordWidth::Wide);
    let mut reassembler = Reassembler::new(manifest, expected).unwrap();
    for chunk in messages {
        let push: proto::PushTensorsRequest = decode(chunk).unwrap();
        reassembler.accept(push.chunk.unwrap()).unwrap();
    }
    let tensor = Some(reassembler.finish().unwrap());
    assert_eq!(Report::try_from(Packed { message, tensor }), Ok(report));
}
