//! What is packed, encoded, decoded and unpacked is what it was.

use bytes::Bytes;
use proptest::prelude::*;
use prost::Message;
use ward_core::{Instruction, Report, RoundId};
use ward_wire::{LONGEST_REASON, Packed, Tensor, Unreadable, decode, proto};

use crate::words;

/// Over the wire and back; the tensor goes beside the message.
fn reencode<M: Message + Default>(packed: Packed<M>) -> Packed<M> {
    Packed {
        message: decode(Bytes::from(packed.message.encode_to_vec())).unwrap(),
        tensor: packed.tensor,
    }
}

proptest! {
    #[test]
    fn a_report_survives_the_wire(report in words::report()) {
        let packed = reencode(Packed::<proto::Report>::from(&report));
        let named = packed.message.needs().unwrap();
        prop_assert_eq!(named.as_ref(), packed.tensor.as_ref().map(Tensor::manifest));
        prop_assert_eq!(Report::try_from(packed), Ok(report));
    }

    #[test]
    fn an_instruction_survives_the_wire(instruction in words::instruction()) {
        let packed = reencode(Packed::<proto::Instruction>::from(&instruction));
        let named = packed.message.needs().unwrap();
        prop_assert_eq!(named.as_ref(), packed.tensor.as_ref().map(Tensor::manifest));
        prop_assert_eq!(packed.message.round(), instruction.round());
        prop_assert_eq!(Instruction::try_from(packed), Ok(instruction));
    }

    #[test]
    fn a_tensor_that_nothing_names_is_refused(
        report in words::report(), instruction in words::instruction(),
    ) {
        let stray = Tensor::of_words(&[1]);
        let refused = Unreadable::TensorUnnamed(stray.manifest().hash);
        let mut packed = Packed::<proto::Report>::from(&report);
        if packed.tensor.is_none() {
            packed.tensor = Some(stray.clone());
            prop_assert_eq!(Report::try_from(packed), Err(refused.clone()));
        }
        let mut packed = Packed::<proto::Instruction>::from(&instruction);
        if packed.tensor.is_none() {
            packed.tensor = Some(stray);
            prop_assert_eq!(Instruction::try_from(packed), Err(refused));
        }
    }
}

#[test]
fn a_long_reason_is_cut_at_a_character_and_cannot_move_a_cursor() {
    let reason = format!("{}\u{1b}[2J", "ü".repeat(LONGEST_REASON));
    let round = RoundId(1);
    let long = Report::Declined {
        round,
        reason,
        for_good: false,
    };
    let Ok(Report::Declined { reason, .. }) =
        Report::try_from(Packed::<proto::Report>::from(&long))
    else {
        panic!("a declined report came back as something else");
    };
    assert_eq!(reason, "ü".repeat(LONGEST_REASON / 2));
    let reason = "red \u{1b}[31m".to_owned();
    let red = Report::Declined {
        round,
        reason,
        for_good: false,
    };
    let reason = "red \u{fffd}[31m".to_owned();
    let plain = Report::Declined {
        round,
        reason,
        for_good: false,
    };
    assert_eq!(
        Report::try_from(Packed::<proto::Report>::from(&red)),
        Ok(plain)
    );
}
