//! Tensors over real streams: broken, resumed, and wrong.

use tonic::Code;
use ward_core::{Event, Malformed, NodeId, Outcome, Refusal, RoundId};
use ward_round::Plan;
use ward_wire::{CHUNK_BYTES, Tensor, chunks, proto};

use crate::lab::{Lab, curt, plan, soon};
use crate::raw::{Raw, refused, upload};

/// Two chunks and a bit.
const LARGE: usize = CHUNK_BYTES / 8 * 2 + 9;

/// One round without sums and scores: a task is a train instruction.
fn train_only(nodes: u32, parameters: usize) -> Plan {
    Plan {
        federated_scaling: false,
        evaluate_every: 0,
        ..plan(nodes, 1, parameters)
    }
}

fn malformed(event: &Event, part: &str) -> bool {
    matches!(event, Event::ReportRefused { refusal: Refusal::Malformed(m), .. } if m.to_string().contains(part))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_killed_in_mid_upload_goes_on_where_it_broke() {
    let lab = Lab::start(train_only(1, LARGE), curt()).await;
    let (message, tensor) = upload(0, LARGE);
    let pieces: Vec<_> = chunks(&tensor, 0).collect();
    let mut first = Raw::joined(&lab, 0, 1, LARGE).await;
    first.task(0).await;
    // One chunk arrives, then the whole connection goes.
    let (feed, stream) = tokio::sync::mpsc::channel(4);
    let stream = tokio_stream::wrappers::ReceiverStream::new(stream);
    let request = first.request(stream);
    let mut tensors = first.tensors.clone();
    let pushing = tokio::spawn(async move { tensors.push_tensors(request).await });
    let chunk = Some(pieces[0].clone());
    feed.send(proto::PushTensorsRequest { chunk })
        .await
        .unwrap();
    let arrived = async {
        while first.held(&tensor).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    soon("the first chunk", arrived).await;
    pushing.abort();
    drop((feed, first));
    // The same process comes back on another connection and asks how far it got.
    let mut second = Raw::joined(&lab, 0, 1, LARGE).await;
    let held = second.held(&tensor).await;
    assert_eq!(held, CHUNK_BYTES as u64);
    second.push(chunks(&tensor, held).collect()).await.unwrap();
    assert_eq!(second.held(&tensor).await, tensor.manifest().total());
    assert!(!second.complete(1, message).await.unwrap());
    let (served, story) = lab.end().await;
    assert_eq!(served.outcome, Outcome::Completed);
    let node = NodeId(0);
    let accepted = |e: &Event| matches!(e, Event::ReportAccepted { node: n, .. } if *n == node);
    assert_eq!(story.count(accepted), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_killed_for_good_in_mid_upload_is_silent_and_the_round_closes() {
    let mut plan = train_only(2, LARGE);
    (plan.quorum, plan.deadline_ms) = (0.5, 1500);
    let lab = Lab::start(plan, curt()).await;
    let mut steady = Raw::joined(&lab, 0, 1, LARGE).await;
    let mut doomed = Raw::joined(&lab, 1, 2, LARGE).await;
    steady.task(0).await;
    doomed.task(0).await;
    let (message, tensor) = upload(0, LARGE);
    let half = chunks(&tensor, 0).take(1).collect();
    refused(doomed.push(half).await, Code::InvalidArgument, "truncated");
    drop(doomed);
    steady.push(chunks(&tensor, 0).collect()).await.unwrap();
    steady.complete(1, message).await.unwrap();
    let (served, story) = lab.end().await;
    assert_eq!(served.outcome, Outcome::Completed);
    let closed =
        |e: &Event| matches!(e, Event::RoundClosed { silent, .. } if *silent == [NodeId(1)]);
    assert_eq!(story.count(closed), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn truncated_repeated_reordered_and_forged_streams_are_refused_and_told() {
    let lab = Lab::start(train_only(1, LARGE), curt()).await;
    let mut raw = Raw::joined(&lab, 0, 1, LARGE).await;
    raw.task(0).await;
    let (message, tensor) = upload(0, LARGE);
    let pieces: Vec<_> = chunks(&tensor, 0).collect();
    let pick = |order: &[usize]| order.iter().map(|i| pieces[*i].clone()).collect::<Vec<_>>();
    let bad = Code::InvalidArgument;
    refused(
        raw.push(pick(&[0, 1])).await,
        bad,
        "truncated tensor: 2097152 of",
    );
    refused(
        raw.push(pick(&[0, 0])).await,
        bad,
        "repeated chunk: offset 0",
    );
    refused(
        raw.push(pick(&[0, 2, 1])).await,
        bad,
        "out of order: offset 2097152",
    );
    refused(raw.push(pick(&[2])).await, bad, "out of order");
    let empty = proto::TensorChunk {
        data: bytes::Bytes::new(),
        ..pieces[0].clone()
    };
    refused(raw.push(vec![empty]).await, bad, "without data");
    let overlong = proto::TensorChunk {
        data: vec![0; CHUNK_BYTES + 1].into(),
        ..pieces[0].clone()
    };
    refused(raw.push(vec![overlong]).await, bad, "1048577 bytes");
    let mut forged = pick(&[0, 1, 2]);
    forged[1].data = vec![7; CHUNK_BYTES].into();
    refused(raw.push(forged).await, bad, "was announced");
    let nameless = proto::TensorChunk {
        manifest: None,
        ..pieces[0].clone()
    };
    refused(
        raw.push(vec![nameless]).await,
        bad,
        "`chunk.manifest` is missing",
    );
    for part in ["truncated", "repeated", "out of order", "announced"] {
        lab.story.until(part, |e| malformed(e, part)).await;
    }
    // After all that the right stream is taken.
    assert_eq!(raw.push(pick(&[0, 1, 2])).await.unwrap(), 1);
    raw.complete(1, message).await.unwrap();
    assert_eq!(lab.end().await.0.outcome, Outcome::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_of_another_length_is_refused_before_it_is_stored() {
    let lab = Lab::start(train_only(1, 6), curt()).await;
    let mut raw = Raw::joined(&lab, 0, 1, 6).await;
    raw.task(0).await;
    for (parameters, part) in [(5, "5 U64"), (7, "7 U64"), (1 << 17, "131072 U64")] {
        let (message, tensor) = upload(0, parameters);
        let pushed = raw.push(chunks(&tensor, 0).collect()).await;
        refused(pushed, Code::InvalidArgument, part);
        assert_eq!(raw.held(&tensor).await, 0);
        let answered = raw.complete(parameters as u8, message).await;
        refused(answered, Code::FailedPrecondition, "push it first");
    }
    let params = Tensor::of_params(&ward_core::Params(vec![0.0; 6]));
    let pushed = raw.push(chunks(&params, 0).collect()).await;
    refused(
        pushed,
        Code::InvalidArgument,
        "6 F32 was announced, 6 U64 fit",
    );
    let (got, expected) = (7, 6);
    let wrong = Refusal::Malformed(Malformed::WrongLength { got, expected });
    let told = |e: &Event| matches!(e, Event::ReportRefused { refusal, .. } if *refusal == wrong);
    lab.story.until("the refusal", told).await;
    assert_eq!(lab.story.count(told), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_once_however_often_it_is_sent() {
    let lab = Lab::start(train_only(2, 6), curt()).await;
    let mut raw = Raw::joined(&lab, 0, 1, 6).await;
    let mut other = Raw::joined(&lab, 1, 2, 6).await;
    raw.task(0).await;
    let (message, tensor) = upload(0, 6);
    raw.push(chunks(&tensor, 0).collect()).await.unwrap();
    assert!(!raw.complete(1, message.clone()).await.unwrap());
    assert!(raw.complete(1, message.clone()).await.unwrap());
    // Another key is another answer: the engine refuses it.
    raw.push(chunks(&tensor, 0).collect()).await.unwrap();
    assert!(!raw.complete(2, message.clone()).await.unwrap());
    let twice = |e: &Event| {
        matches!(
            e,
            Event::ReportRefused {
                refusal: Refusal::Duplicate,
                ..
            }
        )
    };
    lab.story.until("the refusal", twice).await;
    // And what a node pushed is no other node's.
    refused(
        other.complete(3, message.clone()).await,
        Code::FailedPrecondition,
        "push it first",
    );
    other.push(chunks(&tensor, 0).collect()).await.unwrap();
    other.complete(4, message).await.unwrap();
    let (served, story) = lab.end().await;
    assert_eq!(served.outcome, Outcome::Completed);
    assert_eq!(
        story.count(|e| matches!(e, Event::ReportAccepted { .. })),
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_cannot_be_read_or_do_not_belong_are_refused_and_the_run_goes_on() {
    let lab = Lab::start(train_only(1, 6), curt()).await;
    let mut raw = Raw::joined(&lab, 0, 1, 6).await;
    raw.task(0).await;
    let empty = raw.complete(1, proto::Report::default()).await;
    refused(empty, Code::InvalidArgument, "`report` is missing");
    let (mut message, tensor) = upload(0, 6);
    raw.push(chunks(&tensor, 0).collect()).await.unwrap();
    if let Some(proto::report::Report::Upload(upload)) = &mut message.report {
        upload.loss = f64::NAN;
    }
    let nan = raw.complete(2, message).await;
    refused(nan, Code::InvalidArgument, "`upload.loss` is not a finite");
    let not_finite = Refusal::Malformed(Malformed::NotFinite);
    let told =
        |e: &Event| matches!(e, Event::ReportRefused { refusal, .. } if *refusal == not_finite);
    lab.story.until("the refusal", told).await;
    assert_eq!(lab.story.count(told), 1);
    let (later, tensor) = upload(9, 6);
    raw.push(chunks(&tensor, 0).collect()).await.unwrap();
    raw.complete(3, later).await.unwrap();
    let wrong = |e: &Event| {
        matches!(
            e,
            Event::ReportRefused {
                refusal: Refusal::WrongRound {
                    got: RoundId(9),
                    ..
                },
                ..
            }
        )
    };
    lab.story.until("the wrong round", wrong).await;
    let (right, tensor) = upload(0, 6);
    raw.push(chunks(&tensor, 0).collect()).await.unwrap();
    raw.complete(4, right).await.unwrap();
    assert_eq!(lab.end().await.0.outcome, Outcome::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_pulled_from_any_offset_and_unknown_ones_are_refused() {
    let lab = Lab::start(train_only(1, LARGE), curt()).await;
    let mut raw = Raw::joined(&lab, 0, 1, LARGE).await;
    let task = raw.task(0).await;
    let manifest = task.instruction.unwrap().needs().unwrap().unwrap();
    let hash = bytes::Bytes::copy_from_slice(&manifest.hash.0);
    let offset = CHUNK_BYTES as u64;
    let request = raw.request(proto::PullTensorsRequest { hash, offset });
    let mut stream = raw
        .tensors
        .pull_tensors(request)
        .await
        .unwrap()
        .into_inner();
    let mut bytes = 0;
    while let Some(message) = stream.message().await.unwrap() {
        let chunk = message.chunk.unwrap();
        assert_eq!(chunk.offset, offset + bytes);
        bytes += chunk.data.len() as u64;
    }
    assert_eq!(offset + bytes, manifest.total());
    let pull = |hash: Vec<u8>| proto::PullTensorsRequest {
        hash: hash.into(),
        offset: 0,
    };
    let request = raw.request(pull(vec![1; 32]));
    refused(
        raw.tensors.pull_tensors(request).await,
        Code::NotFound,
        "no such model",
    );
    let request = raw.request(pull(vec![1; 4]));
    let short = raw.tensors.pull_tensors(request).await;
    refused(short, Code::InvalidArgument, "`pull.hash` has 4 bytes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_store_asks_to_wait() {
    let settings = ward_net::ServerSettings {
        store_bytes: 60,
        ..curt()
    };
    let lab = Lab::start(train_only(2, 6), settings).await;
    let mut first = Raw::joined(&lab, 0, 1, 6).await;
    let mut second = Raw::joined(&lab, 1, 2, 6).await;
    let (message, tensor) = upload(0, 6);
    first.push(chunks(&tensor, 0).collect()).await.unwrap();
    let full = second.push(chunks(&tensor, 0).collect()).await;
    refused(full, Code::ResourceExhausted, "holds 48 of 60 bytes");
    // Room is made when the first answer is read.
    first.complete(1, message).await.unwrap();
    second.push(chunks(&tensor, 0).collect()).await.unwrap();
}
