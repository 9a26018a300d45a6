use super::*;
use crate::sample::{Sample, any_record};
use crate::{EventLog, read_events};
use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn the_view_of_a_log_is_the_view_folded_live(
        records in prop::collection::vec(any_record(), 0..60),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let mut log = EventLog::create(&path).unwrap();
        let mut live = RunView::default();
        for record in &records {
            log.append(record).unwrap();
            live.apply(record);
        }
        log.sync().unwrap();
        prop_assert_eq!(RunView::of(&read_events(&path).unwrap().records), live);
    }

    #[test]
    fn arrival_order_within_a_round_does_not_change_who_took_part(
        order in Just((0..6_u32).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let accepted = |node: u32| Record {
            at: Tick(1),
            event: Event::ReportAccepted {
                round: RoundId(0),
                node: NodeId(node),
                weight: u64::from(node) + 1,
                loss: Some(0.1 * f64::from(node)),
            },
        };
        let in_order: Vec<_> = (0..6).map(accepted).collect();
        let shuffled: Vec<_> = order.into_iter().map(accepted).collect();
        prop_assert_eq!(RunView::of(&shuffled), RunView::of(&in_order));
    }
}

#[test]
fn a_resumed_run_shows_each_round_once() {
    let sample = Sample::new(5, 6);
    let whole = RunView::of(&sample.records);
    // Stopped after round 4 (of 0 to 5), with a checkpoint that goes on with round 2.
    let is_end_of_4 = |r: &Record| matches!(r.event, Event::EvaluationClosed { round, .. } if round == RoundId(4));
    let stop = sample.records.iter().position(is_end_of_4).unwrap();
    let mut again = sample.records[..=stop].to_vec();
    let mut start = sample.records[0].clone();
    if let Event::RunStarted { round, .. } = &mut start.event {
        *round = RoundId(2);
    }
    again.push(start);
    let is_start_of_2 =
        |r: &Record| matches!(r.event, Event::RoundOpened { round, .. } if round == RoundId(2));
    let from = sample.records.iter().position(is_start_of_2).unwrap();
    again.extend_from_slice(&sample.records[from..]);
    let view = RunView::of(&again);
    assert_eq!(view.rounds, whole.rounds);
    assert_eq!(view.finished, whole.finished);
    assert_eq!(view.starts, 2);
    assert!(
        view.sent().bytes > whole.sent().bytes,
        "what left in the rounds played twice left twice"
    );
}

#[test]
fn a_report_refused_outside_any_round_makes_no_round() {
    let refused = |round, refusal| Record {
        at: Tick(1),
        event: Event::ReportRefused {
            round: RoundId(round),
            node: NodeId(0),
            refusal,
        },
    };
    let mut records = Sample::new(3, 2).records;
    records.insert(1, refused(0, ward_core::Refusal::Duplicate));
    records.push(refused(2, ward_core::Refusal::TooLate));
    let view = RunView::of(&records);
    assert_eq!(view.rounds.len(), 2);
    assert_eq!(view.strays.len(), 2);
}

#[test]
fn a_late_answer_does_not_stand_against_the_next_round() {
    let mut view = RunView::of(&Sample::new(6, 5).records);
    let (round, node) = (&mut view.rounds[2], NodeId(5));
    let refused = |refusal| RefusedReport { node, refusal };
    round.refused.push(refused(ward_core::Refusal::TooLate));
    assert_eq!(round.standing(node), Standing::Silent);
    let malformed = ward_core::Malformed::NotFinite;
    round.refused.push(refused(malformed.into()));
    assert_eq!(round.standing(node), Standing::Refused);
}

#[test]
fn everything_said_of_a_sample_run_is_in_its_view() {
    let sample = Sample::new(6, 5);
    let view = RunView::of(&sample.records);
    assert_eq!(view.rounds.len(), 5);
    assert_eq!(view.nodes.len(), 6);
    assert_eq!(view.tiers(), ["tertiary", "county", "township"]);
    assert_eq!(view.curve(None, "auc").len(), 5);
    assert_eq!(view.curve(Some("township"), "auc").len(), 5);
    assert_eq!(view.loss_curve().len(), 5);
    assert_eq!(view.main_metric().as_deref(), Some("auc"));
    let last = NodeId(5);
    assert_eq!(view.rounds[2].standing(last), Standing::Silent);
    assert_eq!(view.rounds[0].standing(last), Standing::Reported);
    let (audit, hospitals) = view.audit();
    assert_eq!((audit.found, hospitals), (0, 6));
    assert_eq!(audit.messages, view.sent().messages);
}

#[test]
fn the_phases_of_masked_rounds_follow_each_other_and_share_the_rounds_bytes() {
    let view = RunView::of(&Sample::masked(12, 4).records);
    assert_eq!(view.rounds.len(), 4);
    for round in &view.rounds {
        let phases: Vec<_> = round.masking.iter().map(|m| m.phase).collect();
        assert!(phases.is_sorted(), "{phases:?}");
        assert_eq!(phases.len(), if round.abandoned.is_some() { 2 } else { 5 });
        let mut asked = &round.cohort;
        let mut opened = round.opened;
        for phase in &round.masking {
            assert_eq!(&phase.asked, asked, "who answered is asked next");
            assert_eq!(
                phase.opened, opened,
                "a phase begins when the last one ends"
            );
            let lost = round.lost_in(phase).len();
            assert_eq!(phase.answered.len() + lost, phase.asked.len());
            (asked, opened) = (&phase.answered, phase.closed);
        }
        let of = |kind: fn(&MaskingView) -> u64| round.masking.iter().map(kind).sum::<u64>();
        let scores = if round.abandoned.is_some() { 0 } else { 12 };
        assert_eq!(of(|m| m.bytes_up) + scores * 142, round.bytes_up);
        assert_eq!(of(|m| m.bytes_down) + scores * 320, round.bytes_down);
    }
    let sum = |bytes: fn(&RoundView) -> u64| view.rounds.iter().map(bytes).sum::<u64>();
    assert_eq!(sum(|r| r.bytes_up), view.sent().bytes);
    assert_eq!(sum(|r| r.bytes_down), view.received().bytes);
    assert_eq!(view.audit().0.bytes, view.sent().bytes);
}

#[test]
fn it_is_told_how_hospitals_are_lost_to_a_masked_round() {
    let view = RunView::of(&Sample::masked(12, 4).records);
    let round = &view.rounds[3];
    let lost: Vec<_> = round.masking.iter().map(|m| round.lost_in(m)).collect();
    let expected = [
        vec![(NodeId(2), Lost::Declined)],
        vec![(NodeId(3), Lost::Dishonest)],
        vec![(NodeId(11), Lost::Silent)],
        vec![],
        vec![(NodeId(0), Lost::Silent)],
    ];
    assert_eq!(lost, expected);
}

#[test]
fn a_masked_round_that_is_opened_again_starts_anew() {
    let sample = Sample::masked(12, 2);
    let whole = RunView::of(&sample.records);
    let consents = |r: &Record| {
        let phase = ward_core::MaskingPhase::Consents;
        matches!(r.event, Event::MaskingPhaseClosed { round, phase: p, .. } if round.0 == 1 && p == phase)
    };
    let stop = sample.records.iter().position(consents).unwrap();
    let mut again = sample.records[..=stop].to_vec();
    let mut start = sample.records[0].clone();
    if let Event::RunStarted { round, .. } = &mut start.event {
        *round = RoundId(1);
    }
    again.push(start);
    let opens = |r: &Record| matches!(r.event, Event::RoundOpened { round, .. } if round.0 == 1);
    let from = sample.records.iter().position(opens).unwrap();
    again.extend_from_slice(&sample.records[from..]);
    assert_eq!(RunView::of(&again).rounds, whole.rounds);
    // The same without a new start: opening the round is enough.
    again.remove(stop + 1);
    assert_eq!(RunView::of(&again).rounds, whole.rounds);
}
