//! What holds for any sampler, any number of nodes, and any of them there.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;

/// One of each kind.
fn samplers(count: usize, enrolled: u32) -> Vec<Box<dyn Sampler>> {
    let rows: Arc<[u64]> = (0..u64::from(enrolled)).map(|n| 1 + n * n).collect();
    let known = Volumes::Known(rows);
    let odd = (0..enrolled).map(|n| Some((n % 2) as usize));
    vec![
        Box::new(All),
        Box::new(Uniform { count }),
        Box::new(Poisson { rate: 0.3 }),
        Box::new(Volume {
            count,
            volumes: known.clone(),
        }),
        Box::new(Volume {
            count,
            volumes: Volumes::Told,
        }),
        Box::new(RoundRobin { count }),
        Box::new(TierQuota {
            quotas: vec![count, 1],
            tiers: odd.collect(),
        }),
        Box::new(PowerOfChoice {
            count,
            candidates: 2 * count,
            volumes: Some(known),
        }),
        Box::new(Importance {
            count,
            explore: 0.25,
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cohorts_are_sorted_distinct_there_and_the_same_again(
        enrolled in 1_u32..40,
        count in 1_usize..12,
        over_selection in 1.0_f64..2.0,
        away in prop::collection::btree_set(0_u32..40, 0..20),
        seed in any::<u64>(),
    ) {
        for (kind, sampler) in samplers(count, enrolled).into_iter().enumerate() {
            let mut play = Play::new(All, enrolled);
            play.sampler = sampler;
            play.seed = seed;
            play.over_selection = over_selection;
            play.losses = (0..enrolled).map(|n| (NodeId(n), f64::from(n % 7))).collect();
            for _ in 0..6 {
                let there: Vec<u32> = (0..enrolled).filter(|n| !away.contains(n)).collect();
                let drawn = play.draw(there.iter().copied());
                // Arrival in another order is the same set of candidates.
                prop_assert_eq!(&drawn, &play.draw(there.iter().rev().copied()));
                let Drawn { cohort, aims_at } = &drawn;
                prop_assert!(cohort.is_sorted_by(|a, b| a < b), "sampler {kind}: {cohort:?}");
                prop_assert!(cohort.iter().all(|node| there.contains(&node.0)));
                prop_assert!(*aims_at <= enrolled as usize);
                if kind != 0 && kind != 2 && kind != 6 {
                    let asks = (count.min(enrolled as usize) as f64 * over_selection).ceil() as usize;
                    prop_assert_eq!(cohort.len(), asks.min(there.len()), "sampler {}", kind);
                }
                play.among(there.iter().copied());
            }
        }
    }

    /// While the same nodes are there, nobody is ever two turns ahead of anybody.
    #[test]
    fn in_turn_is_everybody_once_before_anybody_twice(
        enrolled in 1_u32..30,
        count in 1_usize..35,
        seed in any::<u64>(),
    ) {
        let mut play = Play::new(RoundRobin { count }, enrolled);
        play.seed = seed;
        let mut turns = vec![0_u32; enrolled as usize];
        for _ in 0..40 {
            for node in play.everybody() {
                turns[node.0 as usize] += 1;
            }
            let (least, most) = (turns.iter().min().unwrap(), turns.iter().max().unwrap());
            prop_assert!(most - least <= 1, "{turns:?}");
        }
    }

    /// A node's own draw does not depend on who else is there.
    #[test]
    fn a_coin_is_the_node_s_own(away in prop::collection::btree_set(0_u32..30, 0..25)) {
        let play = Play::new(Poisson { rate: 0.4 }, 30);
        let there = (0..30).filter(|n| !away.contains(n));
        let mut expected = play.draw(0..30).cohort;
        expected.retain(|node| !away.contains(&node.0));
        prop_assert_eq!(play.draw(there).cohort, expected);
    }
}

#[test]
fn who_comes_late_joins_the_lap_and_does_not_make_up_for_those_it_missed() {
    let mut play = Play::new(RoundRobin { count: 2 }, 5);
    (0..10).for_each(|_| drop(play.among(0..4)));
    assert!(
        play.everybody().contains(&NodeId(4)),
        "its turn comes first"
    );
    let turns = play.asked(20);
    assert!(
        turns.iter().all(|turns| (7..=9).contains(turns)),
        "{turns:?}"
    );
}

#[test]
fn nobody_is_asked_whom_the_sampler_does_not_admit() {
    let among = Among {
        sampler: Box::new(RoundRobin { count: 2 }),
        admitted: vec![true, false, true, false],
        outside: [NodeId(3)].into(),
    };
    let of = |f: &dyn Fn(NodeId) -> bool| [0, 1, 2, 3, 4].map(|node| f(NodeId(node)));
    assert_eq!(
        of(&|node| among.admits(node)),
        [true, false, true, false, false]
    );
    assert_eq!(
        of(&|node| among.sums_rows_of(node)),
        [true, true, true, false, true]
    );
    assert!(among.learns());
    assert_eq!(among.target(2), 2);
}

#[test]
fn who_has_not_joined_is_neither_asked_nor_counted() {
    let joins = [0, 0, 2, 5].map(RoundId).to_vec();
    let among = Among {
        sampler: Box::new(All),
        admitted: vec![true, true, true, true],
        outside: [NodeId(1)].into(),
    };
    let sampler = Box::new(among);
    let mut play = Play::new(Joining { sampler, joins }, 4);
    let drawn: Vec<Drawn> = (0..6)
        .map(|round| {
            play.round = round;
            play.draw([0, 2, 3])
        })
        .collect();
    // Node 1 is away: a round aims at it all the same once it has joined.
    let cohorts = [&[0][..], &[0], &[0, 2], &[0, 2], &[0, 2], &[0, 2, 3]];
    for (drawn, cohort) in drawn.iter().zip(cohorts) {
        assert_eq!(drawn.cohort, nodes(cohort.iter().copied()));
    }
    let aims: Vec<usize> = drawn.iter().map(|drawn| drawn.aims_at).collect();
    assert_eq!(aims, [2, 2, 3, 3, 3, 4]);
    // Sums for scaling are agreed before the first round, of those who are in it.
    let gives = [0, 1, 2, 3, 4].map(|node| play.sampler.sums_rows_of(NodeId(node)));
    assert_eq!(gives, [true, false, false, false, false]);
}

#[test]
fn a_sample_among_those_who_have_joined_is_that_of_a_smaller_federation() {
    let joins = (0..30).map(|node| RoundId(node / 10)).collect();
    let sampler = Box::new(Uniform { count: 7 });
    let mut grows = Play::new(Joining { sampler, joins }, 30);
    for (round, enrolled) in [(0, 10), (1, 20), (2, 30), (9, 30)] {
        let mut small = Play::new(Uniform { count: 7 }, enrolled);
        (grows.round, small.round) = (round, round);
        assert_eq!(grows.draw(0..30), small.draw(0..enrolled));
    }
}

#[test]
fn a_listed_cohort_is_what_was_listed_of_those_present() {
    let mut play = Play::new(Listed(vec![nodes([3, 9])]), 5);
    play.round = 7;
    let drawn = play.draw(0..5);
    assert_eq!((drawn.cohort, drawn.aims_at), (nodes([3]), 2));
}

#[test]
fn a_nation_s_cohort_costs_one_pass_and_one_sort() {
    // Quadratic steps would take minutes here.
    for sampler in samplers(1_000, 72_108) {
        let mut play = Play::new(All, 72_108);
        play.sampler = sampler;
        play.losses = (0..72_108).map(|n| (NodeId(n), f64::from(n))).collect();
        (0..3).for_each(|_| drop(play.everybody()));
    }
}
