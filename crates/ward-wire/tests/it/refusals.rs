//! Every field that can be wrong is refused by name.

use std::sync::Arc;

use bytes::Bytes;
use ward_core::{
    Instruction, LocalWork, Malformed, OptimizerSpec, Params, Report, RingSpec, RoundId, Seed,
    Summary, TrainOrder, Upload,
};
use ward_wire::{Dtype, Packed, Tensor, Unreadable, decode, proto};

fn upload() -> Packed<proto::Report> {
    let upload = Upload {
        words: vec![1, 2, 3].into(),
        weight: 5,
        loss: 0.25,
    };
    let round = RoundId(2);
    (&Report::Upload { round, upload }).into()
}

fn train() -> Packed<proto::Instruction> {
    let optimizer = OptimizerSpec::Sgd {
        learning_rate: 0.1,
        momentum: 0.0,
    };
    let ring = RingSpec {
        fraction_bits: 32,
        range: 128.0,
        most_weight: 65_536,
    };
    let order = TrainOrder::new(LocalWork::Epochs(1), 8, optimizer, ring, Seed::run(1));
    (&Instruction::Train {
        round: RoundId(0),
        params: Arc::new(Params(vec![0.0, 1.0])),
        order: Arc::new(order),
        masking: None,
    })
        .into()
}

/// What is said of an upload after `change`.
fn upload_refused(change: impl FnOnce(&mut proto::Upload, &mut Option<Tensor>)) -> Unreadable {
    let mut packed = upload();
    let Some(proto::report::Report::Upload(message)) = &mut packed.message.report else {
        panic!("an upload packs as an upload");
    };
    change(message, &mut packed.tensor);
    Report::try_from(packed).unwrap_err()
}

/// What is said of an order after `change`.
fn order_refused(change: impl FnOnce(&mut proto::TrainOrder)) -> String {
    let mut packed = train();
    let Some(proto::instruction::Instruction::Train(message)) = &mut packed.message.instruction
    else {
        panic!("a train instruction packs as one");
    };
    change(message.order.as_mut().unwrap());
    Instruction::try_from(packed).unwrap_err().to_string()
}

fn evaluation_refused(metrics: Vec<proto::Metric>) -> Unreadable {
    let evaluation = proto::Evaluation { round: 0, metrics };
    let message = proto::Report {
        report: Some(proto::report::Report::Evaluation(evaluation)),
    };
    let tensor = None;
    Report::try_from(Packed { message, tensor }).unwrap_err()
}

fn metric(name: &str) -> proto::Metric {
    proto::Metric {
        name: name.into(),
        value: 0.5,
        n: 10,
        standard_error: 0.1,
    }
}

#[test]
fn an_empty_message_is_missing_its_content() {
    let empty = Packed {
        message: proto::Report::default(),
        tensor: None,
    };
    assert_eq!(Report::try_from(empty), Err(Unreadable::Missing("report")));
    let empty = Packed {
        message: proto::Instruction::default(),
        tensor: None,
    };
    assert_eq!(
        Instruction::try_from(empty),
        Err(Unreadable::Missing("instruction"))
    );
}

#[test]
fn an_upload_needs_its_words_and_a_finite_loss() {
    let hash = upload().tensor.unwrap().manifest().hash;
    assert_eq!(
        upload_refused(|_, tensor| *tensor = None),
        Unreadable::TensorMissing(hash)
    );
    assert_eq!(
        upload_refused(|_, tensor| *tensor = Some(Tensor::of_words(&[9, 9, 9]))),
        Unreadable::TensorMissing(hash)
    );
    assert_eq!(
        upload_refused(|m, _| m.words = None),
        Unreadable::Missing("upload.words")
    );
    let nan = upload_refused(|m, _| m.loss = f64::NAN);
    assert_eq!(nan, Unreadable::NotFinite("upload.loss"));
    assert_eq!(Malformed::from(nan), Malformed::NotFinite);
}

#[test]
fn words_that_are_parameters_are_refused() {
    let tensor = Tensor::of_params(&Params(vec![1.0]));
    let refused = upload_refused(|m, t| {
        m.words = Some(tensor.manifest().into());
        *t = Some(tensor);
    });
    let (got, expected) = (Dtype::F32, Dtype::U64);
    assert_eq!(refused, Unreadable::Dtype { got, expected });
}

#[test]
fn a_manifest_that_contradicts_itself_is_refused() {
    let manifest = |change: fn(&mut proto::TensorManifest)| {
        upload_refused(|m, _| change(m.words.as_mut().unwrap())).to_string()
    };
    assert_eq!(
        manifest(|m| m.total_bytes = 23),
        "the manifest says 3 numbers of 8 bytes and 23 bytes in all"
    );
    assert_eq!(
        manifest(|m| (m.count, m.total_bytes) = (1 << 61, 0)),
        "the manifest says 2305843009213693952 numbers of 8 bytes and 0 bytes in all"
    );
    assert_eq!(
        manifest(|m| (m.count, m.total_bytes) = (0, 0)),
        "field `manifest.count` is 0, which must be 1 or more"
    );
    assert_eq!(
        manifest(|m| m.hash = Bytes::from_static(b"short")),
        "field `manifest.hash` has 5 bytes, 32 are needed"
    );
    assert_eq!(
        manifest(|m| m.dtype = 9),
        "field `manifest.dtype` is 9, which names nothing in protocol version 1"
    );
}

fn clusters(clusters: u32) -> Option<proto::train_order::Algorithm> {
    let ifca = proto::Ifca { clusters };
    Some(proto::train_order::Algorithm::Ifca(ifca))
}

/// Makes a right order wrong.
type Change = fn(&mut proto::TrainOrder);

#[test]
fn an_order_is_whole_and_in_range_or_refused() {
    let cases: [(&str, Change); 14] = [
        ("`order.work` is missing", |o| o.work = None),
        ("`order.optimizer` is missing", |o| o.optimizer = None),
        ("`order.ring` is missing", |o| o.ring = None),
        ("`order.batches` is 0", |o| o.batches = 0),
        ("`order.weighting` is 77", |o| o.weighting = 77),
        ("`order.seed` has 3 bytes", |o| {
            o.seed = Bytes::from_static(b"abc");
        }),
        ("`order.l2` is not a finite", |o| o.l2 = f32::INFINITY),
        ("`order.proximal_mu` is -1", |o| o.proximal_mu = -1.0),
        ("`ring.fraction_bits` is 64", |o| {
            o.ring.as_mut().unwrap().fraction_bits = 64;
        }),
        ("`ring.range` is 0", |o| {
            o.ring.as_mut().unwrap().range = 0.0;
        }),
        ("`ring.most_weight` is 0", |o| {
            o.ring.as_mut().unwrap().most_weight = 0;
        }),
        ("`sgd.learning_rate` is not a finite", |o| {
            let (learning_rate, momentum) = (f32::NAN, 0.0);
            o.optimizer = Some(proto::train_order::Optimizer::Sgd(proto::Sgd {
                learning_rate,
                momentum,
            }));
        }),
        ("`ifca.clusters` is 0", |o| o.algorithm = clusters(0)),
        ("`ifca.clusters` is 256", |o| o.algorithm = clusters(256)),
    ];
    for (expected, change) in cases {
        let said = order_refused(change);
        assert!(said.contains(expected), "`{said}` does not name {expected}");
    }
}

#[test]
fn a_scaling_has_as_many_positive_deviations_as_means() {
    let scaling = |means: &[f64], deviations: &[f64]| {
        let (means, deviations) = (means.to_vec(), deviations.to_vec());
        order_refused(|o| o.scaling = Some(proto::Scaling { means, deviations }))
    };
    assert!(scaling(&[0.0, 1.0], &[1.0]).contains("2 values and `scaling.deviations` has 1"));
    assert!(scaling(&[0.0], &[0.0]).contains("must be above 0"));
    assert!(scaling(&[f64::NAN], &[1.0]).contains("`scaling.means` is not a finite"));
}

#[test]
fn metrics_have_names_of_their_own_and_finite_values() {
    let nan = |change: fn(&mut proto::Metric)| {
        let mut metric = metric("auc");
        change(&mut metric);
        evaluation_refused(vec![metric])
    };
    assert_eq!(
        evaluation_refused(vec![metric("auc"), metric("auc")]),
        Unreadable::MetricTwice("auc".into())
    );
    assert_eq!(
        evaluation_refused(vec![metric("")]),
        Unreadable::Missing("metric.name")
    );
    assert!(
        evaluation_refused(vec![metric(&"x".repeat(65))])
            .to_string()
            .contains("65 bytes")
    );
    assert!(
        evaluation_refused(vec![metric("a\nb")])
            .to_string()
            .contains("printable")
    );
    assert_eq!(
        nan(|m| m.value = f64::NAN),
        Unreadable::NotFinite("metric.value")
    );
    assert_eq!(
        nan(|m| m.standard_error = f64::INFINITY),
        Unreadable::NotFinite("metric.standard_error")
    );
    assert!(
        nan(|m| m.standard_error = -0.1)
            .to_string()
            .contains("0 or more")
    );
}

#[test]
fn sums_come_in_whole_numbers_and_in_pairs() {
    let summary = Summary {
        rows: 3,
        sums: vec![1, 2],
        squares: vec![3, 4],
    };
    let round = RoundId(0);
    let refused = |cut: usize| {
        let mut packed: Packed<proto::Report> = (&Report::Summary {
            round,
            summary: summary.clone(),
        })
            .into();
        let Some(proto::report::Report::Summary(message)) = &mut packed.message.report else {
            panic!("a summary packs as a summary");
        };
        message.squares.truncate(cut);
        Report::try_from(packed).unwrap_err().to_string()
    };
    assert_eq!(
        refused(31),
        "field `summary.squares` has 31 bytes, not a multiple of 16"
    );
    assert_eq!(
        refused(16),
        "`summary.sums` has 2 values and `summary.squares` has 1: they must be as many"
    );
}

#[test]
fn bytes_that_are_not_the_message_are_named() {
    let refused = decode::<proto::Report>(Bytes::from_static(&[0xff; 3])).unwrap_err();
    assert!(refused.to_string().starts_with("not a Report message: "));
    assert!(matches!(Malformed::from(refused), Malformed::Unreadable(_)));
}
