use ward_core::{Estimate, NodeId, Tally, metric::name};

use super::*;
use crate::Rows;
use crate::known::known;
use crate::place::{Place, Split};

/// `count` national cases of the world of `seed`.
fn cases(world: &World, asked: f64, split: Split, count: u64, seed: Seed) -> Rows {
    let stream = Place::new(seed, "clinic", NodeId(0)).cases(split, "case");
    let mut make = patients(world, &world.prior, asked, stream);
    let mut rows = Rows::empty(&[INPUTS]);
    let mut row = vec![0.0; INPUTS];
    for case in 0..count {
        let condition = make(case, &mut row);
        rows.push(&row, condition);
    }
    rows
}

fn scores(model: &NaiveBayes, rows: &Rows, metric: &str) -> Estimate {
    let mut answers = Vec::new();
    (0..rows.len()).for_each(|i| model.answer(rows.row(i), &mut answers));
    Tally::of(&answers, &rows.labels, CONDITIONS).evaluation().0[metric]
}

#[test]
fn the_bayes_rule_of_a_random_world_has_the_known_scores() {
    for (asked, word) in [(0.4, "0.4"), (0.5, "0.5"), (0.8, "0.8"), (1.0, "1.0")] {
        let seed = Seed::run(20);
        let world = World::draw(seed);
        let test = cases(&world, asked, Split::Test, 6_000, seed);
        let bayes = NaiveBayes::new(&world.chances, &world.prior);
        for (metric, theirs) in [
            (name::ACCURACY, "top1"),
            (name::TOP_3, "top3"),
            (name::BALANCED_ACCURACY, "macro_recall_top1"),
        ] {
            let known = known(&format!("clinic/q={word}/{theirs}"));
            known.is_about(&scores(&bayes, &test, metric));
        }
    }
}

#[test]
fn counts_learn_what_they_are_known_to_learn_of_sums_alone() {
    for (asked, cases_seen, range) in [
        (0.5, 16_000, "one-minute-clinic/range/counts"),
        (0.8, 10_000, "agent-hospital/range/counts"),
    ] {
        let seed = Seed::run(21);
        let world = World::draw(seed);
        let train = cases(&world, asked, Split::Train, cases_seen, seed);
        let test = cases(&world, asked, Split::Test, 4_000, seed);
        let learned = scores(&Counts::of(&train).model(), &test, name::ACCURACY);
        known(range).holds(learned.value);
        let bayes = NaiveBayes::new(&world.chances, &world.prior);
        assert!(learned.value < scores(&bayes, &test, name::ACCURACY).value);
    }
}

#[test]
fn counts_add_up_to_those_of_all_rows_in_one_place() {
    let world = World::draw(Seed::run(2));
    let [a, b] = [1, 2].map(|run| cases(&world, 0.5, Split::Train, 300, Seed::run(run)));
    let mut sum = Counts::of(&a);
    sum.extend(&Counts::of(&b));
    let mut all = a;
    all.extend(&b);
    assert_eq!(sum, Counts::of(&all));
}

#[test]
fn naive_bayes_is_bayes_by_hand() {
    // Two findings that matter: condition 0 has them at .9 and .2, all others at .5.
    let mut chances = [[0.5; FINDINGS]; CONDITIONS];
    (chances[0][0], chances[0][1]) = (0.9, 0.2);
    let prior = [1.0 / CONDITIONS as f64; CONDITIONS];
    let mut row = [0.0; INPUTS];
    // Both asked about, the first is there.
    (row[0], row[FINDINGS], row[FINDINGS + 1]) = (1.0, 1.0, 1.0);
    let mut answers = Vec::new();
    NaiveBayes::new(&chances, &prior).answer(&row, &mut answers);
    let odds = f64::from(answers[0] - answers[1]);
    assert!((odds - (0.9_f64 * 0.8 / (0.5 * 0.5)).ln()).abs() < 1e-5);
}

#[test]
fn findings_are_as_frequent_as_the_world_says() {
    let seed = Seed::run(3);
    let world = World::draw(seed);
    let rows = cases(&world, 0.5, Split::Train, 20_000, seed);
    let close = |found: usize, of: usize, share: f64| {
        let room = 5.0 * (share * (1.0 - share) / of as f64).sqrt();
        let found = found as f64 / of as f64;
        assert!((found - share).abs() < room, "{found} is not {share}");
    };
    let frequent = (0..CONDITIONS).max_by(|a, b| world.prior[*a].total_cmp(&world.prior[*b]));
    let condition = frequent.unwrap();
    let of: Vec<usize> = (0..rows.len())
        .filter(|i| usize::from(rows.labels[*i]) == condition)
        .collect();
    close(of.len(), rows.len(), world.prior[condition]);
    for finding in 0..FINDINGS {
        let asked = |i: &&usize| rows.row(**i)[FINDINGS + finding] > 0.0;
        let asked: Vec<&usize> = of.iter().filter(asked).collect();
        close(asked.len(), of.len(), 0.5);
        let there = asked.iter().filter(|i| rows.row(***i)[finding] > 0.0);
        close(
            there.count(),
            asked.len(),
            world.chances[condition][finding],
        );
    }
}
