//! What every scenario's tests check, bit for bit.

use std::thread;

use ward_core::{Evaluation, NodeId, Seed};

use super::{Scenario, Synthetic, observed};
use crate::HospitalData;
use crate::misdiagnosis::Misdiagnosis;
use crate::place::Split;
use crate::population::Population;
use crate::source::Source;

/// Each of `count` cases made alone, last first, is the one in its batch.
pub(crate) fn case_alone<S: Scenario>(made: &Synthetic<S>, node: NodeId, count: u64) {
    let info = &made.roster()[node.0 as usize];
    for split in [Split::Train, Split::Test] {
        let batch = made.cases(info, split, 0..count);
        for case in (0..count).rev() {
            let one = made.cases(info, split, case..case + 1);
            assert_eq!(one.row(0), batch.row(case as usize));
            assert_eq!(one.labels[0], batch.labels[case as usize]);
        }
    }
}

/// Hospitals of a small population are those of a large one, whose first three are of their tier: they
/// do not notice who else takes part. Test cases are shared out otherwise, and the first are the same.
pub(crate) fn newcomers_change_nothing<S: Scenario>(of: impl Fn(Population) -> S::Config) {
    let made = |population| Synthetic::<S>::new(of(population), Seed::run(3));
    let small = made(Population::Province21);
    let large = made(Population::Province42);
    for node in [0, 1, 2].map(NodeId) {
        let [a, b] = [&small, &large].map(|made| made.hospital(node).unwrap());
        assert_eq!(a.train, b.train);
        assert_eq!(a.facts, b.facts);
        assert_eq!(a.test.row(5), b.test.row(5));
    }
}

/// Hospitals made at once, by a thread each, are those made one after the other.
pub(crate) fn threads_do_not_matter<S: Scenario>(config: &S::Config) {
    let made = Synthetic::<S>::new(config.clone(), Seed::run(4));
    let nodes = || (0..4).map(NodeId);
    let one = |node| made.hospital(node).unwrap();
    let in_turn: Vec<HospitalData> = nodes().rev().map(one).collect();
    let at_once: Vec<HospitalData> = thread::scope(|scope| {
        let threads: Vec<_> = nodes().map(|node| scope.spawn(move || one(node))).collect();
        let done = threads.into_iter().rev();
        done.map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(in_turn, at_once);
}

/// Misdiagnosis touches the labels of training rows, and nothing else.
pub(crate) fn doctors_change_labels_alone<S: Scenario>(of: impl Fn(Misdiagnosis) -> S::Config) {
    let made = |misdiagnosis| Synthetic::<S>::new(of(misdiagnosis), Seed::run(6));
    let flipped = made(Misdiagnosis::Tier);
    let node = NodeId(flipped.roster().len() as u32 - 1);
    let flipped = flipped.hospital(node).unwrap();
    let clean = made(Misdiagnosis::None).hospital(node).unwrap();
    assert_eq!(flipped.train.features, clean.train.features);
    assert_eq!(flipped.test, clean.test);
    let labels = flipped.train.labels.iter().zip(&clean.train.labels);
    let wrong = labels.filter(|(a, b)| a != b).count() as f64;
    let [rate, _] = Misdiagnosis::Tier.rates(&flipped.info.tier);
    let n = clean.train.len() as f64;
    let room = 4.0 * (rate * (1.0 - rate) * n).sqrt();
    assert!((wrong - rate * n).abs() <= room, "{wrong} of {n} at {rate}");
}

/// What `change` does to the default settings moves features and no label; turned back, all is as it was.
pub(crate) fn labels_stay<S: Scenario<Config: Default>>(change: fn(&mut S::Config)) {
    let made = |change: fn(&mut S::Config)| {
        let mut config = S::Config::default();
        change(&mut config);
        let made = Synthetic::<S>::new(config, Seed::run(5));
        let last = made.roster().last().cloned().unwrap();
        made.cases(&last, Split::Train, 0..60)
    };
    let (plain, changed) = (made(|_| ()), made(change));
    assert_eq!(changed.labels, plain.labels);
    assert_ne!(changed.features, plain.features);
    assert_eq!(made(|_| ()), plain);
}

/// The ideal observer's scores on `count` test cases of hospital `node`.
pub(crate) fn ideal<S: Scenario>(made: &Synthetic<S>, node: NodeId, count: u64) -> Evaluation {
    let info = &made.roster()[node.0 as usize];
    let test = made.cases(info, Split::Test, 0..count);
    observed(&made.scenario, &made.differences(info), &test)
}
