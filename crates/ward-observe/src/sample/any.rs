//! Any record at all, for property tests.

use proptest::prelude::*;
use ward_core::sighting::{CLASSES, Sighting};
use ward_core::{
    Abandoned, Digest, Estimate, Evaluation, Event, Malformed, MaskingPhase, NodeId, NodeInfo,
    Outcome, Record, Refusal, RoundId, Tick, Unmet,
};

/// Any record at all, for property tests.
pub(crate) fn any_record() -> impl Strategy<Value = Record> {
    (any::<u32>(), any_event()).prop_map(|(at, event)| Record {
        at: Tick(u64::from(at)),
        event,
    })
}

fn masking_phase() -> impl Strategy<Value = MaskingPhase> {
    prop::sample::select(vec![
        MaskingPhase::Keys,
        MaskingPhase::Openings,
        MaskingPhase::Shares,
        MaskingPhase::Uploads,
        MaskingPhase::Consents,
        MaskingPhase::Revelations,
    ])
}

fn abandoned() -> impl Strategy<Value = Abandoned> {
    let (reports, quorum, present, updates, needed, f, most) = (1, 2, 3, 4, 5, 6, 7);
    prop_oneof![
        Just(Abandoned::QuorumMissed { reports, quorum }),
        Just(Abandoned::TooFewNodes { present, needed }),
        Just(Abandoned::NobodyDrawn),
        masking_phase().prop_map(|phase| Abandoned::BelowThreshold {
            phase,
            left: 8,
            needed: 9,
        }),
        Just(Abandoned::NotUnmasked { culprit: NodeId(1) }),
        Just(Abandoned::GraphNotDrawn { missing: NodeId(2) }),
        Just(Abandoned::NoMaskedSum),
        Just(Abandoned::UnsoundSum),
        Just(Abandoned::Unmet(Unmet::TooFew { updates, needed, f })),
        Just(Abandoned::Unmet(Unmet::TooManySubsets { updates, f, most })),
        Just(Abandoned::NothingTrusted),
    ]
}

fn any_event() -> impl Strategy<Value = Event> {
    let node = (0..6_u32).prop_map(NodeId);
    let round = (0..5_u32).prop_map(RoundId);
    let nodes = prop::collection::vec((0..6_u32).prop_map(NodeId), 0..6);
    let number = prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL;
    let digest = any::<[u8; 32]>().prop_map(Digest);
    let evaluation = prop::collection::btree_map("[a-z]{1,4}", (number, any::<u32>()), 0..3)
        .prop_map(|metrics| {
            let estimate = |(value, n): (f64, u32)| Estimate {
                value,
                n: n.into(),
                standard_error: value.abs().min(1.0),
            };
            Evaluation(metrics.into_iter().map(|(k, v)| (k, estimate(v))).collect())
        });
    let refusal = prop_oneof![
        Just(Refusal::Duplicate),
        Just(Refusal::Malformed(Malformed::NotFinite)),
        (number, number)
            .prop_map(|(norm, bound)| Refusal::Malformed(Malformed::OverBound { norm, bound })),
        ".{0,8}".prop_map(Refusal::Unexpected),
        ".{0,8}".prop_map(Refusal::Dishonest),
        round.clone().prop_map(|got| Refusal::WrongRound {
            got,
            expected: RoundId(0)
        }),
    ];
    prop_oneof![
        (round.clone(), any::<u16>(), ".{0,12}").prop_map(|(round, rounds, name)| {
            Event::RunStarted {
                round,
                rounds: rounds.into(),
                nodes: vec![NodeInfo {
                    node: NodeId(2),
                    tier: name.clone(),
                    name,
                    ..NodeInfo::default()
                }],
                parameters: 7,
            }
        }),
        node.clone().prop_map(|node| Event::NodeJoined { node }),
        (round.clone(), nodes.clone(), ".{0,12}").prop_map(|(from_round, nodes, attack)| {
            Event::AdversariesNamed {
                nodes,
                attack,
                from_round,
            }
        }),
        (node.clone(), ".{0,12}").prop_map(|(node, reason)| Event::NodeLost { node, reason }),
        (round.clone(), nodes.clone(), any::<u32>()).prop_map(|(round, cohort, quorum)| {
            Event::RoundOpened {
                round,
                cohort,
                quorum,
                deadline: Tick(9),
            }
        }),
        (round.clone(), node.clone(), any::<u64>(), number).prop_map(
            |(round, node, weight, loss)| Event::ReportAccepted {
                round,
                node,
                weight,
                loss: (weight % 3 > 0).then_some(loss),
            }
        ),
        (round.clone(), node.clone(), refusal).prop_map(|(round, node, refusal)| {
            Event::ReportRefused {
                round,
                node,
                refusal,
            }
        }),
        (
            round.clone(),
            nodes.clone(),
            nodes.clone(),
            number,
            digest.clone()
        )
            .prop_map(|(round, reporters, silent, loss, model_digest)| {
                Event::RoundClosed {
                    round,
                    reporters,
                    silent,
                    loss: (round.0 % 3 > 0).then_some(loss),
                    update_norm: loss.abs(),
                    model_digest,
                }
            }),
        (round.clone(), masking_phase(), nodes.clone(), nodes.clone()).prop_map(
            |(round, phase, answered, silent)| Event::MaskingPhaseClosed {
                round,
                phase,
                answered,
                silent,
            }
        ),
        (round.clone(), -1e3_f32..1e3, number).prop_map(|(round, norm, within)| {
            Event::ClipNormMoved {
                round,
                norm,
                within,
                next: -norm,
            }
        }),
        (round.clone(), prop::collection::vec(nodes.clone(), 0..4))
            .prop_map(|(round, groups)| Event::GroupsDealt { round, groups }),
        (round.clone(), nodes.clone(), abandoned()).prop_map(|(round, group, reason)| {
            Event::GroupLost {
                round,
                group,
                reason,
            }
        }),
        (round.clone(), node.clone(), number, any::<u32>()).prop_map(
            |(round, node, number, words)| Event::UpdateSighted {
                round,
                node,
                sighting: Sighting {
                    words: words.into(),
                    largest: number.abs(),
                    clear: vec![words.into(); CLASSES],
                    word_bits: 64,
                    masked: vec![1; CLASSES],
                    correlation: 0.5,
                },
            }
        ),
        (round.clone(), nodes.clone(), abandoned()).prop_map(|(round, silent, reason)| {
            Event::RoundAbandoned {
                round,
                silent,
                reason,
            }
        }),
        (round.clone(), node.clone(), evaluation.clone()).prop_map(|(round, node, evaluation)| {
            Event::Evaluated {
                round,
                node,
                evaluation,
            }
        }),
        (round.clone(), evaluation, nodes).prop_map(|(round, evaluation, silent)| {
            Event::EvaluationClosed {
                round,
                evaluation,
                silent,
            }
        }),
        (node.clone(), "[a-z]{1,6}", any::<u64>(), any::<u32>()).prop_map(
            |(node, kind, bytes, tensors)| Event::ReportReceived {
                node,
                kind,
                bytes,
                tensors,
            }
        ),
        (node.clone(), "[a-z]{1,6}", any::<u64>())
            .prop_map(|(node, kind, bytes)| Event::InstructionSent { node, kind, bytes }),
        (node, any::<u64>(), any::<u64>()).prop_map(|(node, bytes, rows)| Event::EgressAudited {
            node,
            messages: 3,
            bytes,
            rows,
            found: 0,
        }),
        (round, any::<u16>(), digest).prop_map(|(_, rounds, model_digest)| Event::RunFinished {
            rounds: rounds.into(),
            outcome: Outcome::Interrupted,
            model_digest,
        }),
    ]
}
