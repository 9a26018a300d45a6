//! Golden bytes: version 1 as it is spelled, one commented line a field. A change here is a change
//! of protocol and needs a new version number.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use prost::Message;
use ward_core::{
    Algorithm, Batches, Digest, Draws, Estimate, Evaluation, HospitalNoise, Instruction, LocalWork,
    NoisePlacement, OptimizerSpec, Params, PatientNoise, Personalisation, Protection, Report,
    RingSpec, RoundId, RunId, Scaling, Seed, Summary, TrainOrder, Upload, Weighting,
};
use ward_wire::{Packed, chunks, decode, proto};

/// Both ways: the bytes are what is sent, and they are read as what was meant.
pub(crate) fn check_report(report: &Report, golden: &[&[u8]]) {
    let packed = Packed::<proto::Report>::from(report);
    assert_eq!(packed.message.encode_to_vec(), golden.concat());
    let message = decode(Bytes::from(golden.concat())).unwrap();
    let tensor = packed.tensor;
    assert_eq!(
        &Report::try_from(Packed { message, tensor }).unwrap(),
        report
    );
}

pub(crate) fn check_instruction(instruction: &Instruction, golden: &[&[u8]]) {
    let packed = Packed::<proto::Instruction>::from(instruction);
    assert_eq!(packed.message.encode_to_vec(), golden.concat());
    let message = decode(Bytes::from(golden.concat())).unwrap();
    let tensor = packed.tensor;
    let read = Instruction::try_from(Packed { message, tensor }).unwrap();
    assert_eq!(&read, instruction);
}

#[test]
fn an_upload_is_spelled_so() {
    let words = [1_u64, u64::MAX];
    let hash = Digest::of(&[[1, 0, 0, 0, 0, 0, 0, 0], [0xff; 8]].concat());
    let upload = Upload {
        words: words.to_vec().into(),
        weight: 300,
        loss: 0.5,
    };
    let round = RoundId(3);
    check_report(
        &Report::Upload { round, upload },
        &[
            &[0x12, 56],                           // report.upload, 56 bytes
            &[0x08, 3],                            // round 3
            &[0x10, 0xac, 0x02],                   // weight 300
            &[0x19, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f], // loss 0.5
            &[0x22, 40],                           // words, 40 bytes
            &[0x08, 2],                            // dtype U64
            &[0x10, 2],                            // count 2
            &[0x18, 16],                           // total_bytes 16
            &[0x22, 32],                           // hash, 32 bytes
            &hash.0,
        ],
    );
}

#[test]
fn a_summary_is_spelled_so() {
    let summary = Summary {
        rows: 2,
        sums: vec![-1],
        squares: vec![258],
    };
    let round = RoundId(1);
    check_report(
        &Report::Summary { round, summary },
        &[
            &[0x0a, 40],                                       // report.summary, 40 bytes
            &[0x08, 1],                                        // round 1
            &[0x10, 2],                                        // rows 2
            &[0x1a, 16],                                       // sums, 16 bytes
            &[0xff; 16],                                       // -1
            &[0x22, 16],                                       // squares, 16 bytes
            &[2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], // 258
        ],
    );
}

#[test]
fn an_evaluation_is_spelled_so() {
    let estimate = Estimate {
        value: 1.0,
        n: 5,
        standard_error: 2.0,
    };
    let evaluation = Evaluation(BTreeMap::from([("auc".to_owned(), estimate)]));
    let round = RoundId(9);
    check_report(
        &Report::Evaluation { round, evaluation },
        &[
            &[0x1a, 29],                           // report.evaluation, 29 bytes
            &[0x08, 9],                            // round 9
            &[0x12, 25],                           // metrics, 25 bytes
            &[0x0a, 3, b'a', b'u', b'c'],          // name
            &[0x11, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f], // value 1.0
            &[0x18, 5],                            // n 5
            &[0x21, 0, 0, 0, 0, 0, 0, 0, 0x40],    // standard_error 2.0
        ],
    );
}

#[test]
fn a_declined_report_is_spelled_so() {
    let reason = "no".to_owned();
    let round = RoundId(0);
    check_report(
        &Report::Declined {
            round,
            reason,
            for_good: true,
        },
        &[
            &[0x22, 6],             // report.declined, 6 bytes; round 0 is not written
            &[0x12, 2, b'n', b'o'], // reason
            &[0x18, 1],             // for_good
        ],
    );
}

#[test]
fn a_train_instruction_is_spelled_so() {
    let params = Params(vec![1.0]);
    let seed = Seed::from_bytes([7; 32]);
    let order = TrainOrder {
        work: LocalWork::Epochs(2),
        batch_size: 32,
        batches: Batches::InOrder,
        optimizer: OptimizerSpec::Sgd {
            learning_rate: 0.5,
            momentum: 0.0,
        },
        proximal_mu: 1.0,
        l2: 2.0,
        example_clip_norm: 4.0,
        gradient_clip_norm: 8.0,
        protection: Protection::None,
        algorithm: Algorithm::FedDyn { alpha: 0.5 },
        personalisation: Personalisation::Private {
            tensors: vec!["b".to_owned()],
            head_first: Some(LocalWork::Steps(3)),
        },
        scaling: Some(Arc::new(Scaling {
            means: vec![1.0],
            deviations: vec![2.0],
        })),
        weighting: Weighting::Uniform,
        ring: RingSpec {
            fraction_bits: 32,
            range: 2.0,
            most_weight: 9,
        },
        seed,
        run: RunId(0x0807_0605_0403_0201),
    };
    check_instruction(
        &Instruction::Train {
            round: RoundId(1),
            params: Arc::new(params.clone()),
            order: Arc::new(order),
            masking: None,
        },
        &[
            &[0x12, 0xad, 0x01], // instruction.train, 173 bytes
            &[0x08, 1],          // round 1
            &[0x12, 40],         // params, 40 bytes
            &[0x08, 1],          // dtype F32
            &[0x10, 1],          // count 1
            &[0x18, 4],          // total_bytes 4
            &[0x22, 32],         // hash, 32 bytes
            &params.digest().0,
            &[0x1a, 127],                             // order, 127 bytes
            &[0x08, 2],                               // work.epochs 2
            &[0x18, 32],                              // batch_size 32
            &[0x20, 4],                               // batches IN_ORDER
            &[0x2a, 5],                               // optimizer.sgd, 5 bytes
            &[0x0d, 0, 0, 0, 0x3f], // learning_rate 0.5; momentum 0 is not written
            &[0x3d, 0, 0, 0x80, 0x3f], // proximal_mu 1.0
            &[0x45, 0, 0, 0, 0x40], // l2 2.0
            &[0x4a, 20],            // scaling, 20 bytes
            &[0x0a, 8, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f], // means [1.0]
            &[0x12, 8, 0, 0, 0, 0, 0, 0, 0, 0x40], // deviations [2.0]
            &[0x50, 2],             // weighting UNIFORM
            &[0x5a, 9],             // ring, 9 bytes
            &[0x08, 32],            // fraction_bits 32
            &[0x15, 0, 0, 0, 0x40], // range 2.0
            &[0x18, 9],             // most_weight 9
            &[0x62, 32],            // seed, 32 bytes
            &[7; 32],
            &[0x6d, 0, 0, 0x80, 0x40],       // example_clip_norm 4.0
            &[0x72, 5],                      // algorithm.fed_dyn, 5 bytes
            &[0x0d, 0, 0, 0, 0x3f],          // alpha 0.5
            &[0x79, 1, 2, 3, 4, 5, 6, 7, 8], // run
            &[0xa5, 0x01, 0, 0, 0, 0x41],    // gradient_clip_norm 8.0
            &[0xfa, 0x01, 5],                // personalisation.private, 5 bytes
            &[0x0a, 1, b'b'],                // tensors
            &[0x18, 3],                      // head_first.head_steps 3
        ],
    );
}

/// What `change` adds to the bytes of a plain order, which are read as what was meant.
fn added(change: impl FnOnce(&mut TrainOrder)) -> Vec<u8> {
    let mut order = TrainOrder::new(
        LocalWork::Steps(3),
        0,
        OptimizerSpec::Sgd {
            learning_rate: 0.5,
            momentum: 0.0,
        },
        RingSpec {
            fraction_bits: 32,
            range: 2.0,
            most_weight: 9,
        },
        Seed::from_bytes([7; 32]),
    );
    let length = proto::TrainOrder::from(&order).encode_to_vec().len();
    change(&mut order);
    let bytes = proto::TrainOrder::from(&order).encode_to_vec();
    let message: proto::TrainOrder = decode(Bytes::from(bytes.clone())).unwrap();
    assert_eq!(TrainOrder::try_from(message), Ok(order));
    bytes[length..].to_vec()
}

#[test]
fn what_is_noised_is_spelled_so() {
    let spelled = |protection| added(|order| order.protection = protection);
    let golden: &[&[u8]] = &[
        &[0xb2, 0x01, 24],                     // protection.patient_noise, 24 bytes
        &[0x12, 11],                           // draws.truncated_poisson, 11 bytes
        &[0x09, 0, 0, 0, 0, 0, 0, 0xd0, 0x3f], // rate 0.25
        &[0x10, 64],                           // most 64
        &[0x31, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f], // noise_multiplier 1.5
        &[0x38, 1],                            // sizes_are_public
    ];
    let patient = PatientNoise {
        draws: Draws::TruncatedPoisson {
            rate: 0.25,
            most: 64,
        },
        noise_multiplier: 1.5,
        sizes_are_public: true,
    };
    let spelled_so = spelled(Protection::Patient(patient));
    assert_eq!(spelled_so, golden.concat());
    let golden: &[&[u8]] = &[
        &[0xba, 0x01, 18],                     // protection.hospital_noise, 18 bytes
        &[0x0d, 0, 0, 0, 0x3f],                // clip_norm 0.5
        &[0x11, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f], // noise_multiplier 1.5
        &[0x22, 2],                            // placement.shared, 2 bytes
        &[0x08, 11],                           // honest 11
    ];
    let hospital = HospitalNoise {
        clip_norm: 0.5,
        noise_multiplier: 1.5,
        bit_deviation: None,
        bands: 1,
        placement: NoisePlacement::Shared { honest: 11 },
    };
    assert_eq!(spelled(Protection::Hospital(hospital)), golden.concat());
    let golden: &[&[u8]] = &[
        &[0xba, 0x01, 25],                     // protection.hospital_noise, 25 bytes
        &[0x0d, 0, 0, 0, 0x3f],                // clip_norm 0.5
        &[0x11, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f], // noise_multiplier 1.5
        &[0x2a, 0],                            // placement.coordinator
        &[0x31, 0, 0, 0, 0, 0, 0, 0, 0x40],    // bit_deviation 2
    ];
    let adaptive = HospitalNoise {
        bit_deviation: Some(2.0),
        placement: NoisePlacement::Coordinator,
        ..hospital
    };
    assert_eq!(spelled(Protection::Hospital(adaptive)), golden.concat());
    let golden: &[&[u8]] = &[
        &[0xba, 0x01, 18],                     // protection.hospital_noise, 18 bytes
        &[0x0d, 0, 0, 0, 0x3f],                // clip_norm 0.5
        &[0x11, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f], // noise_multiplier 1.5
        &[0x2a, 0],                            // placement.coordinator
        &[0x38, 4],                            // bands 4
    ];
    let banded = HospitalNoise {
        bit_deviation: None,
        bands: 4,
        ..adaptive
    };
    assert_eq!(spelled(Protection::Hospital(banded)), golden.concat());
}

#[test]
fn the_other_personalisations_are_spelled_so() {
    let spelled = |personalisation| added(|order| order.personalisation = personalisation);
    let fine_tuning = Personalisation::FineTuning {
        work: LocalWork::Epochs(2),
        learning_rate: Some(0.5),
    };
    let golden: &[&[u8]] = &[
        &[0xf2, 0x01, 7],       // personalisation.fine_tuning, 7 bytes
        &[0x08, 2],             // work.epochs 2
        &[0x1d, 0, 0, 0, 0x3f], // learning_rate 0.5
    ];
    assert_eq!(spelled(fine_tuning), golden.concat());
    let golden: &[&[u8]] = &[
        &[0x82, 0x02, 5],       // personalisation.ditto, 5 bytes
        &[0x0d, 0, 0, 0, 0x3f], // lambda 0.5
    ];
    let ditto = Personalisation::Ditto { lambda: 0.5 };
    assert_eq!(spelled(ditto), golden.concat());
    let golden: &[&[u8]] = &[
        &[0x8a, 0x02, 7],       // personalisation.apfl, 7 bytes
        &[0x0d, 0, 0, 0, 0x3f], // alpha 0.5
        &[0x10, 1],             // adaptive
    ];
    let apfl = Personalisation::Apfl {
        alpha: 0.5,
        adaptive: true,
    };
    assert_eq!(spelled(apfl), golden.concat());
}

#[test]
fn the_other_instructions_are_spelled_so() {
    check_instruction(&Instruction::Rest, &[&[0x22, 0]]); // instruction.rest
    check_instruction(
        &Instruction::Summarise { round: RoundId(5) },
        &[
            &[0x0a, 2], // instruction.summarise, 2 bytes
            &[0x08, 5], // round 5
        ],
    );
    let params = Params(vec![1.0]);
    check_instruction(
        &Instruction::Evaluate {
            round: RoundId(1),
            params: Arc::new(params.clone()),
            order: Arc::new(TrainOrder::new(
                LocalWork::Steps(3),
                0,
                OptimizerSpec::Sgd {
                    learning_rate: 0.5,
                    momentum: 0.0,
                },
                RingSpec {
                    fraction_bits: 32,
                    range: 2.0,
                    most_weight: 9,
                },
                Seed::from_bytes([7; 32]),
            )),
        },
        &[
            &[0x1a, 113], // instruction.evaluate, 113 bytes
            &[0x08, 1],   // round 1
            &[0x12, 40],  // params, 40 bytes
            &[0x08, 1],   // dtype F32
            &[0x10, 1],   // count 1
            &[0x18, 4],   // total_bytes 4
            &[0x22, 32],  // hash, 32 bytes
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
        ],
    );
}

#[test]
fn a_chunk_is_spelled_so() {
    let tensor = ward_wire::Tensor::of_params(&Params(vec![1.0, 2.0]));
    let chunk = chunks(&tensor, 4).next().unwrap();
    let push = proto::PushTensorsRequest { chunk: Some(chunk) };
    let golden: &[&[u8]] = &[
        &[0x0a, 50], // chunk, 50 bytes
        &[0x0a, 40], // manifest, 40 bytes
        &[0x08, 1],  // dtype F32
        &[0x10, 2],  // count 2
        &[0x18, 8],  // total_bytes 8
        &[0x22, 32], // hash, 32 bytes
        &tensor.manifest().hash.0,
        &[0x10, 4],                // offset 4
        &[0x1a, 4, 0, 0, 0, 0x40], // data: 2.0
    ];
    assert_eq!(push.encode_to_vec(), golden.concat());
}

#[test]
fn a_join_is_spelled_so() {
    let join = proto::JoinRequest {
        protocol_version: ward_wire::PROTOCOL_VERSION,
        name: "h1".into(),
        join_token: "s".into(),
        instance: Bytes::from_static(&[1; 16]),
        layout: Bytes::from_static(&[2; 32]),
        parameters: 6,
    };
    let golden: &[&[u8]] = &[
        &[0x08, 1],             // protocol_version 1
        &[0x12, 2, b'h', b'1'], // name
        &[0x1a, 1, b's'],       // join_token
        &[0x22, 16],            // instance, 16 bytes
        &[1; 16],
        &[0x2a, 32], // layout, 32 bytes
        &[2; 32],
        &[0x30, 6], // parameters 6
    ];
    assert_eq!(join.encode_to_vec(), golden.concat());
}
