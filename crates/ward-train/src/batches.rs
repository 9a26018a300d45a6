//! Which rows each step sees: a function of the order and the address, and of nothing else.

use rand::RngExt;
use ward_core::{Address, Batches, Purpose, Seed, TrainOrder};

/// Calls `step` with the row indices of each batch of the work that `order` asks for at `address`,
/// in order. The last batch of a pass may be shorter; with a batch size of 0, or more than there
/// are rows, a batch is all rows.
pub(crate) fn for_each(
    rows: usize,
    order: &TrainOrder,
    address: Address,
    mut step: impl FnMut(&[u32]),
) {
    if rows == 0 {
        return;
    }
    let (size, steps) = (
        order.batch_rows(rows as u64) as usize,
        order.steps(rows as u64),
    );
    let place = |seed: Seed| seed.node(address.node).purpose(Purpose::SHUFFLE);
    let of_round = || place(order.seed.round(address.round));
    match order.batches {
        Batches::InOrder => passes(rows, size, 0..steps, |_, _| {}, step),
        Batches::Shuffled => {
            let round = of_round();
            passes(
                rows,
                size,
                0..steps,
                |pass, rows| shuffle(rows, round, pass),
                step,
            );
        }
        Batches::Stream => {
            let first = u64::from(address.round.0).saturating_mul(steps);
            let place = place(order.seed);
            let shuffle = |pass, rows: &mut [u32]| shuffle(rows, place, pass);
            passes(
                rows,
                size,
                first..first.saturating_add(steps),
                shuffle,
                step,
            );
        }
        Batches::Replacement => {
            let mut rng = of_round().stream();
            let mut batch = vec![0; size];
            for _ in 0..steps {
                batch.fill_with(|| rng.random_range(0..rows as u32));
                step(&batch);
            }
        }
    }
}

/// Steps `range` of an endless sequence of passes, each over a permutation made by `arrange`.
fn passes(
    rows: usize,
    size: usize,
    range: std::ops::Range<u64>,
    arrange: impl Fn(u64, &mut [u32]),
    mut step: impl FnMut(&[u32]),
) {
    let a_pass = rows.div_ceil(size) as u64;
    let mut permutation: Vec<u32> = Vec::with_capacity(rows);
    let mut arranged = None;
    for k in range {
        let (pass, batch) = (k / a_pass, (k % a_pass) as usize);
        if arranged != Some(pass) {
            permutation.clear();
            permutation.extend(0..rows as u32);
            arrange(pass, &mut permutation);
            arranged = Some(pass);
        }
        let start = batch * size;
        step(&permutation[start..(start + size).min(rows)]);
    }
}

/// Fisher-Yates, drawn at pass number `pass` of `place`.
fn shuffle(rows: &mut [u32], place: Seed, pass: u64) {
    let mut rng = place.stream_of(pass);
    for i in (1..rows.len()).rev() {
        rows.swap(i, rng.random_range(0..=i));
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use ward_core::{LocalWork, NodeId, OptimizerSpec, RingSpec, RoundId};

    pub(crate) fn order(work: LocalWork, batch_size: u32, batches: Batches) -> TrainOrder {
        let optimizer = OptimizerSpec::Sgd {
            learning_rate: 0.1,
            momentum: 0.0,
        };
        let ring = RingSpec {
            fraction_bits: 32,
            range: 128.0,
            most_weight: 65_536,
        };
        TrainOrder {
            batches,
            ..TrainOrder::new(work, batch_size, optimizer, ring, Seed::run(1))
        }
    }

    pub(crate) fn at(round: u32, node: u32) -> Address {
        Address {
            round: RoundId(round),
            node: NodeId(node),
        }
    }

    fn drawn(rows: usize, order: &TrainOrder, address: Address) -> Vec<Vec<u32>> {
        let mut batches = Vec::new();
        for_each(rows, order, address, |batch| batches.push(batch.to_vec()));
        batches
    }

    #[test]
    fn rows_in_order_come_in_order_with_a_short_last_batch() {
        let order = order(LocalWork::Epochs(2), 4, Batches::InOrder);
        let pass = vec![vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![8, 9]];
        assert_eq!(drawn(10, &order, at(3, 1)), [pass.clone(), pass].concat());
    }

    #[test]
    fn a_batch_of_zero_or_too_many_is_all_rows() {
        for size in [0, 10, 99] {
            let order = order(LocalWork::Steps(3), size, Batches::Shuffled);
            assert!(
                drawn(10, &order, at(0, 0))
                    .iter()
                    .all(|batch| batch.len() == 10)
            );
        }
        let order = order(LocalWork::Steps(5), 99, Batches::Replacement);
        assert!(
            drawn(10, &order, at(0, 0))
                .iter()
                .all(|batch| batch.len() == 10)
        );
    }

    #[test]
    fn each_epoch_is_a_permutation_of_its_own() {
        let order = order(LocalWork::Epochs(3), 4, Batches::Shuffled);
        let batches = drawn(10, &order, at(0, 0));
        let epochs: Vec<Vec<u32>> = batches.chunks(3).map(<[_]>::concat).collect();
        for epoch in &epochs {
            let mut sorted = epoch.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, (0..10).collect::<Vec<_>>());
        }
        assert_ne!(epochs[0], epochs[1]);
        assert_ne!(batches, drawn(10, &order, at(1, 0)));
        assert_ne!(batches, drawn(10, &order, at(0, 1)));
        assert_eq!(batches, drawn(10, &order, at(0, 0)));
    }

    #[test]
    fn steps_are_as_many_as_batches_are_drawn() {
        for rows in [0, 1, 7, 10] {
            for (work, size) in [
                (LocalWork::Epochs(3), 4),
                (LocalWork::Epochs(2), 0),
                (LocalWork::Steps(5), 3),
            ] {
                let order = order(work, size, Batches::Shuffled);
                let drawn = drawn(rows, &order, at(0, 0)).len() as u64;
                assert_eq!(order.steps(rows as u64), drawn, "{rows} rows, {work:?}");
            }
        }
    }

    #[test]
    fn a_stream_keeps_its_place_between_rounds() {
        let whole = drawn(
            10,
            &order(LocalWork::Steps(12), 4, Batches::Stream),
            at(0, 2),
        );
        let piece = order(LocalWork::Steps(4), 4, Batches::Stream);
        let rounds: Vec<_> = (0..3)
            .flat_map(|round| drawn(10, &piece, at(round, 2)))
            .collect();
        assert_eq!(rounds, whole);
    }

    #[test]
    fn draws_with_replacement_cover_the_rows() {
        let order = order(LocalWork::Steps(200), 5, Batches::Replacement);
        let mut seen = [0; 10];
        drawn(10, &order, at(0, 0))
            .concat()
            .iter()
            .for_each(|&row| seen[row as usize] += 1);
        assert!(seen.iter().all(|&n| (60..140).contains(&n)), "{seen:?}");
    }
}
