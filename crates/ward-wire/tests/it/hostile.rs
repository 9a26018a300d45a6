//! Whatever arrives, a decoder answers; it does not panic and does not run away.

use bytes::Bytes;
use proptest::prelude::*;
use prost::Message;
use ward_core::{Instruction, Params, Report, WordWidth};
use ward_wire::{Expected, Manifest, Packed, Reassembler, Tensor, Unreadable, decode, proto};

use crate::words;

/// Reads `bytes` as every message that crosses the wire.
fn read_as_everything(bytes: &Bytes) {
    let tensors = || {
        [
            None,
            Some(Tensor::of_words(&[1])),
            Some(Tensor::of_params(&Params(vec![0.5]))),
        ]
    };
    if let Ok(message) = decode::<proto::Report>(bytes.clone()) {
        let _ = message.needs();
        for tensor in tensors() {
            let message = message.clone();
            let _ = Report::try_from(Packed { message, tensor });
        }
    }
    if let Ok(message) = decode::<proto::Instruction>(bytes.clone()) {
        let _ = (message.needs(), message.round());
        for tensor in tensors() {
            let message = message.clone();
            let _ = Instruction::try_from(Packed { message, tensor });
        }
    }
    if let Ok(message) = decode::<proto::TensorManifest>(bytes.clone())
        && let Ok(manifest) = Manifest::try_from(message)
    {
        // Only what is expected is ever begun, however much is announced.
        assert_eq!(
            Reassembler::new(manifest, Expected::words(2, WordWidth::Wide)).is_ok(),
            manifest.total() == 16
                && Expected::words(2, WordWidth::Wide)
                    .admits(&manifest)
                    .is_ok()
        );
    }
    if let Ok(chunk) = decode::<proto::TensorChunk>(bytes.clone()) {
        let tensor = Tensor::of_words(&[1, 2]);
        let mut reassembler =
            Reassembler::new(*tensor.manifest(), Expected::words(2, WordWidth::Wide)).unwrap();
        let _ = reassembler.accept(chunk);
        assert!(reassembler.held() <= 16);
    }
    let _ = decode::<proto::JoinRequest>(bytes.clone());
    let _ = decode::<proto::JoinResponse>(bytes.clone());
    let _ = decode::<proto::SubscribeRequest>(bytes.clone());
    let _ = decode::<proto::SubscribeResponse>(bytes.clone());
    let _ = decode::<proto::PollTaskResponse>(bytes.clone());
    let _ = decode::<proto::ReportProgressRequest>(bytes.clone());
    let _ = decode::<proto::CompleteTaskRequest>(bytes.clone());
    let _ = decode::<proto::PushTensorsRequest>(bytes.clone());
    let _ = decode::<proto::ListNodesResponse>(bytes.clone());
}

/// Cuts, flips or repeats part of a message.
fn damage(mut bytes: Vec<u8>, kind: u8, at: usize, value: u8) -> Bytes {
    if bytes.is_empty() {
        return Bytes::new();
    }
    let at = at % bytes.len();
    match kind % 4 {
        0 => bytes.truncate(at),
        1 => bytes[at] ^= value,
        2 => bytes.insert(at, value),
        _ => bytes.extend_from_within(at..),
    }
    bytes.into()
}

/// The first bytes of `message`, not all of them.
fn cut_short(message: &impl Message, at: usize) -> Bytes {
    let mut bytes = message.encode_to_vec();
    bytes.truncate(at % bytes.len());
    bytes.into()
}

/// The most bytes in memory for one byte of a message: an empty entry of a list takes two bytes on
/// the wire, and a growing list has room for at most twice its entries.
const MOST_IN_MEMORY: usize = 150;

#[test]
fn a_list_of_empty_entries_costs_a_fixed_multiple_of_its_bytes_and_is_refused() {
    const ENTRIES: usize = 10_000;
    let list = Bytes::from([0x0a, 0].repeat(ENTRIES));
    let open: proto::Open = decode(list.clone()).unwrap();
    assert_eq!(open.offers.len(), ENTRIES);
    let held = open.offers.capacity() * size_of::<proto::KeyOffer>();
    assert!(held <= MOST_IN_MEMORY * list.len());
    let step = Some(proto::masking_step::Step::Open(open));
    let step = proto::MaskingStep { round: 0, step };
    let message = proto::Instruction {
        instruction: Some(proto::instruction::Instruction::Masking(step)),
    };
    let tensor = None;
    let (field, got, expected) = ("keys.channel", 0, 32);
    let refused = Unreadable::Length {
        field,
        got,
        expected,
    };
    assert_eq!(
        Instruction::try_from(Packed { message, tensor }),
        Err(refused)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn arbitrary_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_as_everything(&bytes.into());
    }

    #[test]
    fn damaged_reports_are_read_or_refused(
        report in words::report(), kind in any::<u8>(), at in any::<usize>(), value in any::<u8>(),
    ) {
        let message = Packed::<proto::Report>::from(&report).message;
        read_as_everything(&damage(message.encode_to_vec(), kind, at, value));
    }

    #[test]
    fn damaged_instructions_are_read_or_refused(
        instruction in words::instruction(), kind in any::<u8>(), at in any::<usize>(), value in any::<u8>(),
    ) {
        let message = Packed::<proto::Instruction>::from(&instruction).message;
        read_as_everything(&damage(message.encode_to_vec(), kind, at, value));
    }

    #[test]
    fn messages_cut_short_are_refused(
        report in words::report(), instruction in words::instruction(), at in any::<usize>(),
    ) {
        let Packed { message, tensor } = Packed::<proto::Report>::from(&report);
        let cut = cut_short(&message, at);
        let read = decode(cut).and_then(|message| Report::try_from(Packed { message, tensor }));
        prop_assert!(read.is_err());
        let Packed { message, tensor } = Packed::<proto::Instruction>::from(&instruction);
        let cut = cut_short(&message, at);
        let read = decode(cut).and_then(|message| Instruction::try_from(Packed { message, tensor }));
        prop_assert!(read.is_err());
    }

    #[test]
    fn a_manifest_of_any_numbers_never_overflows(
        dtype in any::<i32>(), count in any::<u64>(), total_bytes in any::<u64>(),
        hash in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let message = proto::TensorManifest { dtype, count, total_bytes, hash: hash.into() };
        if let Ok(manifest) = Manifest::try_from(message) {
            prop_assert_eq!(manifest.total(), total_bytes);
        }
    }
}
