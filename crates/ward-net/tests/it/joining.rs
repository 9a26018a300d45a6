//! Who is let in, and who is not.

use tokio_stream::StreamExt;
use tonic::Code;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus};
use ward_core::{Event, NodeId, Outcome};
use ward_net::{Farewell, HospitalError, HospitalSettings};
use ward_wire::proto::{self, subscribe_response};

use crate::lab::{Lab, Running, brisk, plan, rested, soon};
use crate::raw::{Raw, join_request, refused};
use crate::toy::{Toy, Turnstile};

/// Makes a right join wrong.
type Change = fn(&mut proto::JoinRequest);

#[tokio::test(flavor = "multi_thread")]
async fn a_join_that_is_wrong_anywhere_is_refused_with_its_reason() {
    let lab = Lab::start(plan(2, 1, 6), brisk()).await;
    let mut raw = Raw::connect(&lab).await;
    let cases: [(Code, &str, Change); 8] = [
        (
            Code::FailedPrecondition,
            "version 7, the coordinator version 1",
            |j| {
                j.protocol_version = 7;
            },
        ),
        (
            Code::FailedPrecondition,
            "has 5 parameters, the run's has 6",
            |j| j.parameters = 5,
        ),
        (Code::FailedPrecondition, "in other shapes", |j| {
            j.layout = vec![0; 32].into();
        }),
        (Code::FailedPrecondition, "under other names", |j| {
            j.layout = vec![0; 3].into();
        }),
        (
            Code::Unauthenticated,
            "`hospital-9` is not on the roster",
            |j| {
                j.name = "hospital-9".into();
            },
        ),
        (Code::Unauthenticated, "its join token is wrong", |j| {
            j.join_token.clear();
        }),
        (Code::InvalidArgument, "`join.instance` has 2 bytes", |j| {
            j.instance = vec![0; 2].into();
        }),
        (Code::InvalidArgument, "`join.name` has 300 bytes", |j| {
            j.name = "x".repeat(300);
        }),
    ];
    for (code, part, change) in cases {
        let mut join = join_request(0, 1, 6);
        change(&mut join);
        refused(raw.nodes.join(join).await, code, part);
    }
    assert_eq!(
        lab.story.count(|e| matches!(e, Event::NodeJoined { .. })),
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_with_another_model_ends_with_both_lengths_named() {
    let lab = Lab::start(plan(1, 1, 6), brisk()).await;
    let error = lab.hospital(0, Toy::new(0, 7)).end().await.unwrap_err();
    assert!(matches!(error, HospitalError::Refused { .. }));
    let said = error.to_string();
    assert!(said.contains("has 7 parameters, the run's has 6"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_is_held_by_one_living_process() {
    let lab = Lab::start(plan(2, 1, 6), brisk()).await;
    let first = lab.hospital(0, Toy::new(0, 6));
    let node = NodeId(0);
    let here = |e: &Event| *e == Event::NodeJoined { node };
    lab.story.until("the first process", here).await;
    let impatient = HospitalSettings {
        patience: std::time::Duration::ZERO,
        ..lab.settings(0)
    };
    let second = Running::start(impatient, Box::new(Toy::new(0, 6)));
    let error = second.end().await.unwrap_err();
    assert!(matches!(error, HospitalError::Duplicate { .. }));
    assert!(
        error
            .to_string()
            .contains("another process runs as `hospital-0`")
    );
    // The first one is not disturbed.
    rested(vec![first, lab.hospital(1, Toy::new(1, 6))]).await;
    let (served, story) = lab.end().await;
    assert_eq!(served.outcome, Outcome::Completed);
    assert_eq!(story.count(here), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_makes_room_for_its_successor_in_either_mode() {
    for mode in [
        ward_net::TransportMode::Subscribe,
        ward_net::TransportMode::Poll,
    ] {
        let turnstile = Turnstile::closed_at(1);
        let lab = Lab::start(plan(2, 3, 6), brisk()).await;
        let toy = |i| Toy::new(i, 6).behind(&turnstile);
        let start = |i| {
            let settings = HospitalSettings {
                mode,
                ..lab.settings(i)
            };
            Running::start(settings, Box::new(toy(i)))
        };
        let other = start(1);
        let victim = start(0);
        let asked = |e: &Event| matches!(e, Event::RoundOpened { round, .. } if round.0 == 1);
        lab.story.until("the second round", asked).await;
        victim.kill();
        let successor = start(0);
        let node = NodeId(0);
        let lost = |e: &Event| matches!(e, Event::NodeLost { node: n, .. } if *n == node);
        lab.story.until("the victim's end", lost).await;
        turnstile.open();
        rested(vec![successor, other]).await;
        let (served, story) = lab.end().await;
        assert_eq!(served.outcome, Outcome::Completed);
        assert_eq!(story.count(|e| *e == Event::NodeJoined { node }), 2);
        // The round that was under way was asked of the successor, and it answered.
        let closed =
            |e: &Event| matches!(e, Event::RoundClosed { silent, .. } if silent.is_empty());
        assert_eq!(story.count(closed), 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_that_is_stopped_says_goodbye() {
    let lab = Lab::start(plan(2, 1, 6), brisk()).await;
    let hospital = lab.hospital(0, Toy::new(0, 6));
    // It knows its session once it asks for tasks.
    let asks = async {
        while !hospital.sent.kinds().contains(&"subscribe".to_owned()) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    soon("its first question", asks).await;
    hospital.stop.cancel();
    assert_eq!(hospital.end().await.unwrap(), Farewell::Stopped);
    let left = |e: &Event| matches!(e, Event::NodeLost { reason, .. } if reason.contains("operator stopped it"));
    lab.story.until("its goodbye", left).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_without_a_session_is_refused() {
    let lab = Lab::start(plan(1, 1, 6), brisk()).await;
    let mut raw = Raw::connect(&lab).await;
    raw.token = "0123456789abcdef".into();
    let (code, part) = (Code::Unauthenticated, "join again");
    let request = raw.request(proto::SubscribeRequest::default());
    refused(raw.nodes.subscribe(request).await, code, part);
    let request = raw.request(proto::PollTaskRequest::default());
    refused(raw.nodes.poll_task(request).await, code, part);
    let request = raw.request(proto::ReportProgressRequest::default());
    refused(raw.nodes.report_progress(request).await, code, part);
    let request = raw.request(proto::LeaveRequest::default());
    refused(raw.nodes.leave(request).await, code, part);
    let request = raw.request(proto::PullTensorsRequest::default());
    refused(raw.tensors.pull_tensors(request).await, code, part);
    refused(raw.complete(1, proto::Report::default()).await, code, part);
    refused(raw.push(Vec::new()).await, code, part);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_stream_goes_on_after_the_last_task_heard_and_carries_pings() {
    let lab = Lab::start(plan(1, 1, 6), brisk()).await;
    let mut raw = Raw::joined(&lab, 0, 1, 6).await;
    let mut heard = Vec::new();
    for last_seq in [0, 1] {
        let request = raw.request(proto::SubscribeRequest { last_seq });
        let mut stream = raw.nodes.subscribe(request).await.unwrap().into_inner();
        let first = soon("a message", stream.next()).await.unwrap().unwrap();
        heard.push(first.message.unwrap());
    }
    assert!(matches!(&heard[0], subscribe_response::Message::Task(t) if t.seq == 1));
    assert!(matches!(&heard[1], subscribe_response::Message::Ping(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_task_stream_ends_the_old_one() {
    let lab = Lab::start(plan(1, 1, 6), brisk()).await;
    let mut raw = Raw::joined(&lab, 0, 1, 6).await;
    let last_seq = 1;
    let request = raw.request(proto::SubscribeRequest { last_seq });
    let mut old = raw.nodes.subscribe(request).await.unwrap().into_inner();
    let request = raw.request(proto::SubscribeRequest { last_seq });
    let _new = raw.nodes.subscribe(request).await.unwrap();
    let ended = async {
        loop {
            match old.next().await.unwrap() {
                Ok(_) => {}
                Err(status) => break status,
            }
        }
    };
    assert_eq!(
        soon("the end of the old stream", ended).await.code(),
        Code::Aborted
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_served() {
    let lab = Lab::start(plan(1, 1, 6), brisk()).await;
    let endpoint = tonic::transport::Endpoint::from_shared(lab.url()).unwrap();
    let channel = endpoint.connect().await.unwrap();
    let mut health = HealthClient::new(channel);
    for service in ["", "wardround.v1.NodeService", "wardround.v1.TensorService"] {
        let service = service.to_owned();
        let answer = health.check(HealthCheckRequest { service }).await.unwrap();
        assert_eq!(answer.into_inner().status(), ServingStatus::Serving);
    }
}
