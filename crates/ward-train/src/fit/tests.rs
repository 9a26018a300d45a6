//! One step of a known gradient, shortened or not.

use std::sync::Arc;

use ward_core::{Batches, LocalWork, OptimizerSpec, TrainOrder};
use ward_data::Rows;

use super::Added;
use crate::batches::tests::{at, order};
use crate::learner::Learner;
use crate::model::{LogisticConfig, ModelConfig, ModelSpec};
use crate::{Engine, TrainingDevice};

/// Where one step of size 1 from `start` ends, on a row (2, 2) of class 0. Where 2 a + 2 b + c is 0
/// the model says 1/2, and the loss has the gradient (1, 1, 1/2), of norm 3/2.
fn step(engine: Engine, start: [f32; 3], l2: f32, norm: f32, added: Added<'_>) -> Vec<f32> {
    let spec = ModelSpec::resolve(&ModelConfig::Logistic(LogisticConfig {}), &[2], 2).unwrap();
    let rows = Rows {
        shape: vec![2],
        features: vec![2.0, 2.0],
        labels: vec![0],
    };
    let order = TrainOrder {
        optimizer: OptimizerSpec::Sgd {
            learning_rate: 1.0,
            momentum: 0.0,
        },
        l2,
        gradient_clip_norm: norm,
        ..order(LocalWork::Steps(1), 0, Batches::InOrder)
    };
    let mut learner = Learner::new(Arc::new(spec), engine);
    let trained = learner.fit(&start, &rows, &order, added, at(0, 0)).unwrap();
    trained.after.to_vec()
}

fn close(got: &[f32], expected: [f32; 3]) {
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() < 2e-6, "{got} is not {expected}");
    }
}

const ENGINES: [Engine; 2] = [Engine::Fused, Engine::Burn(TrainingDevice::Cpu)];

#[test]
fn a_gradient_that_is_longer_is_shortened_to_the_norm_by_hand() {
    let plain = |engine, norm| step(engine, [0.0; 3], 0.0, norm, Added::default());
    for engine in ENGINES {
        close(&plain(engine, 0.75), [-0.5, -0.5, -0.25]);
        for enough in [0.0, 1.5, 2.0] {
            close(&plain(engine, enough), [-1.0, -1.0, -0.5]);
        }
    }
}

#[test]
fn penalties_and_what_is_added_count_and_frozen_places_do_not() {
    for engine in ENGINES {
        // (1, 1, 1/2), the penalty (1, -1, 0) and (1, 4, -1/2): (3, 4, 0), of norm 5.
        let added = Added {
            linear: Some(&[1.0, 4.0, -0.5]),
            ..Added::default()
        };
        let after = step(engine, [1.0, -1.0, 0.0], 1.0, 2.5, added);
        close(&after, [-0.5, -3.0, 0.0]);
        // (1, 1, 1/2) and a pull of (1, 1, 1/2): (2, 2, 1), of norm 3.
        let added = Added {
            pull: Some((2.0, &[-0.5, -0.5, -0.25])),
            ..Added::default()
        };
        let after = step(engine, [0.0; 3], 0.0, 1.5, added);
        close(&after, [-1.0, -1.0, -0.5]);
        let last = 2..3;
        // (1, 1, 1/2) and (2, 3, 9) with the last at rest: (3, 4, 0), of norm 5.
        let added = Added {
            linear: Some(&[2.0, 3.0, 9.0]),
            frozen: std::slice::from_ref(&last),
            ..Added::default()
        };
        let after = step(engine, [0.0; 3], 0.0, 2.5, added);
        close(&after, [-1.5, -2.0, 0.0]);
    }
}
