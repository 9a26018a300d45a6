//! What one training step costs: batch 32, one thread, SGD; both engines, and a step written by hand
//! for this one model, which ends with the same parameters.
//!
//! `cargo bench -p ward-train --bench step -- [ROUNDS]` interleaves them and prints medians and
//! ranges over the rounds.
#![expect(clippy::print_stdout, reason = "a bench tells its figures")]
#![expect(
    clippy::needless_range_loop,
    reason = "kernels by hand read as their sums over indices do"
)]

use std::sync::Arc;
use std::time::Instant;

use rand::RngExt;
use ward_core::{
    Address, Batches, Draws, LocalWork, NodeId, OptimizerSpec, Params, PatientNoise, Protection,
    RingSpec, RoundId, Seed, TrainOrder,
};
use ward_data::Rows;
use ward_train::{CnnConfig, Engine, Learner, MlpConfig, ModelConfig, ModelSpec, TrainingDevice};

mod hand_cnn;
mod hand_mlp;

use hand_cnn::Cnn;
use hand_mlp::Mlp;

const BATCH: usize = 32;
const RATE: f32 = 0.05;

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
    let mlp = Contest::new("MLP 20-64-32-2", &mlp, &[20], 2_000);
    mlp.private(rounds);
    mlp.hold(rounds, |params, rows, steps| {
        let mut mlp = Mlp::new(params);
        let (batches, _) = rows.features.as_chunks::<20>();
        let (batches, _) = batches.as_chunks::<BATCH>();
        let (labels, _) = rows.labels.as_chunks::<BATCH>();
        let all = batches.iter().zip(labels).cycle();
        all.take(steps)
            .for_each(|(rows, labels)| mlp.step(rows, labels, RATE));
        mlp.params()
    });
    let cnn = Contest::new("CNN 1x28x28", &cnn, &[1, 28, 28], 48);
    cnn.hold(rounds, |params, rows, steps| {
        let mut cnn = Cnn::new(params);
        let (images, _) = rows.features.as_chunks::<784>();
        let all = images.chunks(BATCH).zip(rows.labels.chunks(BATCH)).cycle();
        all.take(steps)
            .for_each(|(rows, labels)| cnn.step(rows, labels, RATE));
        cnn.params()
    });
}

/// One model, trained by everybody from the same parameters on the same rows.
struct Contest {
    name: &'static str,
    spec: Arc<ModelSpec>,
    rows: Rows,
    params: Params,
    steps: u32,
}

impl Contest {
    fn new(name: &'static str, config: &ModelConfig, shape: &[usize], steps: u32) -> Self {
        let spec = ModelSpec::resolve(config, shape, 2).map(Arc::new);
        let spec = spec.expect("the bench's own model");
        Self {
            name,
            rows: random_rows(shape, 512),
            params: spec.initial_params(Seed::run(1)),
            spec,
            steps,
        }
    }

    /// Times all, in turn, and prints a line for each; `hand` trains so many steps by hand.
    fn hold(&self, rounds: usize, hand: impl Fn(&[f32], &Rows, usize) -> Vec<f32>) {
        let few = self.steps.div_ceil(8);
        let mut fused = Learner::new(self.spec.clone(), Engine::Fused);
        let mut burn = Learner::new(self.spec.clone(), Engine::Burn(TrainingDevice::Cpu));
        // So few steps that rounding has not grown.
        let ours = self.train(&mut fused, 16);
        let theirs = hand(&self.params.0, &self.rows, 16);
        let apart = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs());
        let apart = apart.fold(0.0, f32::max);
        let name = self.name;
        assert!(
            apart < 1e-5,
            "{name}: the hand-written step is another, {apart}"
        );
        let mut times = [("fused", vec![]), ("hand", vec![]), ("burn", vec![])];
        for _ in 0..=rounds {
            let (_, spent) = timed(|| self.train(&mut fused, self.steps));
            times[0].1.push(spent / f64::from(self.steps));
            let (_, spent) = timed(|| hand(&self.params.0, &self.rows, self.steps as usize));
            times[1].1.push(spent / f64::from(self.steps));
            let (_, spent) = timed(|| self.train(&mut burn, few));
            times[2].1.push(spent / f64::from(few));
        }
        let hand = median(&times[1].1);
        for (who, times) in &times {
            let (least, most) = times[1..]
                .iter()
                .fold((f64::MAX, 0.0_f64), |(least, most), t| {
                    (least.min(*t), most.max(*t))
                });
            let median = median(times);
            println!(
                "{:16} {who:6} {median:9.1} [{least:.1} - {most:.1}]  {:.2} x hand",
                self.name,
                median / hand
            );
        }
    }

    /// Times steps of DP-SGD: rows drawn by Poisson, 32 on average, clipped row by row and noised.
    /// `opacus_step.py` times the same with Opacus.
    fn private(&self, rounds: usize) {
        let mut learner = Learner::new(self.spec.clone(), Engine::Fused);
        let order = TrainOrder {
            example_clip_norm: 1.0,
            protection: Protection::Patient(PatientNoise {
                draws: Draws::Poisson {
                    rate: BATCH as f64 / 512.0,
                },
                noise_multiplier: 1.0,
                sizes_are_public: true,
            }),
            ..order(self.steps)
        };
        let mut times = Vec::new();
        for _ in 0..=rounds {
            let (fitted, spent) =
                timed(|| learner.train(&self.params, &self.rows, &order, ADDRESS));
            fitted.expect("the bench's own rows");
            times.push(spent / f64::from(self.steps));
        }
        let median = median(&times);
        println!("{:16} private {median:8.1}", self.name);
    }

    fn train(&self, learner: &mut Learner, steps: u32) -> Vec<f32> {
        let fitted = learner.train(&self.params, &self.rows, &order(steps), ADDRESS);
        fitted.expect("the bench's own rows").params.0
    }
}

/// Adds one column of a matrix times a row of another, held in registers.
#[inline(always)]
fn add<const H: usize, const W: usize>(sums: &mut [[f32; W]; H], factors: [f32; H], row: &[f32]) {
    let row: &[f32; W] = row.try_into().unwrap();
    for h in 0..H {
        for w in 0..W {
            sums[h][w] = factors[h].mul_add(row[w], sums[h][w]);
        }
    }
}

/// What `work` gives, and how many microseconds it took.
fn timed<R>(work: impl FnOnce() -> R) -> (R, f64) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed().as_secs_f64() * 1e6)
}

/// The median of all but the first, which warms up.
fn median(times: &[f64]) -> f64 {
    let mut times = times[1..].to_vec();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

const ADDRESS: Address = Address {
    round: RoundId(0),
    node: NodeId(0),
};

fn order(steps: u32) -> TrainOrder {
    let optimizer = OptimizerSpec::Sgd {
        learning_rate: RATE,
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
