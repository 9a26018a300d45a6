//! Golden bytes of a masked round: every step and every answer, one commented line a field. A change
//! here is a change of protocol and needs a new version number.

use std::sync::Arc;

use ward_core::secagg::{
    Commitments, Consent, DrawOpening, Envelope, KeyOffer, MaskedUpload, MaskedWords,
    RevealedShare, Revelation, SEALED_SHARES, ShareKind, ShareOffer, SharesForYou,
};
use ward_core::{
    Digest, Instruction, LocalWork, MaskSuite, MaskingAnswer, MaskingOrder, MaskingStep, NodeId,
    OptimizerSpec, Params, Report, RingSpec, RoundId, Seed, TrainOrder, WordWidth,
};

use crate::golden::{check_instruction, check_report};

const OFFER: KeyOffer = KeyOffer {
    channel: [1; 32],
    mask: [2; 32],
    draw: [3; 32],
    signature: [4; 64],
};

/// `OFFER` from the fields behind its node.
const OFFER_FIELDS: [&[u8]; 8] = [
    &[0x12, 32], // channel, 32 bytes
    &[1; 32],
    &[0x1a, 32], // mask, 32 bytes
    &[2; 32],
    &[0x22, 32], // draw, 32 bytes
    &[3; 32],
    &[0x2a, 64], // signature, 64 bytes
    &[4; 64],
];

const ENVELOPE: Envelope = Envelope {
    node: NodeId(1),
    sealed: [5; SEALED_SHARES],
    commitments: Commitments {
        mask_key: [6; 32],
        self_seed: [7; 32],
    },
};

const ENVELOPE_FIELDS: [&[u8]; 7] = [
    &[0x08, 1],  // node 1
    &[0x12, 82], // sealed, 82 bytes
    &[5; 82],
    &[0x1a, 32], // mask_key, 32 bytes
    &[6; 32],
    &[0x22, 32], // self_seed, 32 bytes
    &[7; 32],
];

fn check_step(step: MaskingStep, golden: &[&[u8]]) {
    let round = RoundId(7);
    check_instruction(&Instruction::Masking { round, step }, golden);
}

fn check_answer(answer: MaskingAnswer, golden: &[&[u8]]) {
    let round = RoundId(7);
    check_report(&Report::Masking { round, answer }, golden);
}

#[test]
fn an_instruction_to_train_under_masks_is_spelled_so() {
    let params = Params(vec![1.0]);
    let optimizer = OptimizerSpec::Sgd {
        learning_rate: 0.5,
        momentum: 0.0,
    };
    let ring = RingSpec {
        fraction_bits: 32,
        range: 2.0,
        most_weight: 9,
    };
    let seed = Seed::from_bytes([7; 32]);
    let order = TrainOrder::new(LocalWork::Steps(3), 0, optimizer, ring, seed);
    let masking = MaskingOrder {
        suite: MaskSuite::Aes256Ctr,
        width: WordWidth::Narrow,
        attempt: 1,
        cohort: vec![NodeId(0), NodeId(1), NodeId(300)],
        min_survivors: 2,
    };
    check_instruction(
        &Instruction::Train {
            round: RoundId(1),
            params: Arc::new(params.clone()),
            order: Arc::new(order),
            masking: Some(Arc::new(masking)),
        },
        &[
            &[0x12, 0x81, 0x01], // instruction.train, 129 bytes
            &[0x08, 1],          // round 1
            &[0x12, 40],         // params, 40 bytes
            &[0x08, 1],          // dtype F32
            &[0x10, 1],          // count 1
            &[0x18, 4],          // total_bytes 4
            &[0x22, 32],         // hash, 32 bytes
            &params.digest().0,
            &[0x1a, 67],            // order, 67 bytes
            &[0x10, 3],             // work.steps 3; batch_size 0 is not written
            &[0x20, 1],             // batches SHUFFLED
            &[0x2a, 5],             // optimizer.sgd, 5 bytes
            &[0x0d, 0, 0, 0, 0x3f], // learning_rate 0.5
            &[0x50, 1],             // weighting EXAMPLES
            &[0x5a, 9],             // ring, 9 bytes
            &[0x08, 32],            // fraction_bits 32
            &[0x15, 0, 0, 0, 0x40], // range 2.0
            &[0x18, 9],             // most_weight 9
            &[0x62, 32],            // seed, 32 bytes
            &[7; 32],
            &[0x79, 255, 255, 255, 255, 255, 255, 255, 255], // run, unnamed
            &[0x22, 14],                                     // masking, 14 bytes
            &[0x08, 2],                                      // suite AES256_CTR
            &[0x10, 1],                                      // attempt 1
            &[0x1a, 4, 0, 1, 0xac, 0x02],                    // cohort 0, 1, 300
            &[0x20, 2],                                      // min_survivors 2
            &[0x28, 1],                                      // narrow
        ],
    );
}

#[test]
fn the_steps_that_show_keys_are_spelled_so() {
    let offers = Arc::new(vec![(NodeId(1), OFFER)]);
    let golden: &[&[u8]] = &[
        &[0x2a, 0xb2, 0x01], // instruction.masking, 178 bytes
        &[0x08, 7],          // round 7
        &[0x12, 0xad, 0x01], // step.open, 173 bytes
        &[0x0a, 0xaa, 0x01], // offers, 170 bytes
        &[0x08, 1],          // node 1
        &OFFER_FIELDS.concat(),
    ];
    let open = MaskingStep::Open {
        offers: offers.clone(),
    };
    check_step(open, golden);
    let golden: &[&[u8]] = &[
        &[0x2a, 0xd8, 0x01], // instruction.masking, 216 bytes
        &[0x08, 7],          // round 7
        &[0x1a, 0xd3, 0x01], // step.share, 211 bytes
        &[0x0a, 0xaa, 0x01], // offers, 170 bytes
        &[0x08, 1],          // node 1
        &OFFER_FIELDS.concat(),
        &[0x12, 36], // openings, 36 bytes
        &[0x08, 1],  // node 1
        &[0x12, 32], // draw, 32 bytes
        &[8; 32],
    ];
    let openings = Arc::new(vec![(NodeId(1), DrawOpening([8; 32]))]);
    check_step(MaskingStep::Share { offers, openings }, golden);
}

#[test]
fn the_later_steps_are_spelled_so() {
    let golden: &[&[u8]] = &[
        &[0x2a, 0xa6, 0x01], // instruction.masking, 166 bytes
        &[0x08, 7],          // round 7
        &[0x22, 0xa1, 0x01], // step.mask, 161 bytes
        &[0x0a, 0x9a, 0x01], // envelopes, 154 bytes
        &ENVELOPE_FIELDS.concat(),
        &[0x12, 2, 1, 2], // sharers 1, 2
    ];
    let shares = SharesForYou {
        envelopes: vec![ENVELOPE],
        sharers: vec![NodeId(1), NodeId(2)],
    };
    check_step(MaskingStep::Mask { shares }, golden);
    let golden: &[&[u8]] = &[
        &[0x2a, 8],       // instruction.masking, 8 bytes
        &[0x08, 7],       // round 7
        &[0x2a, 4],       // step.confirm, 4 bytes
        &[0x0a, 2, 0, 2], // survivors 0, 2
    ];
    let survivors = Arc::new(vec![NodeId(0), NodeId(2)]);
    check_step(MaskingStep::Confirm { survivors }, golden);
    let golden: &[&[u8]] = &[
        &[0x2a, 74], // instruction.masking, 74 bytes
        &[0x08, 7],  // round 7
        &[0x32, 70], // step.reveal, 70 bytes
        &[0x0a, 68], // consents, 68 bytes
        &[0x08, 1],  // node 1
        &[0x12, 64], // signature, 64 bytes
        &[9; 64],
    ];
    let signature = [9; 64];
    let consents = Arc::new(vec![(NodeId(1), Consent { signature })]);
    check_step(MaskingStep::Reveal { consents }, golden);
}

#[test]
fn the_answers_before_the_upload_are_spelled_so() {
    let golden: &[&[u8]] = &[
        &[0x2a, 0xad, 0x01], // report.masking, 173 bytes
        &[0x08, 7],          // round 7
        &[0x12, 0xa8, 0x01], // answer.keys, 168 bytes; the session says who speaks
        &OFFER_FIELDS.concat(),
    ];
    check_answer(MaskingAnswer::Keys(OFFER), golden);
    let golden: &[&[u8]] = &[
        &[0x2a, 38], // report.masking, 38 bytes
        &[0x08, 7],  // round 7
        &[0x1a, 34], // answer.opening, 34 bytes
        &[0x12, 32], // draw, 32 bytes
        &[8; 32],
    ];
    check_answer(MaskingAnswer::Opening(DrawOpening([8; 32])), golden);
    let golden: &[&[u8]] = &[
        &[0x2a, 0xca, 0x02], // report.masking, 330 bytes
        &[0x08, 7],          // round 7
        &[0x22, 0xc5, 0x02], // answer.shares, 325 bytes
        &[0x0a, 32],         // self_seed, 32 bytes
        &[10; 32],
        &[0x12, 32], // own_mask_key, 32 bytes
        &[11; 32],
        &[0x1a, 32], // own_self_seed, 32 bytes
        &[12; 32],
        &[0x22, 0x9a, 0x01], // envelopes, 154 bytes
        &ENVELOPE_FIELDS.concat(),
        &[0x2a, 64], // signature, 64 bytes
        &[13; 64],
    ];
    let shares = ShareOffer {
        self_seed: [10; 32],
        own: Commitments {
            mask_key: [11; 32],
            self_seed: [12; 32],
        },
        envelopes: vec![ENVELOPE],
        signature: [13; 64],
    };
    check_answer(MaskingAnswer::Shares(shares), golden);
}

#[test]
fn the_upload_and_the_answers_behind_it_are_spelled_so() {
    let wide = MaskedWords::Wide(vec![1, u64::MAX]);
    let narrow = MaskedWords::Narrow(vec![1, u32::MAX]);
    let bytes = [
        [[1, 0, 0, 0, 0, 0, 0, 0], [0xff; 8]].concat(),
        [[1, 0, 0, 0], [0xff; 4]].concat(),
    ];
    for (words, dtype, bytes) in [(wide, 2, &bytes[0]), (narrow, 3, &bytes[1])] {
        let golden: &[&[u8]] = &[
            &[0x2a, 0xb5, 0x01],        // report.masking, 181 bytes
            &[0x08, 7],                 // round 7
            &[0x2a, 0xb0, 0x01],        // answer.upload, 176 bytes
            &[0x0a, 40],                // words, 40 bytes
            &[0x08, dtype],             // dtype U64, U32
            &[0x10, 2],                 // count 2
            &[0x18, bytes.len() as u8], // total_bytes 16, 8
            &[0x22, 32],                // hash, 32 bytes
            &Digest::of(bytes).0,
            &[0x12, 32], // digest, 32 bytes
            &[14; 32],
            &[0x1a, 32], // sharers, 32 bytes
            &[15; 32],
            &[0x22, 64], // signature, 64 bytes
            &[16; 64],
        ];
        let upload = MaskedUpload {
            words,
            digest: [14; 32],
            sharers: [15; 32],
            signature: [16; 64],
        };
        check_answer(MaskingAnswer::Upload(upload), golden);
    }
    let golden: &[&[u8]] = &[
        &[0x2a, 70], // report.masking, 70 bytes
        &[0x08, 7],  // round 7
        &[0x32, 66], // answer.consent, 66 bytes
        &[0x12, 64], // signature, 64 bytes
        &[9; 64],
    ];
    let signature = [9; 64];
    check_answer(MaskingAnswer::Consent(Consent { signature }), golden);
    let golden: &[&[u8]] = &[
        &[0x2a, 84], // report.masking, 84 bytes
        &[0x08, 7],  // round 7
        &[0x3a, 80], // answer.revelation, 80 bytes
        &[0x0a, 38], // shares, 38 bytes
        &[0x08, 1],  // of 1
        &[0x10, 1],  // kind MASK_KEY
        &[0x1a, 32], // share, 32 bytes
        &[17; 32],
        &[0x0a, 38], // shares, 38 bytes
        &[0x08, 2],  // of 2
        &[0x10, 2],  // kind SELF_SEED
        &[0x1a, 32], // share, 32 bytes
        &[18; 32],
    ];
    let revealed = |of, kind, byte| RevealedShare {
        of: NodeId(of),
        kind,
        share: [byte; 32],
    };
    let shares = vec![
        revealed(1, ShareKind::MaskKey, 17),
        revealed(2, ShareKind::SelfSeed, 18),
    ];
    check_answer(MaskingAnswer::Revelation(Revelation { shares }), golden);
}
