//! What one training step costs: batch 32, one thread, SGD, both engines.
//!
//! `cargo bench -p ward-train --bench step [ROUNDS]` interleaves the engines and prints medians
//! and ranges over the rounds.
#![expect(clippy::print_stdout, reason = "a bench tells its figures")]

use std::sync::Arc;
use std::time::Instant;

use rand::RngExt;
use ward_core::{
    Address, Batches, LocalWork, NodeId, OptimizerSpec, RingSpec, RoundId, Seed, TrainOrder,
};
use ward_data::Rows;
use ward_train::{CnnConfig, Engine, Learner, MlpConfig, ModelConfig, ModelSpec, TrainingDevice};

const BATCH: usize = 32;

fn main() {
    let rounds = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(9);
    let mlp = ModelConfig::Mlp(MlpConfig {
        hidden: vec![64, 32],
    });
    let cnn = ModelConfig::Cnn(CnnConfig::default());
    println!("us per step of batch {BATCH}: median [least - most] of {rounds} interleaved rounds");
    measure("MLP 20-64-32-2", &mlp, &[20], 2_000, rounds);
    measure("CNN 1x28x28", &cnn, &[1, 28, 28], 24, rounds);
}

/// Prints a line for each engine.
fn measure(name: &str, config: &ModelConfig, shape: &[usize], steps: u32, rounds: usize) {
    let spec = ModelSpec::resolve(config, shape, 2).map(Arc::new);
    let spec = spec.expect("the bench's own model");
    let rows = random_rows(shape, 512);
    let params = spec.initial_params(Seed::run(1));
    let mut engines: Vec<(Engine, u32, Learner, Vec<f64>)> = [
        (Engine::Fused, steps),
        (Engine::Burn(TrainingDevice::Cpu), steps.div_ceil(8)),
    ]
    .map(|(engine, steps)| (engine, steps, Learner::new(spec.clone(), engine), vec![]))
    .into();
    for _ in 0..=rounds {
        for (_, steps, learner, times) in &mut engines {
            let order = order(*steps);
            let start = Instant::now();
            let fitted = learner.train(&params, &rows, &order, ADDRESS);
            let spent = start.elapsed().as_secs_f64();
            fitted.expect("the bench's own rows");
            times.push(spent / f64::from(*steps) * 1e6);
        }
    }
    for (engine, _, _, times) in &mut engines {
        let mut times = times.split_off(1); // the first round warms up
        times.sort_by(f64::total_cmp);
        let (least, median, most) = (times[0], times[times.len() / 2], times[times.len() - 1]);
        println!(
            "{name:16} {engine:6} {median:9.1} [{least:.1} - {most:.1}]",
            engine = engine.to_string()
        );
    }
}

const ADDRESS: Address = Address {
    round: RoundId(0),
    node: NodeId(0),
};

fn order(steps: u32) -> TrainOrder {
    let optimizer = OptimizerSpec::Sgd {
        learning_rate: 0.05,
        momentum: 0.0,
    };
    let ring = RingSpec {
        fraction_bits: 32,
        range: 128.0,
        most_weight: 65_536,
    };
    let work = LocalWork::Steps(steps);
    TrainOrder {
        batches: Batches::InOrder,
        ..TrainOrder::new(work, BATCH as u32, optimizer, ring, Seed::run(1))
    }
}

fn random_rows(shape: &[usize], count: usize) -> Rows {
    let mut rng = Seed::run(2).stream();
    let mut rows = Rows::empty(shape);
    let mut row = vec![0.0; rows.width()];
    for i in 0..count {
        row.fill_with(|| rng.random_range(-1.5..1.5));
        rows.push(&row, (i % 2) as u8);
    }
    rows
}
