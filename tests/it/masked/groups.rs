//! Masked rounds with a sum for each group, and a rule over the groups' means.
//!
//! Twelve nodes in three groups of four: a group's sum takes three of its nodes.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;
use ward_core::{Abandoned, Event, MaskingPhase, NodeId, Outcome, RoundId, Unmet};
use ward_robust::rule::{Krum, Median};
use ward_robust::{Robust, Rule, Updates};
use ward_round::groups::deal;

use super::mean;
use super::play::{PHASES, Play, losing, settings};

const NODES: u32 = 12;
const GROUPS: usize = 3;

fn rule(rule: Arc<dyn Rule>, f: usize) -> Robust {
    Robust {
        before: Vec::new(),
        rule,
        f,
        norm_bound: f64::INFINITY,
        claimed_weights: false,
    }
}

fn median(f: usize) -> Robust {
    rule(Arc::new(Median { weighted: false }), f)
}

fn play(rounds: u32, rule: Robust) -> Play {
    Play::grouped(&settings(NODES, rounds), GROUPS, Box::new(rule))
}

/// Who is with whom, as both sides of a test can know it.
fn dealt(play: &Play, round: u32) -> Vec<Vec<NodeId>> {
    let cohort: Vec<NodeId> = (0..NODES).map(NodeId).collect();
    let seed = play.coordinator.plan().seed;
    deal(&cohort, GROUPS, seed.round(RoundId(round)))
}

/// What the rule makes, in the clear, of the means of those of each group who were counted.
fn of_means(play: &Play, rule: &Robust, round: u32, counted: &[NodeId]) -> Vec<f32> {
    let mut means = Updates::new(2);
    for group in dealt(play, round) {
        let nodes: Vec<NodeId> = group
            .iter()
            .copied()
            .filter(|node| counted.contains(node))
            .collect();
        if !nodes.is_empty() {
            means.insert(group[0], mean(&nodes).into(), 1).unwrap();
        }
    }
    let seed = play.coordinator.plan().seed.round(RoundId(round));
    rule.combine(&means, seed).unwrap()
}

fn lost(play: &Play) -> Vec<(Vec<NodeId>, Abandoned)> {
    let lost = play.events.iter().filter_map(|event| match event {
        Event::GroupLost { group, reason, .. } => Some((group.clone(), *reason)),
        _ => None,
    });
    lost.collect()
}

#[test]
fn a_rule_over_groups_is_the_rule_over_their_means_to_the_bit() {
    for rule in [median(1), rule(Arc::new(Krum), 0)] {
        let play = play(3, rule.clone()).run(&|_, _, report| Some(report));
        assert_eq!(play.outcome, Some(Outcome::Completed));
        let mut model = [0.0_f32; 2];
        for (round, counted) in (0..).zip(play.reporters()) {
            assert_eq!(counted.len(), 12);
            let step = of_means(&play, &rule, round, &counted);
            model.iter_mut().zip(step).for_each(|(w, step)| *w += step);
        }
        assert_eq!(play.coordinator.params().0, model);
        let told = play.events.iter().filter_map(|event| match event {
            Event::GroupsDealt { round, groups } => Some((round.0, groups.clone())),
            _ => None,
        });
        let expected = (0..3).map(|round| (round, dealt(&play, round)));
        assert_eq!(
            told.collect::<BTreeMap<_, _>>(),
            expected.collect::<BTreeMap<_, _>>()
        );
    }
}

/// No phase is closed for one group while another is in it: the slowest sets the pace.
#[test]
fn groups_go_through_the_phases_together() {
    let play = play(1, median(1)).run(&|_, _, report| Some(report));
    let phases = play.events.iter().filter_map(|event| match event {
        Event::MaskingPhaseClosed {
            phase, answered, ..
        } => Some((*phase, answered.len() >= 9)),
        _ => None,
    });
    assert_eq!(
        phases.collect::<Vec<_>>(),
        PHASES.map(|phase| (phase, true))
    );
}

#[test]
fn a_group_that_loses_too_many_is_silent_and_the_others_go_on() {
    for phase in PHASES {
        let ready = play(1, median(0));
        let groups = dealt(&ready, 0);
        let gone = groups[1][..2].iter().map(|&node| (node, phase));
        let play = ready.run(&losing(gone.collect()));
        let reason = Abandoned::BelowThreshold {
            phase,
            left: 2,
            needed: 3,
        };
        assert_eq!(lost(&play), [(groups[1].clone(), reason)]);
        let mut others = [&groups[0][..], &groups[2][..]].concat();
        others.sort_unstable();
        assert_eq!(play.reporters(), [others.clone()]);
        let silent = play.events.iter().find_map(|event| match event {
            Event::RoundClosed { silent, .. } => Some(silent.clone()),
            _ => None,
        });
        assert_eq!(silent, Some(groups[1].clone()));
        let step = of_means(&play, &median(0), 0, &others);
        assert_eq!(play.coordinator.params().0, step);
    }
}

#[test]
fn with_too_few_groups_left_a_rule_keeps_no_promise_and_the_model_stays() {
    let ready = play(1, median(1));
    let gone = dealt(&ready, 0)[0][..2]
        .iter()
        .map(|&node| (node, MaskingPhase::Shares))
        .collect();
    let play = ready.run(&losing(gone));
    let unmet = Unmet::TooFew {
        updates: 2,
        needed: 3,
        f: 1,
    };
    assert_eq!(play.abandoned(), [Abandoned::Unmet(unmet)]);
    assert_eq!(play.coordinator.params().0, [0.0; 2]);
}

#[test]
fn a_round_without_any_group_says_why() {
    let gone = (0..NODES).map(|node| (NodeId(node), MaskingPhase::Keys));
    let play = play(1, median(0)).run(&losing(gone.collect()));
    assert_eq!(lost(&play).len(), GROUPS);
    let reason = Abandoned::BelowThreshold {
        phase: MaskingPhase::Keys,
        left: 0,
        needed: 3,
    };
    assert_eq!(play.abandoned(), [reason]);
}

#[test]
fn a_sum_that_is_unsound_or_too_long_costs_its_group_only() {
    let far = |play: &mut Play| play.poisoned = Some(NodeId(7));
    let ready = play(1, median(0));
    let bad = |play: &Play| {
        let groups = dealt(play, 0).into_iter();
        groups.filter(|g| g.contains(&NodeId(7))).collect()
    };
    let expected: Vec<Vec<NodeId>> = bad(&ready);
    let mut poisoned = ready;
    far(&mut poisoned);
    let poisoned = poisoned.run(&|_, _, report| Some(report));
    assert_eq!(
        lost(&poisoned),
        [(expected[0].clone(), Abandoned::UnsoundSum)]
    );
    assert_eq!(poisoned.reporters()[0].len(), 8);

    // The longest update is 2^11, and the mean of its group above 2^9.
    let bounded = Robust {
        norm_bound: 512.0,
        ..median(0)
    };
    let play = play(1, bounded).run(&|_, _, report| Some(report));
    let groups = dealt(&play, 0).into_iter();
    let long: Vec<Vec<NodeId>> = groups.filter(|g| g.contains(&NodeId(11))).collect();
    assert_eq!(lost(&play), [(long[0].clone(), Abandoned::UnsoundSum)]);
}

/// Fewer come than three groups take: there are two, and one below eight.
#[test]
fn few_hospitals_make_fewer_groups() {
    for (nodes, groups) in [(11, 2), (7, 1)] {
        let settings = settings(nodes, 1);
        let play = Play::grouped(&settings, GROUPS, Box::new(median(0)));
        let play = play.run(&|_, _, report| Some(report));
        let dealt = play.events.iter().find_map(|event| match event {
            Event::GroupsDealt { groups, .. } => Some(groups.len()),
            _ => None,
        });
        assert_eq!(dealt, Some(groups));
        assert_eq!(play.reporters()[0].len(), nodes as usize);
    }
    let play = Play::grouped(&settings(3, 1), GROUPS, Box::new(median(0)));
    let play = play.run(&|_, _, report| Some(report));
    assert_eq!(play.abandoned(), [Abandoned::NoMaskedSum]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whoever is lost and when: a group has a sum exactly when three of it are left, and the model
    /// moves by the rule over the means of those in them.
    #[test]
    fn what_is_left_of_each_group_counts(
        lost_nodes in prop::collection::btree_map(0..NODES, prop::sample::select(&PHASES[..]), 0..7),
    ) {
        let gone: BTreeMap<NodeId, MaskingPhase> =
            lost_nodes.into_iter().map(|(node, phase)| (NodeId(node), phase)).collect();
        let play = play(1, median(0)).run(&losing(gone.clone()));
        let groups = dealt(&play, 0);
        let whole = |group: &&Vec<NodeId>| group.iter().filter(|n| !gone.contains_key(n)).count() >= 3;
        let summed: Vec<_> = groups.iter().filter(whole).collect();
        prop_assert_eq!(lost(&play).len(), groups.len() - summed.len());
        let counted = play.reporters().into_iter().next().unwrap_or_default();
        let in_sum = |group: &&Vec<NodeId>| group.iter().any(|node| counted.contains(node));
        prop_assert_eq!(groups.iter().filter(in_sum).collect::<Vec<_>>(), summed);
        if !counted.is_empty() {
            let step = of_means(&play, &median(0), 0, &counted);
            prop_assert_eq!(&play.coordinator.params().0, &step);
        }
    }
}
