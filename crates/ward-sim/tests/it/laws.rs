//! The laws of adversaries in a simulation.

use std::collections::BTreeMap;

use ward_core::{Digest, Event, Malformed, NodeId, Outcome, Refusal, RoundId, Weighting};
use ward_sim::adversary::{
    Alie, Attack, Backdoor, FeatureNoise, FreeRider, GaussianNoise, InflatedCount, Ipm, LabelFlip,
    Mimic, MinMax, MinSum, NonFinite, NotANumber, OptimalAlie, OptimalIpm, SignFlip, Straggler,
    Trigger,
};

use crate::hospitals::{How, NODES, RING, ROUNDS, play};

/// One of each.
fn every_attack() -> Vec<Attack> {
    vec![
        Attack::SignFlip(SignFlip { scale: 5.0 }),
        Attack::Ipm(Ipm::default()),
        Attack::OptimalIpm(OptimalIpm {}),
        Attack::Alie(Alie::default()),
        Attack::OptimalAlie(OptimalAlie {}),
        Attack::GaussianNoise(GaussianNoise::default()),
        Attack::NonFinite(NonFinite::default()),
        Attack::Mimic(Mimic { index: 3 }),
        Attack::MinMax(MinMax::default()),
        Attack::MinSum(MinSum::default()),
        Attack::FreeRider(FreeRider { disguised: false }),
        Attack::FreeRider(FreeRider { disguised: true }),
        Attack::InflatedCount(InflatedCount::default()),
        Attack::LabelFlip(LabelFlip::default()),
        Attack::FeatureNoise(FeatureNoise::default()),
        Attack::Backdoor(Backdoor {
            trigger: Trigger::Feature {
                index: 0,
                value: 3.0,
            },
            target: 0,
            share: 0.5,
            boost: 2.0,
        }),
        Attack::Straggler(Straggler { late_by_s: 90.0 }),
    ]
}

fn against(attack: Attack) -> How {
    How {
        attack: Some(attack),
        ..How::default()
    }
}

fn digest(how: &How) -> Digest {
    let (finished, _) = play(how);
    assert_eq!(finished.outcome, Outcome::Completed);
    finished.state.params().digest()
}

#[test]
fn no_attack_s_bits_depend_on_threads_on_open_wards_or_on_the_order_of_hospitals() {
    let honest = digest(&How::default());
    for attack in every_attack() {
        // In some rounds some colluders are not asked, and the first round is honest.
        let how = How {
            from_round: 1,
            cohort: 35,
            ..against(attack.clone())
        };
        let plain = digest(&how);
        assert_ne!(plain, honest, "{attack} does nothing");
        for other in [
            How {
                threads: 2,
                ..how.clone()
            },
            How {
                threads: 8,
                keep: 0,
                ..how.clone()
            },
            How {
                backwards: true,
                ..how.clone()
            },
            How {
                keep: 3,
                jitter_ms: 5_000.0,
                threads: 2,
                ..how.clone()
            },
        ] {
            assert_eq!(digest(&other), plain, "{attack}");
        }
    }
}

#[test]
fn an_attacked_run_goes_on_from_every_checkpoint_to_the_same_bits() {
    for attack in every_attack() {
        let how = How {
            from_round: 2,
            ..against(attack.clone())
        };
        let (whole, story) = play(&how);
        assert!(story.saved.len() >= ROUNDS as usize);
        for state in story.saved {
            let from = Some(state);
            let resumed = How {
                from,
                ..how.clone()
            };
            assert_eq!(digest(&resumed), whole.state.params().digest(), "{attack}");
        }
    }
}

#[test]
fn nobody_misbehaving_changes_nothing() {
    let honest = digest(&How::default());
    let attack = Attack::Ipm(Ipm::default());
    for how in [
        How {
            attackers: 0,
            ..against(attack.clone())
        },
        How {
            from_round: ROUNDS,
            ..against(attack)
        },
    ] {
        assert_eq!(digest(&how), honest);
    }
}

/// What each hospital's counted update of the first round weighed and lost. That being seen changes
/// no bit of an update is a test beside `Conduct`.
fn first_round(how: &How) -> BTreeMap<NodeId, (u64, Option<u64>)> {
    let (_, story) = play(how);
    let accepted = story.of(|event| match event {
        Event::ReportAccepted {
            round: RoundId(0),
            node,
            weight,
            loss,
        } => Some((*node, (*weight, loss.map(f64::to_bits)))),
        _ => None,
    });
    accepted.into_iter().collect()
}

#[test]
fn honest_hospitals_do_in_the_first_attacked_round_what_they_always_did() {
    let honest = first_round(&How::default());
    for attack in every_attack() {
        let how = against(attack);
        let attackers = how.adversaries().unwrap().nodes;
        let attacked = first_round(&how);
        for node in (0..NODES).map(NodeId).filter(|n| !attackers.contains(n)) {
            assert_eq!(attacked[&node], honest[&node]);
        }
    }
}

#[test]
fn free_riders_add_nothing_but_their_weight() {
    // Of 40 hospitals that count the same, 8 idle ones leave 32/40 of what the others do; where the
    // 8 are refused, all of it is left.
    let moved = |attack: Option<Attack>| {
        let (_, story) = play(&How {
            attack,
            weighting: Weighting::Uniform,
            ..How::default()
        });
        story.of(|event| match event {
            Event::RoundClosed { update_norm, .. } => Some(*update_norm),
            _ => None,
        })[0]
    };
    let refused = moved(Some(Attack::NonFinite(NonFinite::default())));
    let idle = moved(Some(Attack::FreeRider(FreeRider::default())));
    assert!((idle / refused - 32.0 / 40.0).abs() < 1e-6);
}

#[test]
fn infinity_and_nan_are_refused_by_name_and_the_round_goes_on() {
    for (value, expected) in [
        (NotANumber::Infinity, Malformed::OutOfRange { index: 0 }),
        (NotANumber::Nan, Malformed::NotFinite),
    ] {
        let how = against(Attack::NonFinite(NonFinite { value }));
        let attackers = how.adversaries().unwrap().nodes;
        let (finished, story) = play(&how);
        assert_eq!(finished.outcome, Outcome::Completed);
        let refused = story.of(|event| match event {
            Event::ReportRefused { node, refusal, .. } => Some((*node, refusal.clone())),
            _ => None,
        });
        assert_eq!(refused.len(), attackers.len() * ROUNDS as usize);
        for (node, refusal) in refused {
            assert!(attackers.contains(&node));
            assert_eq!(refusal, Refusal::Malformed(expected.clone()));
        }
        let reporters = story.of(|event| match event {
            Event::RoundClosed { reporters, .. } => Some(reporters.len()),
            _ => None,
        });
        assert_eq!(reporters, [32; ROUNDS as usize]);
        assert!(finished.state.params().0.iter().all(|w| w.is_finite()));
    }
}

#[test]
fn a_count_is_believed_up_to_the_plan_s_most_and_refused_beyond() {
    let weights = |claim, weighting| {
        let how = How {
            weighting,
            ..against(Attack::InflatedCount(InflatedCount { claim }))
        };
        let attackers = how.adversaries().unwrap().nodes;
        let (_, story) = play(&how);
        let accepted = story.of(|event| match event {
            Event::ReportAccepted { node, weight, .. } => {
                attackers.contains(node).then_some(*weight)
            }
            _ => None,
        });
        let refused = story.of(|event| match event {
            Event::ReportRefused { refusal, .. } => Some(refusal.clone()),
            _ => None,
        });
        (accepted, refused)
    };
    for weighting in [Weighting::Examples, Weighting::Uniform] {
        let (accepted, refused) = weights(None, weighting);
        assert!(accepted.iter().all(|w| *w == RING.most_weight) && refused.is_empty());
        let (accepted, refused) = weights(Some(101), weighting);
        let expected = Refusal::Malformed(Malformed::Weight {
            got: 101,
            most: 100,
        });
        assert!(accepted.is_empty() && refused.iter().all(|r| *r == expected));
        assert_eq!(refused.len(), 8 * ROUNDS as usize);
    }
}

#[test]
fn stragglers_are_too_late_and_named() {
    let how = against(Attack::Straggler(Straggler { late_by_s: 90.0 }));
    let attackers = how.adversaries().unwrap().nodes;
    let (_, story) = play(&how);
    let named = story.of(|event| match event {
        Event::AdversariesNamed {
            nodes,
            attack,
            from_round,
        } => Some((nodes.clone(), attack.clone(), *from_round)),
        _ => None,
    });
    let nodes: Vec<NodeId> = attackers.iter().copied().collect();
    assert_eq!(
        named,
        [(nodes.clone(), "straggler (90 s late)".into(), RoundId(0))]
    );
    let silent = story.of(|event| match event {
        Event::RoundClosed { silent, .. } => Some(silent.clone()),
        _ => None,
    });
    assert!(silent.iter().all(|silent| *silent == nodes), "{silent:?}");
}

#[test]
fn colluders_with_nobody_to_see_decline() {
    let how = How {
        attackers: NODES as usize,
        ..against(Attack::Ipm(Ipm::default()))
    };
    let (finished, story) = play(&how);
    assert_eq!(finished.outcome, Outcome::QuorumLost);
    let declined = story.of(|event| match event {
        Event::ReportDeclined { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    assert!(!declined.is_empty());
    assert!(
        declined
            .iter()
            .all(|r| r == "the colluders saw no honest update")
    );
}

#[test]
fn an_update_that_the_attacker_s_own_seal_refuses_is_declined() {
    let how = against(Attack::SignFlip(SignFlip { scale: 1e6 }));
    let (finished, story) = play(&how);
    assert_eq!(finished.outcome, Outcome::Completed);
    let declined = story.of(|event| match event {
        Event::ReportDeclined { node, .. } => Some(*node),
        _ => None,
    });
    assert_eq!(declined.len(), 8 * ROUNDS as usize);
}

#[test]
fn optimal_attacks_stay_within_the_ring() {
    // Against a mean there is no best tau: the ring's range is what stops the search.
    for attack in [
        Attack::OptimalIpm(OptimalIpm {}),
        Attack::OptimalAlie(OptimalAlie {}),
    ] {
        let (_, story) = play(&against(attack));
        let declined =
            story.of(|event| matches!(event, Event::ReportDeclined { .. }).then_some(()));
        assert!(declined.is_empty());
    }
}
