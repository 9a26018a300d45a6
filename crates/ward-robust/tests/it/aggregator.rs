//! Rules as a run's aggregator: what comes in is decoded, looked at, and kept.

use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use ward_core::{
    Abandoned, Address, Delta, Evaluation, Layout, LocalUpdate, LocalWork, Malformed, NodeId,
    OptimizerSpec, Params, RingSpec, RoundId, Seed, Summary, TrainError, TrainOrder, Trainer,
    Unmet, Upload, Weighting,
};
use ward_privacy::seal::{trial, trial_order};
use ward_robust::before::Bucketing;
use ward_robust::rule::{CentredClipping, FlTrust, Krum, Median, TrimmedMean};
use ward_robust::{Before, Robust, Rule, Trusting};
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
        noised: None,
        loss: 0.5,
    };
    trial(update, &trial_order(Weighting::Examples, RING)).expect("an update that fits")
}

fn open(robust: &Robust, carried: &[f32]) -> Box<dyn Accumulator> {
    open_any(robust, carried)
}

fn open_any(aggregator: &dyn Aggregator, carried: &[f32]) -> Box<dyn Accumulator> {
    let optimizer = OptimizerSpec::Sgd {
        learning_rate: 1.0,
        momentum: 0.0,
    };
    aggregator.open(Opening {
        len: 2,
        round: RoundId(3),
        params: &Params(vec![1.0, 2.0]),
        order: &TrainOrder::new(LocalWork::Steps(1), 0, optimizer, RING, Seed::run(1)),
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

/// Rows of the coordinator that pull the model towards zero, by half a round.
struct Root(Result<(), TrainError>);

impl Trainer for Root {
    fn layout(&self) -> &Layout {
        unreachable!("nobody asks a root set for its layout")
    }

    fn examples(&self) -> u64 {
        100
    }

    fn summarise(&self) -> Summary {
        Summary::default()
    }

    fn train(
        &mut self,
        params: &Params,
        _order: &TrainOrder,
        address: Address,
    ) -> Result<LocalUpdate, TrainError> {
        assert_eq!(
            (address.round, address.node),
            (RoundId(3), NodeId::COORDINATOR)
        );
        self.0.clone()?;
        Ok(LocalUpdate {
            delta: Delta(params.0.iter().map(|w| -0.5 * w).collect()),
            extras: Vec::new(),
            examples: 100,
            noised: None,
            loss: 0.5,
        })
    }

    fn evaluate(
        &mut self,
        _params: &Params,
        _order: &TrainOrder,
        _address: Address,
    ) -> Result<Evaluation, TrainError> {
        unreachable!("nobody scores a model on a root set")
    }
}

fn trusting(trained: Result<(), TrainError>) -> Trusting {
    Trusting {
        robust: robust(FlTrust, 0),
        root: Arc::new(Mutex::new(Root(trained))),
    }
}

#[test]
fn updates_count_as_far_as_they_agree_with_the_coordinator_s_own() {
    let trusting = trusting(Ok(()));
    assert_eq!(trusting.needs(), Visibility::EachUpdate);
    let mut kept = open_any(&trusting, &[]);
    // The model is (1, 2), so the coordinator's update is (-.5, -1), of norm √1.25.
    for (node, update) in [
        (0, [-2.0, -4.0]),
        (1, [4.0, 8.0]),
        (2, [2.0, -1.0]),
        (3, [-3.0, 0.0]),
    ] {
        kept.accept(NodeId(node), &upload(&update, 1)).unwrap();
    }
    // Cosines 1, -1, 0 and 1/√5: the first as it is but shorter, the last as long as the trusted one.
    let [first, last] = [1.0, 1.0 / 5.0_f64.sqrt()];
    let x = (first * -0.5 - last * 1.25_f64.sqrt()) / (first + last);
    let y = -first / (first + last);
    let result = kept.finish().unwrap().0;
    assert!((f64::from(result[0]) - x).abs() < 1e-6, "{result:?}, {x}");
    assert!((f64::from(result[1]) - y).abs() < 1e-6, "{result:?}, {y}");
}

#[test]
fn without_an_update_to_trust_the_round_is_abandoned() {
    let mut kept = open_any(&trusting(Err(TrainError::Diverged)), &[]);
    kept.accept(NodeId(0), &upload(&[1.0, 1.0], 1)).unwrap();
    assert_eq!(kept.finish(), Err(Abandoned::NothingTrusted));
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
