//! DP-SGD by hand: which rows a step reads, what is divided by, what the noise adds.

use std::sync::Arc;

use ward_core::{Batches, Draws, LocalWork, OptimizerSpec, PatientNoise, Protection, TrainOrder};
use ward_data::Rows;
use ward_privacy::NoiseSource;

use super::Private;
use crate::batches::tests::{at, order};
use crate::engine::{Engine, TrainingDevice};
use crate::fit::Added;
use crate::learner::Learner;
use crate::model::{LogisticConfig, ModelConfig, ModelSpec};

const ENGINES: [Engine; 2] = [Engine::Fused, Engine::Burn(TrainingDevice::Cpu)];

fn private(work: LocalWork, draws: Draws, noise_multiplier: f64) -> TrainOrder {
    TrainOrder {
        optimizer: OptimizerSpec::Sgd {
            learning_rate: 1.0,
            momentum: 0.0,
        },
        example_clip_norm: 0.75,
        protection: Protection::Patient(PatientNoise {
            draws,
            noise_multiplier,
            sizes_are_public: true,
        }),
        ..order(work, 30, Batches::Shuffled)
    }
}

/// The rows of each step.
fn drawn(rows: usize, draws: Draws, work: LocalWork, round: u32) -> Vec<Vec<u32>> {
    let order = private(work, draws, 1.0);
    let Protection::Patient(noise) = order.protection else {
        unreachable!()
    };
    let source = NoiseSource::Simulated;
    let mut private = Private::begin(&noise, &order, rows, source, at(round, 1)).unwrap();
    let mut steps = Vec::new();
    private.for_each(rows, order.steps(rows as u64), |_, batch| {
        steps.push(batch.to_vec());
    });
    steps
}

fn distinct(batch: &[u32]) -> usize {
    let mut sorted = batch.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    sorted.len()
}

#[test]
fn poisson_steps_have_rows_by_their_own_coins_and_may_be_empty() {
    let steps = drawn(
        500,
        Draws::Poisson { rate: 0.1 },
        LocalWork::Steps(2_000),
        0,
    );
    let sizes: Vec<f64> = steps.iter().map(|batch| batch.len() as f64).collect();
    let mean = sizes.iter().sum::<f64>() / 2_000.0;
    let variance = sizes.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / 1_999.0;
    assert!(
        (mean - 50.0).abs() < 5.0 * (45.0_f64 / 2_000.0).sqrt(),
        "{mean}"
    );
    assert!((variance - 45.0).abs() < 10.0, "{variance}");
    assert!(steps.iter().all(|batch| distinct(batch) == batch.len()));
    // Rows are drawn independently: two fixed ones meet in 1 % of steps.
    let both = |batch: &&Vec<u32>| batch.contains(&3) && batch.contains(&4);
    let met = steps.iter().filter(both).count();
    assert!((5..=40).contains(&met), "{met}");
    let few = drawn(3, Draws::Poisson { rate: 0.1 }, LocalWork::Steps(200), 0);
    assert!(few.iter().any(Vec::is_empty));
    let all = drawn(40, Draws::Poisson { rate: 1.0 }, LocalWork::Steps(3), 0);
    assert!(all.iter().all(|batch| batch.len() == 40));
    assert_ne!(
        steps,
        drawn(
            500,
            Draws::Poisson { rate: 0.1 },
            LocalWork::Steps(2_000),
            1
        )
    );
    assert_eq!(
        steps,
        drawn(
            500,
            Draws::Poisson { rate: 0.1 },
            LocalWork::Steps(2_000),
            0
        )
    );
}

#[test]
fn the_other_draws_have_their_numbers() {
    let draws = Draws::TruncatedPoisson {
        rate: 0.5,
        most: 20,
    };
    let steps = drawn(60, draws, LocalWork::Steps(200), 0);
    assert!(
        steps
            .iter()
            .all(|batch| batch.len() <= 20 && distinct(batch) == batch.len())
    );
    assert!(steps.iter().filter(|batch| batch.len() == 20).count() > 180);
    // Which are taken of too many is chance, not the order of rows.
    let late = steps.iter().flatten().filter(|row| **row >= 40).count();
    assert!((1_100..1_560).contains(&late), "{late}");
    let steps = drawn(60, Draws::FixedSize { rate: 0.2 }, LocalWork::Epochs(2), 0);
    assert_eq!(steps.len(), 10);
    assert!(
        steps
            .iter()
            .all(|batch| batch.len() == 12 && distinct(batch) == 12)
    );
    assert_ne!(steps[0], steps[1]);
    let steps = drawn(100, Draws::Shuffled, LocalWork::Epochs(2), 0);
    let sizes: Vec<usize> = steps.iter().map(Vec::len).collect();
    assert_eq!(sizes, [30, 30, 30, 10, 30, 30, 30, 10]);
    assert_eq!(distinct(&steps[..4].concat()), 100);
    assert_ne!(steps[0], steps[4]);
    let steps = drawn(5, Draws::Full, LocalWork::Epochs(2), 0);
    assert_eq!(steps, [[0, 1, 2, 3, 4], [0, 1, 2, 3, 4]]);
}

fn learner(engine: Engine) -> Learner {
    let config = ModelConfig::Logistic(LogisticConfig {});
    Learner::new(
        Arc::new(ModelSpec::resolve(&config, &[2], 2).unwrap()),
        engine,
    )
}

/// `count` rows (2, 2) of class 0. Where the model is zero, each has the gradient (1, 1, 1/2), of norm
/// 3/2, which is clipped to (1/2, 1/2, 1/4).
fn rows(count: usize) -> Rows {
    Rows {
        shape: vec![2],
        features: vec![2.0; 2 * count],
        labels: vec![0; count],
    }
}

fn step(engine: Engine, rows: &Rows, order: &TrainOrder, round: u32) -> Vec<f32> {
    let added = Added {
        noise: NoiseSource::Simulated,
        ..Added::default()
    };
    let mut learner = learner(engine);
    let trained = learner
        .fit(&[0.0; 3], rows, order, added, at(round, 0))
        .unwrap();
    let noised = order.noised(rows.len() as u64);
    assert!(noised.is_some() && trained.noised == noised);
    trained.after.to_vec()
}

#[test]
fn a_step_is_the_sum_of_clipped_gradients_over_the_expected_rows() {
    for engine in ENGINES {
        // With next to no noise: four rows at rate 1/2 are two on average, whoever was drawn.
        let order = private(LocalWork::Steps(1), Draws::Poisson { rate: 0.5 }, 1e-9);
        let mut seen = std::collections::BTreeSet::new();
        for round in 0..40 {
            let after = step(engine, &rows(4), &order, round);
            let drawn = drawn_in(&order, round);
            let expected = -0.25 * drawn as f32;
            assert!(
                (after[0] - expected).abs() < 1e-6,
                "{after:?}, {drawn} drawn"
            );
            assert!((after[2] - expected / 2.0).abs() < 1e-6);
            seen.insert(drawn);
        }
        assert!(seen.contains(&0) && seen.len() >= 4, "{seen:?}");
    }
}

/// How many of four rows the step of `round` at node 0 draws.
fn drawn_in(order: &TrainOrder, round: u32) -> usize {
    let Protection::Patient(noise) = order.protection else {
        unreachable!()
    };
    let source = NoiseSource::Simulated;
    let mut private = Private::begin(&noise, order, 4, source, at(round, 0)).unwrap();
    let mut count = 0;
    private.for_each(4, 1, |_, batch| count = batch.len());
    count
}

#[test]
fn noise_has_the_deviation_that_was_asked_for_and_an_empty_step_has_it_too() {
    // z C / (rate n) = 3 * 0.75 / 2.
    let order = private(LocalWork::Steps(1), Draws::Poisson { rate: 0.5 }, 3.0);
    let plain = private(LocalWork::Steps(1), Draws::Poisson { rate: 0.5 }, 1e-9);
    let (mut squares, mut count, mut empty) = (0.0, 0.0, 0.0);
    let mut empty_squares = 0.0;
    for round in 0..3_000 {
        let noised = step(Engine::Fused, &rows(4), &order, round);
        let without = step(Engine::Fused, &rows(4), &plain, round);
        let square: f64 = noised
            .iter()
            .zip(&without)
            .map(|(a, b)| f64::from(a - b).powi(2))
            .sum();
        squares += square;
        count += 3.0;
        if drawn_in(&order, round) == 0 {
            empty_squares += square;
            empty += 3.0;
        }
    }
    let deviation = (squares / count).sqrt();
    assert!(
        (deviation - 1.125).abs() < 5.0 * 1.125 / (2.0 * count).sqrt(),
        "{deviation}"
    );
    let deviation = (empty_squares / empty).sqrt();
    assert!(empty > 300.0);
    assert!(
        (deviation - 1.125).abs() < 5.0 * 1.125 / (2.0 * empty).sqrt(),
        "{deviation}"
    );
}

#[test]
fn both_engines_draw_the_same_noise() {
    let order = private(LocalWork::Steps(5), Draws::FixedSize { rate: 0.5 }, 1.0);
    let [fused, burn] = ENGINES.map(|engine| step(engine, &rows(8), &order, 0));
    for (a, b) in fused.iter().zip(&burn) {
        assert!((a - b).abs() < 1e-5, "{fused:?} {burn:?}");
    }
}

#[test]
fn noise_of_the_system_never_repeats() {
    let order = private(LocalWork::Steps(1), Draws::Full, 1.0);
    let mut learner = learner(Engine::Fused);
    let mut once = || {
        let fitted = learner.fit(&[0.0; 3], &rows(4), &order, Added::default(), at(0, 0));
        fitted.unwrap().after.to_vec()
    };
    assert_ne!(once(), once());
}

#[test]
fn noise_without_a_clip_norm_is_refused() {
    let order = TrainOrder {
        example_clip_norm: 0.0,
        ..private(LocalWork::Steps(1), Draws::Full, 1.0)
    };
    let refused = learner(Engine::Fused)
        .fit(&[0.0; 3], &rows(4), &order, Added::default(), at(0, 0))
        .err()
        .unwrap();
    assert!(refused.to_string().contains("clip norm"), "{refused}");
}
