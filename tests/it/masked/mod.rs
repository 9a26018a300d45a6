//! Masked rounds of the whole engine with one sum each.
//!
//! Node n's update is (2^n, 1), so that the sum says who is in it.

mod groups;
mod play;

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use ward_core::{
    Abandoned, Event, Instruction, MaskingAnswer, MaskingPhase, NodeId, Outcome, Params, Refusal,
    Report, RoundId,
};
use ward_round::{Input, NodeInput, NodeSession};

use self::play::{PHASES, Play, losing, phase, settings};

/// The mean of these nodes' updates.
fn mean(nodes: &[NodeId]) -> [f32; 2] {
    let sum: u32 = nodes.iter().map(|node| 1_u32 << node.0).sum();
    [(f64::from(sum) / nodes.len() as f64) as f32, 1.0]
}

/// The model after all rounds: each moved it by the mean of those in it.
fn moved(play: &Play) -> Vec<f32> {
    let mut model = [0.0_f32; 2];
    for reporters in play.reporters() {
        let mean = mean(&reporters);
        model.iter_mut().zip(mean).for_each(|(w, step)| *w += step);
    }
    model.to_vec()
}

#[test]
fn everybody_s_update_is_in_the_sum_and_no_more_is_told_of_any() {
    let play = Play::new(&settings(5, 3), 0).run(&|_, _, report| Some(report));
    assert_eq!(play.outcome, Some(Outcome::Completed));
    assert_eq!(
        play.reporters(),
        vec![(0..5).map(NodeId).collect::<Vec<_>>(); 3]
    );
    assert_eq!(play.coordinator.params().0, moved(&play));
    let accepted = |e: &Event| matches!(e, Event::ReportAccepted { .. });
    assert!(!play.events.iter().any(accepted));
}

#[test]
fn one_of_five_may_be_lost_in_any_phase() {
    for phase in PHASES {
        for lost in (0..5).map(NodeId) {
            let line = losing([(lost, phase)].into());
            let play = Play::new(&settings(5, 2), 0).run(&line);
            assert_eq!(play.abandoned(), [], "{lost} lost with its {phase}");
            assert_eq!(play.coordinator.params().0, moved(&play));
            let counted = phase > MaskingPhase::Uploads;
            assert_eq!(play.reporters()[0].contains(&lost), counted);
        }
    }
}

#[test]
fn two_of_five_are_too_many_and_the_round_says_in_which_phase() {
    for phase in PHASES {
        let line = losing([(NodeId(1), phase), (NodeId(4), phase)].into());
        let play = Play::new(&settings(5, 1), 0).run(&line);
        let reason = Abandoned::BelowThreshold {
            phase,
            left: 3,
            needed: 4,
        };
        assert_eq!(play.abandoned(), [reason]);
        assert_eq!(play.coordinator.params().0, [0.0; 2]);
    }
}

#[test]
fn after_a_round_that_failed_the_next_has_new_keys() {
    let failing = |round: u32, node: NodeId, report: Report| {
        let uploads = phase(&report) == Some(MaskingPhase::Uploads);
        if round > 0 || node.0 > 1 || !uploads {
            return Some(report);
        }
        let (round, reason) = (report.round(), "no power".into());
        Some(Report::Declined {
            round,
            reason,
            for_good: false,
        })
    };
    let play = Play::new(&settings(5, 2), 0).run(&failing);
    assert_eq!(play.abandoned().len(), 1);
    assert_eq!(play.reporters().len(), 1);
    assert_eq!(play.coordinator.params().0, moved(&play));
}

#[test]
fn a_lying_node_is_named_and_not_asked_again() {
    let lying = |_: u32, node: NodeId, report: Report| match report {
        Report::Masking {
            round,
            answer: MaskingAnswer::Keys(mut offer),
        } if node.0 == 2 => {
            offer.mask[0] ^= 1;
            let answer = MaskingAnswer::Keys(offer);
            Some(Report::Masking { round, answer })
        }
        report => Some(report),
    };
    let play = Play::new(&settings(5, 2), 0).run(&lying);
    let named = play.events.iter().filter_map(|event| match event {
        Event::ReportRefused {
            node,
            refusal: Refusal::Dishonest(_),
            ..
        } => Some(*node),
        _ => None,
    });
    assert_eq!(named.collect::<Vec<_>>(), [NodeId(2)]);
    let others: Vec<NodeId> = [0, 1, 3, 4].map(NodeId).into();
    assert_eq!(play.reporters(), vec![others; 2]);
    assert_eq!(play.coordinator.params().0, moved(&play));
}

/// Under its mask nobody sees that an update is out of range; in the sum everybody does.
#[test]
fn a_sum_that_no_sound_updates_have_moves_no_model() {
    let mut play = Play::new(&settings(5, 1), 0);
    play.poisoned = Some(NodeId(2));
    let play = play.run(&|_, _, report| Some(report));
    assert_eq!(play.abandoned(), [Abandoned::UnsoundSum]);
    assert_eq!(play.coordinator.params().0, [0.0; 2]);
}

#[test]
fn a_node_without_keys_declines_and_sends_no_update() {
    let mut play = Play::new(&settings(5, 1), 0);
    play.nodes[3] = Some(NodeSession::new(NodeId(3)));
    let play = play.run(&|_, _, report| Some(report));
    let declined = |e: &Event| {
        matches!(
            e,
            Event::ReportDeclined {
                node: NodeId(3),
                ..
            }
        )
    };
    assert!(play.events.iter().any(declined));
    assert_eq!(play.reporters()[0].len(), 4);
}

/// A coordinator that leaves the masks out, or asks for sums of rows, gets neither.
#[test]
fn a_hospital_with_keys_shows_nothing_in_the_clear() {
    let mut play = Play::new(&settings(4, 1), 0);
    let (round, params) = (RoundId(0), Arc::new(Params(vec![0.0; 2])));
    let order = Arc::new(play.coordinator.plan().order.clone());
    let train = Instruction::Train {
        round,
        params,
        order,
        masking: None,
    };
    for asked in [train, Instruction::Summarise { round }] {
        play.ask(NodeId(2), NodeInput::Instruction(asked));
        let said = play.inbox.pop_front();
        let declined = |(_, report): &(NodeId, Report)| matches!(report, Report::Declined { .. });
        assert!(said.as_ref().is_some_and(declined), "{said:?}");
        assert_eq!(play.inbox.len(), 0);
    }
}

#[test]
fn an_attempt_that_is_not_new_is_declined() {
    let first = Play::new(&settings(4, 1), 7).joined();
    // The same nodes, asked by a coordinator that was started again with an older number.
    let mut second = Play::new(&settings(4, 1), 6);
    let nodes = first.nodes.into_iter().enumerate().map(|(n, node)| {
        let secrets = node?.into_secrets()?;
        Some(NodeSession::new(NodeId(n as u32)).masking(secrets))
    });
    second.nodes = nodes.collect();
    let second = second.run(&|_, _, report| Some(report));
    let declined = |e: &&Event| matches!(e, Event::ReportDeclined { .. });
    assert_eq!(second.events.iter().filter(declined).count(), 4);
    assert_eq!(second.reporters().len(), 0);
}

#[test]
fn who_comes_back_hears_what_it_still_owes_and_says_the_same_again() {
    let mut play = Play::new(&settings(4, 1), 0).joined();
    play.tell(Input::Joined(NodeId(1)));
    let keys = |(from, report): &&(NodeId, Report)| {
        *from == NodeId(1) && phase(report) == Some(MaskingPhase::Keys)
    };
    let twice: Vec<_> = play.inbox.iter().filter(keys).collect();
    assert_eq!(twice.len(), 2);
    assert_eq!(twice[0], twice[1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whoever is lost and when: a round either fails below its threshold, or its sum is exactly that
    /// of those in it.
    #[test]
    fn a_sum_is_exact_or_there_is_none(
        nodes in 3_u32..10,
        lost in prop::collection::btree_map(0_u32..10, prop::sample::select(&PHASES[..]), 0..4),
    ) {
        let lost: BTreeMap<NodeId, MaskingPhase> =
            lost.into_iter().map(|(node, phase)| (NodeId(node), phase)).collect();
        let gone = lost.keys().filter(|node| node.0 < nodes).count();
        let threshold = 2 * nodes as usize / 3 + 1;
        let play = Play::new(&settings(nodes, 1), 0).run(&losing(lost));
        prop_assert_eq!(&play.coordinator.params().0, &moved(&play));
        prop_assert_eq!(play.reporters().is_empty(), nodes as usize - gone < threshold);
    }
}
