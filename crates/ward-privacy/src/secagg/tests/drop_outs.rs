//! Nodes that are lost anywhere: the sum is that of the survivors, or there is none.

use proptest::prelude::*;

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
        for suite in [MaskSuite::ChaCha20, MaskSuite::Aes256Ctr] {
            let mut world = World::new(n, 3);
            world.session.params.suite = suite;
            // Each node is lost in one of five phases or never; with five nodes, four of them.
            let free = n.min(4);
            for code in 0..6_u32.pow(free as u32) {
                let lost = (0..free)
                    .map(|i| (world.id(i), 1 + (code / 6_u32.pow(i as u32) % 6) as u8))
                    .collect();
                hold(&world, &lost);
            }
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
