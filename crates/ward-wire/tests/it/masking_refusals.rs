//! Every field of a masked round's messages that can be wrong is refused by name.

use bytes::Bytes;
use ward_core::{Instruction, Malformed, MaskingOrder, Params, Report};
use ward_wire::proto::masking_answer::Answer;
use ward_wire::proto::masking_step::Step;
use ward_wire::{Dtype, Packed, Tensor, Unreadable, proto};

fn of_length(length: usize) -> Bytes {
    vec![7; length].into()
}

fn read_step(step: Option<Step>) -> Result<Instruction, Unreadable> {
    let step = proto::MaskingStep { round: 2, step };
    let message = proto::Instruction {
        instruction: Some(proto::instruction::Instruction::Masking(step)),
    };
    let tensor = None;
    Instruction::try_from(Packed { message, tensor })
}

fn read_answer(answer: Option<Answer>, tensor: Option<Tensor>) -> Result<Report, Unreadable> {
    let answer = proto::MaskingAnswer { round: 2, answer };
    let message = proto::Report {
        report: Some(proto::report::Report::Masking(answer)),
    };
    Report::try_from(Packed { message, tensor })
}

fn offer() -> proto::KeyOffer {
    proto::KeyOffer {
        node: 1,
        channel: of_length(32),
        mask: of_length(32),
        draw: of_length(32),
        signature: of_length(64),
    }
}

fn opening() -> proto::DrawOpening {
    proto::DrawOpening {
        node: 1,
        draw: of_length(32),
    }
}

fn envelope() -> proto::Envelope {
    proto::Envelope {
        node: 1,
        sealed: of_length(82),
        mask_key: of_length(32),
        self_seed: of_length(32),
    }
}

fn share_offer() -> proto::ShareOffer {
    proto::ShareOffer {
        self_seed: of_length(32),
        own_mask_key: of_length(32),
        own_self_seed: of_length(32),
        envelopes: vec![envelope()],
        signature: of_length(64),
    }
}

fn upload(words: &Tensor) -> proto::MaskedUpload {
    proto::MaskedUpload {
        words: Some(words.manifest().into()),
        digest: of_length(32),
        sharers: of_length(32),
        signature: of_length(64),
    }
}

fn consent() -> proto::Consent {
    proto::Consent {
        node: 1,
        signature: of_length(64),
    }
}

fn share() -> proto::RevealedShare {
    proto::RevealedShare {
        of: 1,
        kind: proto::ShareKind::SelfSeed.into(),
        share: of_length(32),
    }
}

fn revelation(share: proto::RevealedShare) -> Answer {
    let shares = vec![share];
    Answer::Revelation(proto::Revelation { shares })
}

/// Puts bytes into one field of a message.
type Put<M> = fn(&mut M, Bytes);

/// Each field is read at its length, and refused by its name when it is absent, a byte shorter or a
/// byte longer.
fn hold_to_lengths<M, T: std::fmt::Debug + PartialEq>(
    right: impl Fn() -> M,
    read: impl Fn(M) -> Result<T, Unreadable>,
    fields: &[(&'static str, usize, Put<M>)],
) {
    for &(field, expected, put) in fields {
        let with = |length| {
            let mut message = right();
            put(&mut message, of_length(length));
            read(message)
        };
        assert!(with(expected).is_ok(), "{field}");
        for got in [0, expected - 1, expected + 1] {
            let refused = Unreadable::Length {
                field,
                got,
                expected,
            };
            assert_eq!(with(got), Err(refused));
        }
    }
}

#[test]
fn keys_have_their_lengths() {
    let fields: [(_, _, Put<proto::KeyOffer>); 4] = [
        ("keys.channel", 32, |m, b| m.channel = b),
        ("keys.mask", 32, |m, b| m.mask = b),
        ("keys.draw", 32, |m, b| m.draw = b),
        ("keys.signature", 64, |m, b| m.signature = b),
    ];
    hold_to_lengths(offer, |m| read_answer(Some(Answer::Keys(m)), None), &fields);
    let open = |m| {
        let offers = vec![offer(), m];
        read_step(Some(Step::Open(proto::Open { offers })))
    };
    hold_to_lengths(offer, open, &fields);
    let share = |m| {
        let (offers, openings) = (vec![offer(), m], vec![opening()]);
        read_step(Some(Step::Share(proto::Share { offers, openings })))
    };
    hold_to_lengths(offer, share, &fields);
}

#[test]
fn openings_have_their_length() {
    let fields: [(_, _, Put<proto::DrawOpening>); 1] = [("opening.draw", 32, |m, b| m.draw = b)];
    let answer = |m| read_answer(Some(Answer::Opening(m)), None);
    hold_to_lengths(opening, answer, &fields);
    let share = |m| {
        let (offers, openings) = (vec![offer()], vec![opening(), m]);
        read_step(Some(Step::Share(proto::Share { offers, openings })))
    };
    hold_to_lengths(opening, share, &fields);
}

#[test]
fn shares_for_neighbours_have_their_lengths() {
    let fields: [(_, _, Put<proto::Envelope>); 3] = [
        ("envelope.sealed", 82, |m, b| m.sealed = b),
        ("envelope.mask_key", 32, |m, b| m.mask_key = b),
        ("envelope.self_seed", 32, |m, b| m.self_seed = b),
    ];
    let mask = |m| {
        let (envelopes, sharers) = (vec![envelope(), m], vec![1]);
        read_step(Some(Step::Mask(proto::Mask { envelopes, sharers })))
    };
    hold_to_lengths(envelope, mask, &fields);
    let answer = |m| read_answer(Some(Answer::Shares(m)), None);
    let enclosed = |m| {
        answer(proto::ShareOffer {
            envelopes: vec![envelope(), m],
            ..share_offer()
        })
    };
    hold_to_lengths(envelope, enclosed, &fields);
    let fields: [(_, _, Put<proto::ShareOffer>); 4] = [
        ("shares.self_seed", 32, |m, b| m.self_seed = b),
        ("shares.own_mask_key", 32, |m, b| m.own_mask_key = b),
        ("shares.own_self_seed", 32, |m, b| m.own_self_seed = b),
        ("shares.signature", 64, |m, b| m.signature = b),
    ];
    hold_to_lengths(share_offer, answer, &fields);
}

#[test]
fn masked_uploads_have_their_lengths() {
    let words = Tensor::of_words(&[1, 2]);
    let fields: [(_, _, Put<proto::MaskedUpload>); 3] = [
        ("upload.digest", 32, |m, b| m.digest = b),
        ("upload.sharers", 32, |m, b| m.sharers = b),
        ("upload.signature", 64, |m, b| m.signature = b),
    ];
    let answer = |m| read_answer(Some(Answer::Upload(m)), Some(words.clone()));
    hold_to_lengths(|| upload(&words), answer, &fields);
}

#[test]
fn consents_and_revealed_shares_have_their_lengths() {
    let fields: [(_, _, Put<proto::Consent>); 1] =
        [("consent.signature", 64, |m, b| m.signature = b)];
    let answer = |m| read_answer(Some(Answer::Consent(m)), None);
    hold_to_lengths(consent, answer, &fields);
    let reveal = |m| {
        let consents = vec![consent(), m];
        read_step(Some(Step::Reveal(proto::Reveal { consents })))
    };
    hold_to_lengths(consent, reveal, &fields);
    let fields: [(_, _, Put<proto::RevealedShare>); 1] = [("share.share", 32, |m, b| m.share = b)];
    hold_to_lengths(share, |m| read_answer(Some(revelation(m)), None), &fields);
}

#[test]
fn suites_and_kinds_of_shares_are_known_ones() {
    for got in [0, 3, -1] {
        let field = "masking.suite";
        let order = proto::MaskingOrder {
            suite: got,
            narrow: false,
            attempt: 0,
            cohort: vec![1, 2, 3],
            min_survivors: 2,
        };
        let refused = Unreadable::Unknown { field, got };
        assert_eq!(MaskingOrder::try_from(order), Err(refused));
        let field = "share.kind";
        let kind = got;
        let refused = Unreadable::Unknown { field, got };
        let unknown = revelation(proto::RevealedShare { kind, ..share() });
        assert_eq!(read_answer(Some(unknown), None), Err(refused));
    }
}

#[test]
fn steps_answers_and_words_are_there() {
    assert_eq!(read_step(None), Err(Unreadable::Missing("masking.step")));
    let refused = read_answer(None, None).unwrap_err();
    assert_eq!(refused, Unreadable::Missing("masking.answer"));
    assert!(matches!(Malformed::from(refused), Malformed::Unreadable(_)));
    let words = Tensor::of_words(&[1, 2]);
    let wordless = proto::MaskedUpload {
        words: None,
        ..upload(&words)
    };
    assert_eq!(
        read_answer(Some(Answer::Upload(wordless)), Some(words)),
        Err(Unreadable::Missing("upload.words"))
    );
}

#[test]
fn masked_words_are_the_ones_named_and_words() {
    let words = Tensor::of_words(&[1, 2]);
    let answer = || Some(Answer::Upload(upload(&words)));
    let missing = Unreadable::TensorMissing(words.manifest().hash);
    assert_eq!(read_answer(answer(), None), Err(missing.clone()));
    let other = Tensor::of_words(&[1, 3]);
    assert_eq!(read_answer(answer(), Some(other)), Err(missing));
    let params = Tensor::of_params(&Params(vec![1.0]));
    let named = Some(Answer::Upload(upload(&params)));
    let (got, expected) = (Dtype::F32, Dtype::U64);
    assert_eq!(
        read_answer(named, Some(params)),
        Err(Unreadable::Dtype { got, expected })
    );
}
