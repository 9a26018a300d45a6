//! Samplers that learn, by hand.

use std::sync::Arc;

use super::*;

fn losses(play: &mut Play, losses: &[f64]) {
    let told = losses.iter().enumerate();
    play.losses = told
        .map(|(node, &loss)| (NodeId(node as u32), loss))
        .collect();
}

#[test]
fn the_highest_losses_are_chosen_once_everybody_has_been_asked() {
    let sampler = PowerOfChoice {
        count: 2,
        candidates: 4,
        volumes: None,
    };
    let mut play = Play::new(sampler, 4);
    losses(&mut play, &[0.1, 0.9, 0.5, 0.7]);
    let first = play.everybody();
    let second = play.everybody();
    let both: BTreeSet<_> = first.iter().chain(&second).copied().collect();
    assert_eq!(
        both.len(),
        4,
        "the unheard of come first: {first:?} {second:?}"
    );
    assert_eq!(play.everybody(), nodes([1, 3]));
    // What they tell now is what counts next.
    losses(&mut play, &[0.1, 0.2, 0.5, 0.3]);
    assert_eq!(play.everybody(), nodes([1, 3]));
    assert_eq!(play.everybody(), nodes([2, 3]));
}

#[test]
fn only_candidates_are_looked_at() {
    // By volume, with all the rows in two hospitals: nobody else is ever looked at.
    let volumes = Some(Volumes::Known(Arc::from([0, 50, 0, 50, 0])));
    let sampler = PowerOfChoice {
        count: 1,
        candidates: 2,
        volumes,
    };
    let mut play = Play::new(sampler, 5);
    losses(&mut play, &[9.0, 0.3, 9.0, 0.4, 9.0]);
    let first_two = [play.everybody(), play.everybody()].concat();
    let first_two: BTreeSet<_> = first_two.into_iter().collect();
    assert_eq!(first_two, nodes([1, 3]).into_iter().collect());
    assert_eq!(play.everybody(), nodes([3]));
}

#[test]
fn who_was_asked_and_told_nothing_counts_as_the_mean() {
    let sampler = PowerOfChoice {
        count: 1,
        candidates: 3,
        volumes: None,
    };
    let mut play = Play::new(sampler, 3);
    losses(&mut play, &[0.2, 0.8]);
    (0..3).for_each(|_| drop(play.everybody()));
    // 0.8 is above the mean of 0.5, and that is above 0.2.
    assert_eq!(play.everybody(), nodes([1]));
    assert_eq!(play.among([0, 2]), nodes([2]));
    losses(&mut play, &[0.9, 0.8]);
    assert_eq!(play.among([0]), nodes([0]));
    assert_eq!(play.among([0, 1, 2]), nodes([0]));
}

#[test]
fn more_are_chosen_where_more_are_to_be_asked() {
    let sampler = PowerOfChoice {
        count: 2,
        candidates: 4,
        volumes: None,
    };
    let mut play = Play::new(sampler, 6);
    play.over_selection = 1.5;
    let drawn = play.draw(0..6);
    assert_eq!((drawn.cohort.len(), drawn.aims_at), (3, 2));
}

#[test]
fn importance_draws_by_weight_times_loss() {
    let sampler = Importance {
        count: 1,
        explore: 0.0,
    };
    let mut play = Play::new(sampler, 2);
    let told = [(1, 3.0), (2, 0.5)]; // scores of 3 and 1
    let learn = |standings: &mut Standings| {
        let told = told.iter().enumerate();
        let told: BTreeMap<_, _> = told
            .map(|(n, &(weight, loss))| (NodeId(n as u32), Told { weight, loss }))
            .collect();
        standings.learn(&told.keys().copied().collect(), &told);
    };
    learn(&mut play.standings);
    let mut first = 0;
    for round in 0..4_000 {
        play.round = round;
        first += u32::from(play.draw(0..2).cohort == nodes([0]));
    }
    // 3/4 of 4,000; one standard error is 27.
    assert!((2_890..3_110).contains(&first), "{first}");
}

#[test]
fn a_share_of_the_cohort_is_kept_for_those_never_asked() {
    let sampler = Importance {
        count: 5,
        explore: 0.2,
    };
    let mut play = Play::new(sampler, 20);
    losses(&mut play, &[0.5; 20]);
    assert_eq!(play.everybody().len(), 5);
    let mut known: BTreeSet<NodeId> = BTreeSet::new();
    play.round = 0;
    play.standings = Standings::default();
    for round in 0..16 {
        let cohort = play.everybody();
        let fresh = cohort.iter().filter(|node| !known.contains(node)).count();
        assert_eq!(fresh, if round == 0 { 5 } else { 1 }, "round {round}");
        known.extend(cohort);
    }
    assert_eq!(known.len(), 20);
    assert!(play.everybody().len() == 5, "nobody is left to explore");
}

#[test]
fn one_boundless_claim_counts_as_the_percentile() {
    let sampler = Importance {
        count: 1,
        explore: 0.0,
    };
    let mut play = Play::new(sampler, 40);
    let mut told = [1.0; 40];
    told[7] = 1e30;
    losses(&mut play, &told);
    let everybody: BTreeSet<_> = nodes(0..40).into_iter().collect();
    let claims = |(&node, &loss): (&NodeId, &f64)| (node, Told { weight: 1, loss });
    let claims = play.losses.iter().map(claims).collect();
    play.standings.learn(&everybody, &claims);
    let liar = (0..4_000).filter(|&round| {
        play.round = round;
        play.draw(0..40).cohort == nodes([7])
    });
    // 1 in 40 of 4,000; one standard error is 10.
    let liar = liar.count();
    assert!((60..140).contains(&liar), "{liar}");
}
