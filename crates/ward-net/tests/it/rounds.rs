//! Whole runs: the sockets change nothing.

use std::collections::VecDeque;

use ward_core::{Digest, Event, Instruction, NodeId, Outcome, Report, RoundId, Tick};
use ward_net::TransportMode;
use ward_privacy::Guard;
use ward_round::{Coordinator, Effect, Input, NodeEffect, NodeInput, NodeSession, Plan, Strategy};

use crate::lab::{Lab, brisk, fresh, in_mode, plan, rested};
use crate::toy::Toy;

/// The same run without sockets: both engines and a queue. The digest of its model.
fn by_hand(plan: &Plan) -> (Digest, Vec<(NodeId, Report)>) {
    let nodes = plan.roster.len() as u32;
    let mut coordinator = Coordinator::new(plan.clone(), Strategy::fed_avg(), fresh(plan));
    let mut toys: Vec<Toy> = (0..nodes).map(|i| Toy::new(i, plan.parameters)).collect();
    let mut sessions: Vec<_> = (0..nodes).map(|i| NodeSession::new(NodeId(i))).collect();
    let mut reports = Vec::new();
    let mut inputs = VecDeque::from([Input::Start]);
    inputs.extend((0..nodes).map(|i| Input::Joined(NodeId(i))));
    while let Some(input) = inputs.pop_front() {
        for effect in coordinator.handle(Tick(0), input) {
            if let Effect::Send { to, instruction } = effect {
                let i = to.0 as usize;
                for report in answer(&mut toys[i], &mut sessions[i], instruction) {
                    reports.push((to, report.clone()));
                    inputs.push_back(Input::From(to, report));
                }
            }
        }
    }
    assert_eq!(coordinator.outcome(), Some(Outcome::Completed));
    (coordinator.params().digest(), reports)
}

fn answer(toy: &mut Toy, session: &mut NodeSession, instruction: Instruction) -> Vec<Report> {
    let node = session.node();
    let mut reports = Vec::new();
    let mut effects = session.handle(Tick(0), NodeInput::Instruction(instruction));
    while let Some(effect) = effects.pop() {
        if let Some(done) = effect.carry_out(node, toy, &mut Guard::open()) {
            effects.extend(session.handle(Tick(0), done));
        } else if let NodeEffect::Send(report) = effect {
            reports.push(report);
        }
    }
    reports
}

async fn over_sockets(plan: &Plan, mode: TransportMode) -> (Digest, Vec<Event>) {
    let nodes = plan.roster.len() as u32;
    let lab = Lab::start(plan.clone(), brisk()).await;
    let hospitals = in_mode(&lab, nodes, plan.parameters, mode);
    rested(hospitals).await;
    let (served, story) = lab.end().await;
    assert_eq!(served.outcome, Outcome::Completed);
    (served.coordinator.params().digest(), story.events())
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_streams_and_polling_end_in_the_same_bits() {
    let plan = plan(4, 4, 30);
    let (digest, _) = by_hand(&plan);
    for mode in [TransportMode::Subscribe, TransportMode::Poll] {
        let (over_sockets, events) = over_sockets(&plan, mode).await;
        assert_eq!(over_sockets, digest, "{mode:?}");
        let evaluated = events
            .iter()
            .filter(|e| matches!(e, Event::Evaluated { .. }));
        assert_eq!(evaluated.count(), 16);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_is_told_with_the_bytes_the_wire_weighs_and_the_hospital_counted() {
    let plan = plan(2, 2, 50);
    let (_, mut expected) = by_hand(&plan);
    let lab = Lab::start(plan.clone(), brisk()).await;
    let hospitals = lab.hospitals(2, 50);
    let sent: Vec<_> = hospitals.iter().map(|h| h.sent.clone()).collect();
    rested(hospitals).await;
    let (_, story) = lab.end().await;
    let mut told = Vec::new();
    for event in story.events() {
        if let Event::ReportReceived {
            node,
            kind,
            bytes,
            tensors,
        } = event
        {
            told.push((node, kind, bytes, tensors));
        }
    }
    // Each node's reports come in order; between nodes any order is right.
    told.sort_by_key(|(node, ..)| *node);
    expected.sort_by_key(|(node, _)| *node);
    let weighed = expected.iter().map(|(node, report)| {
        let tensors = u32::from(matches!(report, Report::Upload { .. }));
        let kind = report.kind().to_owned();
        (*node, kind, ward_wire::wire_bytes(report), tensors)
    });
    assert_eq!(told, weighed.collect::<Vec<_>>());
    for (i, sent) in sent.iter().enumerate() {
        let own = told.iter().filter(|t| t.0 == NodeId(i as u32));
        let (bytes, tensors) = own.fold((0, 0), |sum, t| (sum.0 + t.2, sum.1 + t.3));
        let reports = ["summary", "upload", "evaluation", "tensor"];
        let sent = sent.0.lock().unwrap();
        let counted = sent.iter().filter(|s| reports.contains(&s.0.as_str()));
        let counted = counted.fold((0, 0), |sum, s| (sum.0 + s.1, sum.1 + s.2));
        assert_eq!(counted, (bytes, tensors));
        assert!(sent.iter().any(|s| s.0 == "join"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_of_many_chunks_is_fetched_once_a_round() {
    // 300,000 parameters: 2 chunks down, 3 chunks up.
    let plan = plan(2, 3, 300_000);
    let (digest, _) = by_hand(&plan);
    let lab = Lab::start(plan, brisk()).await;
    let hospitals = lab.hospitals(2, 300_000);
    let sent = hospitals[0].sent.clone();
    rested(hospitals).await;
    let (served, story) = lab.end().await;
    assert_eq!(served.coordinator.params().digest(), digest);
    // Models 0 to 3 each travel once, though models 1 to 3 are scored, and 1 and 2 trained from.
    let pulls = sent
        .0
        .lock()
        .unwrap()
        .iter()
        .filter(|s| s.0 == "pull")
        .count();
    assert_eq!(pulls, 4);
    let large = story.count(|e| matches!(e, Event::InstructionSent { node: NodeId(0), bytes, .. } if *bytes > 1_200_000));
    assert_eq!(large, 4);
    let chunks = sent
        .0
        .lock()
        .unwrap()
        .iter()
        .filter(|s| s.0 == "tensor")
        .count();
    assert_eq!(chunks, 3 * 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_that_cannot_train_declines_and_the_others_go_on() {
    let mut plan = plan(3, 2, 8);
    plan.quorum = 0.5;
    plan.federated_scaling = false;
    plan.order.ring.range = 4.0;
    let lab = Lab::start(plan, brisk()).await;
    // Hospital 2's centre is far away: its update does not fit the ring of this plan.
    let mut hospitals = lab.hospitals(2, 8);
    hospitals.push(lab.hospital(2, Toy::new(2000, 8)));
    rested(hospitals).await;
    let (served, story) = lab.end().await;
    assert_eq!(served.outcome, Outcome::Completed);
    let node = NodeId(2);
    let declined = story.count(|e| matches!(e, Event::ReportDeclined { node: n, reason, .. } if *n == node && reason.contains("ring")));
    assert!(declined > 0);
    let closed = story.count(|e| matches!(e, Event::RoundClosed { round: RoundId(1), reporters, .. } if !reporters.contains(&node)));
    assert_eq!(closed, 1);
}
