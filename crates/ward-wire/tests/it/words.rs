//! Strategies for every word that travels.

use std::sync::Arc;

use proptest::prelude::*;
use ward_core::{
    Algorithm, Batches, Draws, Estimate, Evaluation, HospitalNoise, Instruction, LocalWork,
    NoisePlacement, OptimizerSpec, Params, PatientNoise, Personalisation, Protection, Report,
    RingSpec, RoundId, RunId, Scaling, Seed, Summary, TrainOrder, Upload, Weighting,
};

use crate::masking_words;

pub(crate) fn report() -> impl Strategy<Value = Report> {
    let round = any::<u32>().prop_map(RoundId);
    prop_oneof![
        1 => (round.clone(), summary()).prop_map(|(round, summary)| Report::Summary { round, summary }),
        1 => (round.clone(), upload()).prop_map(|(round, upload)| Report::Upload { round, upload }),
        4 => (round.clone(), masking_words::answer())
            .prop_map(|(round, answer)| Report::Masking { round, answer }),
        1 => (round.clone(), evaluation())
            .prop_map(|(round, evaluation)| Report::Evaluation { round, evaluation }),
        1 => (round, "[ -~äöü–]{0,80}", any::<bool>()).prop_map(|(round, reason, for_good)| {
            Report::Declined { round, reason, for_good }
        }),
    ]
}

pub(crate) fn instruction() -> impl Strategy<Value = Instruction> {
    let round = any::<u32>().prop_map(RoundId);
    prop_oneof![
        1 => round
            .clone()
            .prop_map(|round| Instruction::Summarise { round }),
        2 => (round.clone(), params(), order(), prop::option::of(masking_words::order())).prop_map(
            |(round, params, order, masking)| Instruction::Train {
                round,
                params,
                order: Arc::new(order),
                masking: masking.map(Arc::new),
            }
        ),
        3 => (round.clone(), masking_words::step())
            .prop_map(|(round, step)| Instruction::Masking { round, step }),
        1 => (round, params(), order()).prop_map(|(round, params, order)| Instruction::Evaluate {
            round,
            params,
            order: Arc::new(order),
        }),
        1 => Just(Instruction::Rest),
    ]
}

fn finite() -> impl Strategy<Value = f64> {
    prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL
}

fn small() -> impl Strategy<Value = f32> {
    0.0_f32..1e6
}

fn params() -> impl Strategy<Value = Arc<Params>> {
    prop::collection::vec(prop::num::f32::NORMAL | prop::num::f32::ZERO, 1..300)
        .prop_map(|numbers| Arc::new(Params(numbers)))
}

fn upload() -> impl Strategy<Value = Upload> {
    let words = prop::collection::vec(any::<u64>(), 1..300);
    (words, any::<u64>(), finite()).prop_map(|(words, weight, loss)| Upload {
        words: words.into(),
        weight,
        loss,
    })
}

fn summary() -> impl Strategy<Value = Summary> {
    let pairs = prop::collection::vec((any::<i128>(), any::<i128>()), 0..20);
    (any::<u64>(), pairs).prop_map(|(rows, pairs)| {
        let (sums, squares) = pairs.into_iter().unzip();
        Summary {
            rows,
            sums,
            squares,
        }
    })
}

fn evaluation() -> impl Strategy<Value = Evaluation> {
    let estimate =
        (finite(), any::<u64>(), 0.0_f64..1e9).prop_map(|(value, n, standard_error)| Estimate {
            value,
            n,
            standard_error,
        });
    prop::collection::btree_map("[a-z_0-9]{1,30}", estimate, 0..6).prop_map(Evaluation)
}

fn scaling() -> impl Strategy<Value = Option<Arc<Scaling>>> {
    let pairs = prop::collection::vec((finite(), 1e-9_f64..1e9), 0..20);
    prop::option::of(pairs.prop_map(|pairs| {
        let (means, deviations) = pairs.into_iter().unzip();
        Arc::new(Scaling { means, deviations })
    }))
}

fn work() -> impl Strategy<Value = LocalWork> {
    prop_oneof![
        any::<u32>().prop_map(LocalWork::Epochs),
        any::<u32>().prop_map(LocalWork::Steps)
    ]
}

fn personalisation() -> impl Strategy<Value = Personalisation> {
    let names = prop::collection::vec("[a-z0-9.]{1,20}", 0..4);
    prop_oneof![
        Just(Personalisation::None),
        (work(), prop::option::of(small())).prop_map(|(work, learning_rate)| {
            Personalisation::FineTuning {
                work,
                learning_rate,
            }
        }),
        (names, prop::option::of(work())).prop_map(|(tensors, head_first)| {
            Personalisation::Private {
                tensors,
                head_first,
            }
        }),
        small().prop_map(|lambda| Personalisation::Ditto { lambda }),
        (0.0_f32..=1.0, any::<bool>())
            .prop_map(|(alpha, adaptive)| Personalisation::Apfl { alpha, adaptive }),
    ]
}

fn order() -> impl Strategy<Value = TrainOrder> {
    let batches = prop_oneof![
        Just(Batches::Shuffled),
        Just(Batches::Stream),
        Just(Batches::Replacement),
        Just(Batches::InOrder)
    ];
    let sgd = (small(), small()).prop_map(|(learning_rate, momentum)| OptimizerSpec::Sgd {
        learning_rate,
        momentum,
    });
    let adam =
        (small(), small(), small(), small()).prop_map(|(learning_rate, beta1, beta2, epsilon)| {
            OptimizerSpec::Adam {
                learning_rate,
                beta1,
                beta2,
                epsilon,
            }
        });
    let ring =
        (0_u32..=62, 1e-6_f32..1e6, 1_u64..).prop_map(|(fraction_bits, range, most_weight)| {
            RingSpec {
                fraction_bits,
                range,
                most_weight,
            }
        });
    let algorithm = prop_oneof![
        Just(Algorithm::Plain),
        (1e-6_f32..1e3).prop_map(|alpha| Algorithm::FedDyn { alpha }),
        Just(Algorithm::Scaffold),
        Just(Algorithm::FedNova),
        Just(Algorithm::FedExP),
        (0.0_f32..1e3, proptest::option::of(1e-6_f32..1e3))
            .prop_map(|(q, lipschitz)| Algorithm::QFedAvg { q, lipschitz }),
        (1..=Algorithm::MOST_MODELS).prop_map(|clusters| Algorithm::Ifca { clusters }),
    ];
    let weighting = prop_oneof![Just(Weighting::Examples), Just(Weighting::Uniform)];
    (
        (work(), any::<u32>(), batches, prop_oneof![sgd, adam]),
        (
            (
                small(),
                small(),
                small(),
                small(),
                (algorithm, protection()),
                personalisation(),
            ),
            scaling(),
            weighting,
            ring,
            (any::<[u8; 32]>(), any::<u64>()),
        ),
    )
        .prop_map(
            |(
                (work, batch_size, batches, optimizer),
                (penalties, scaling, weighting, ring, (seed, run)),
            )| {
                let (
                    proximal_mu,
                    l2,
                    example_clip_norm,
                    gradient_clip_norm,
                    (algorithm, protection),
                    personalisation,
                ) = penalties;
                TrainOrder {
                    work,
                    batch_size,
                    batches,
                    optimizer,
                    proximal_mu,
                    l2,
                    example_clip_norm,
                    gradient_clip_norm,
                    protection,
                    algorithm,
                    personalisation,
                    scaling,
                    weighting,
                    ring,
                    seed: Seed::from_bytes(seed),
                    run: RunId(run),
                }
            },
        )
}

fn protection() -> impl Strategy<Value = Protection> {
    let rate = || 1e-6_f64..=1.0;
    let draws = prop_oneof![
        rate().prop_map(|rate| Draws::Poisson { rate }),
        (rate(), 1..=u32::MAX).prop_map(|(rate, most)| Draws::TruncatedPoisson { rate, most }),
        rate().prop_map(|rate| Draws::FixedSize { rate }),
        Just(Draws::Shuffled),
        Just(Draws::Full),
    ];
    let placement = prop_oneof![
        Just(NoisePlacement::Node),
        (1..=u32::MAX).prop_map(|honest| NoisePlacement::Shared { honest }),
        Just(NoisePlacement::Coordinator),
    ];
    let multiplier = || 1e-6_f64..1e6;
    prop_oneof![
        Just(Protection::None),
        (draws, multiplier(), any::<bool>()).prop_map(
            |(draws, noise_multiplier, sizes_are_public)| {
                Protection::Patient(PatientNoise {
                    draws,
                    noise_multiplier,
                    sizes_are_public,
                })
            }
        ),
        (
            1e-6_f32..1e6,
            multiplier(),
            proptest::option::of(multiplier()),
            1..=HospitalNoise::MOST_BANDS,
            placement
        )
            .prop_map(
                |(clip_norm, noise_multiplier, bit_deviation, bands, placement)| {
                    Protection::Hospital(HospitalNoise {
                        clip_norm,
                        noise_multiplier,
                        bit_deviation,
                        bands,
                        placement,
                    })
                }
            ),
    ]
}
