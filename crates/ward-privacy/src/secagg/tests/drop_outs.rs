//! Nodes that are lost anywhere: the sum is that of the survivors, or there is none.

use proptest::prelude::*;
use ward_core::secagg::MaskedWords;

use super::*;

/// How many speak in each of the five phases.
fn speakers(n: usize, lost: &Lost) -> [usize; 5] {
    [1, 2, 3, 4, 5].map(|phase| n - lost.values().filter(|&&when| when <= phase).count())
}

/// Holds a session in which everybody is everybody's neighbour against the law.
fn hold(world: &World, lost: &Lost) {
    let n = world.session.cohort.len();
    let played = play(world, lost);
    let enough = speakers(n, lost)
        .iter()
        .all(|&speaking| speaking >= world.shape.quorum);
    match played.sum {
        Ok(sum) => {
            assert!(enough, "{lost:?}");
            world.assert_is_plain(&sum);
            let gone = |node: &NodeId| lost.get(node).is_some_and(|&when| when <= 3);
            assert!(!sum.survivors.iter().any(gone));
        }
        Err(_) => {
            assert!(!enough, "{lost:?}");
            let before_the_last = speakers(n, lost)[..4]
                .iter()
                .all(|&speaking| speaking >= world.shape.quorum);
            assert!(before_the_last || played.revealed.is_empty());
        }
    }
}

#[test]
fn any_three_to_five_nodes_may_be_lost_at_any_phase() {
    for n in 3..=5_usize {
        let mut world = World::new(n, 3);
        // Each node is lost in one of five phases or never. Sessions do not depend on who is who, so
        // lists in descending order stand for all.
        for code in 0..6_u32.pow(n as u32) {
            let phases = (0..n).map(|i| 1 + (code / 6_u32.pow(i as u32) % 6) as u8);
            let phases: Vec<u8> = phases.collect();
            if n == 5 && !phases.is_sorted() {
                continue;
            }
            world.session.params.suite = match code % 2 {
                0 => MaskSuite::ChaCha20,
                _ => MaskSuite::Aes256Ctr,
            };
            let lost = phases.iter().enumerate();
            hold(
                &world,
                &lost.map(|(i, &phase)| (world.id(i), phase)).collect(),
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn more_nodes_may_be_lost_at_any_phase(
        phases in prop::collection::vec(prop_oneof![1 => 1_u8..=5, 3 => Just(6_u8)], 6..=12),
        length in 1_u64..=200,
        aes: bool,
    ) {
        let mut world = World::new(phases.len(), length);
        if aes {
            world.session.params.suite = MaskSuite::Aes256Ctr;
        }
        let lost = phases.iter().enumerate().map(|(i, &phase)| (world.id(i), phase)).collect();
        hold(&world, &lost);
    }
}

/// Nodes with a drawn graph of a few neighbours each.
pub(super) fn drawn(n: usize, neighbours: usize, threshold: usize) -> World {
    let mut world = World::new(n, 4);
    world.shape = Shape {
        neighbours,
        threshold,
        drawn: true,
        ..world.shape
    };
    world
}

/// Flower 1.42 puts a node that fails in the first two stages on the list of those whose shares are
/// asked for, which nobody holds: the round dies.
#[test]
fn nodes_lost_in_the_first_phases_do_not_end_a_session_with_a_drawn_graph() {
    let world = drawn(24, 10, 5);
    let lost = [(0, 1), (5, 1), (6, 2), (17, 2), (20, 3)];
    let lost: Lost = lost.iter().map(|&(i, when)| (world.id(i), when)).collect();
    let sum = play(&world, &lost).sum.unwrap();
    assert_eq!(sum.survivors.len(), 19);
    world.assert_is_plain(&sum);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(15))]
    #[test]
    fn with_a_drawn_graph_the_sum_is_right_or_there_is_none(
        phases in prop::collection::vec(prop_oneof![1 => 1_u8..=5, 5 => Just(6_u8)], 9..=12),
    ) {
        let world = drawn(phases.len(), 6, 4);
        let lost: Lost = phases.iter().enumerate().map(|(i, &phase)| (world.id(i), phase)).collect();
        match play(&world, &lost).sum {
            Ok(sum) => world.assert_is_plain(&sum),
            Err(failure) => prop_assert!(
                matches!(failure, Failure::BelowThreshold { .. } | Failure::TooFewShares { .. }),
                "{failure}"
            ),
        }
    }
}

#[test]
fn the_smallest_cohort_with_a_drawn_graph_loses_a_tenth() {
    let world = World::new(256, 2);
    assert!(world.shape.drawn);
    let lost = (0..25)
        .map(|i| (world.id(10 * i), 1 + (i % 5) as u8))
        .collect();
    let sum = play(&world, &lost).sum.unwrap();
    assert_eq!(sum.survivors.len(), 256 - 15);
    world.assert_is_plain(&sum);
}

/// What the coordinator holds when the upload of a node that it has declared lost comes late: the
/// node's mask key, and nothing of the seed of its own mask.
#[test]
fn a_late_upload_stays_under_its_own_mask() {
    let world = World::new(5, 3);
    let late = world.id(2);
    let mut table = table::Table::new(&world);
    let (mut masked, uploads) = table.masked();
    let arrived: Vec<NodeId> = masked
        .keys()
        .copied()
        .filter(|&node| node != late)
        .collect();
    masked.remove(&late);
    let (consented, consents) = table.consented(masked, &arrived);
    let mut kinds = BTreeSet::new();
    for (node, state) in consented {
        let revelation = state.reveal(&consents, table.journal(node)).unwrap();
        kinds.extend(revelation.shares.iter().map(|share| (share.of, share.kind)));
    }
    assert!(kinds.contains(&(late, ward_core::secagg::ShareKind::MaskKey)));
    assert!(!kinds.contains(&(late, ward_core::secagg::ShareKind::SelfSeed)));
    let MaskedWords::Wide(words) = &uploads[&late].words else {
        panic!("wide words");
    };
    assert_ne!(words[0], world.upload(2).words[0]);
}
