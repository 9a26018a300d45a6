//! Rules as a run's aggregator: what comes in is decoded, looked at, and kept.

use std::sync::Arc;

use proptest::prelude::*;
use ward_core::{
    Abandoned, Delta, LocalUpdate, Malformed, NodeId, RingSpec, Seed, Unmet, Upload, Weighting,
};
use ward_robust::before::Bucketing;
use ward_robust::rule::{CentredClipping, Krum, Median, TrimmedMean};
use ward_robust::{Before, Robust, Rule};
use ward_round::strategy::{Accumulator, Opening};
use ward_round::{Aggregator, Visibility};

const RING: RingSpec = RingSpec {
    fraction_bits: 32,
    range: 128.0,
    most_weight: 1_000,
};

fn upload(delta: &[f32], examples: u64) -> Upload {
    let update = LocalUpdate {
        delta: Delta(delta.to_vec()),
        extras: Vec::new(),
        examples,
        loss: 0.5,
    };
    ward_privacy::seal(update, Weighting::Examples, &RING).expect("an update that fits")
}

fn open(robust: &Robust, carried: &[f32]) -> Box<dyn Accumulator> {
    robust.open(Opening {
        len: 2,
        ring: RING,
        seed: Seed::run(1),
        carried,
    })
}

fn robust(rule: impl Rule + 'static, f: usize) -> Robust {
    Robust {
        norm_bound: 10.0,
        ..crate::robust(vec![], rule, f)
    }
}

#[test]
fn claimed_weights_count_only_where_they_are_believed() {
    let median = robust(Median { weighted: true }, 0);
    let result = |robust: &Robust| {
        let mut kept = open(robust, &[]);
        for (node, value, examples) in [(0, 1.0, 1), (1, 2.0, 1), (2, 3.0, 500)] {
            kept.accept(NodeId(node), &upload(&[value, -value], examples))
                .unwrap();
        }
        kept.finish().unwrap().0
    };
    assert_eq!(result(&median), [2.0, -2.0]);
    let believing = Robust {
        claimed_weights: true,
        ..median
    };
    assert_eq!(result(&believing), [3.0, -3.0]);
}

#[test]
fn an_update_over_the_bound_is_refused_and_changes_nothing() {
    let trimmed = robust(TrimmedMean, 1);
    assert_eq!(trimmed.needs(), Visibility::EachUpdate);
    let mut kept = open(&trimmed, &[]);
    for node in 0..3 {
        kept.accept(NodeId(node), &upload(&[node as f32, 0.0], 7))
            .unwrap();
    }
    let before = kept.finish().unwrap();
    let refused = kept.accept(NodeId(3), &upload(&[6.0, -8.5], 7));
    let Err(Malformed::OverBound { norm, bound }) = refused else {
        panic!("{refused:?}")
    };
    assert!((norm - 108.25_f64.sqrt()).abs() < 1e-6 && bound == 10.0);
    assert_eq!(kept.finish().unwrap(), before);
    assert_eq!(before.0, [1.0, 0.0]);
}

#[test]
fn too_few_updates_for_the_rule_abandon_the_round() {
    let mut kept = open(&robust(Krum, 1), &[]);
    for node in 0..4 {
        kept.accept(NodeId(node), &upload(&[1.0, 1.0], 1)).unwrap();
    }
    let (updates, needed, f) = (4, 5, 1);
    assert_eq!(
        kept.finish(),
        Err(Abandoned::Unmet(Unmet::TooFew { updates, needed, f }))
    );
    kept.accept(NodeId(4), &upload(&[1.0, 1.0], 1)).unwrap();
    assert_eq!(kept.finish().unwrap().0, [1.0, 1.0]);
}

#[test]
fn centred_clipping_starts_from_the_result_of_the_round_before() {
    let clipping = robust(
        CentredClipping {
            radius: 1.0,
            steps: 1,
        },
        0,
    );
    assert!(clipping.carries() && !robust(Krum, 0).carries());
    let result = |carried: &[f32]| {
        let mut kept = open(&clipping, carried);
        kept.accept(NodeId(0), &upload(&[3.0, 4.0], 1)).unwrap();
        kept.finish().unwrap().0
    };
    assert_eq!(result(&[]), [0.6, 0.8]);
    assert_eq!(result(&[3.0, 3.5]), [3.0, 4.0]);
}

proptest! {
    #[test]
    fn the_order_of_arrival_changes_no_bit(
        values in prop::collection::vec((any::<[i8; 2]>(), 1_u64..900), 6..10), first in 0_usize..9,
    ) {
        let before: Vec<Arc<dyn Before>> = vec![Arc::new(Bucketing { size: 2 })];
        let robust = Robust { before, norm_bound: 1e9, ..robust(TrimmedMean, 1) };
        let uploads = values.iter().map(|([a, b], weight)| {
            upload(&[f32::from(*a) / 7.0, f32::from(*b) / 9.0], *weight)
        });
        let mut uploads: Vec<_> = (0..).map(NodeId).zip(uploads).collect();
        let mut result = || {
            uploads.rotate_left(first % values.len());
            let mut kept = open(&robust, &[]);
            for (node, upload) in &uploads {
                kept.accept(*node, upload).unwrap();
            }
            kept.finish().unwrap()
        };
        prop_assert_eq!(result(), result());
    }
}
