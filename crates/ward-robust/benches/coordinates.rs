//! What rules cost that take each coordinate by itself, or distances: `cargo bench -p ward-robust
//! [-- NAME...]`.
//!
//! 100 updates of a million `f32`, of which 20 may be bad, as in J5b. Milliseconds, wall and
//! processor: the median of five, after one that is not counted.

#![expect(clippy::print_stdout, reason = "the result is the output")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use cpu_time::ProcessTime;
use rand::RngExt;
use ward_core::{NodeId, Seed};
use ward_robust::before::NearestNeighbourMixing;
use ward_robust::rule::{Krum, MeaMed, Median, TrimmedMean};
use ward_robust::{Before, Robust, Rule, Updates};

const UPDATES: u32 = 100;
const LENGTH: usize = 1_000_000;
const BAD: usize = 20;
const TIMES: usize = 5;

/// A name, what is done before, and a rule.
type Job = (&'static str, Vec<Arc<dyn Before>>, Arc<dyn Rule>);

fn main() {
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let mut updates = Updates::new(LENGTH);
    for node in 0..UPDATES {
        let mut rng = Seed::run(5).child("update", node.into()).stream();
        let values = (0..LENGTH).map(|_| rng.random_range(-1.7_f32..1.7));
        updates
            .insert(NodeId(node), values.collect(), 1)
            .expect("it is an update");
    }
    let nnm: Arc<dyn Before> = Arc::new(NearestNeighbourMixing);
    let jobs: [Job; 5] = [
        ("median", vec![], Arc::new(Median { weighted: false })),
        ("trimmed", vec![], Arc::new(TrimmedMean)),
        ("meamed", vec![], Arc::new(MeaMed)),
        ("krum", vec![], Arc::new(Krum)),
        ("nnm_trimmed", vec![nnm], Arc::new(TrimmedMean)),
    ];
    println!(
        "{} threads; milliseconds    wall  processor",
        rayon::current_num_threads()
    );
    for (name, before, rule) in jobs {
        if !chosen.is_empty() && !chosen.iter().any(|c| c == name) {
            continue;
        }
        let robust = Robust {
            before,
            rule,
            f: BAD,
            norm_bound: f64::INFINITY,
            claimed_weights: false,
        };
        let [wall, cpu] = timed(|| {
            robust
                .combine(&updates, Seed::run(0))
                .expect("it bears them")
        });
        println!("{name:27} {wall:8.1} {cpu:10.1}");
    }
}

fn timed<R>(mut work: impl FnMut() -> R) -> [f64; 2] {
    black_box(work());
    let mut times: [Vec<f64>; 2] = Default::default();
    for _ in 0..TIMES {
        let (wall, cpu) = (Instant::now(), ProcessTime::now());
        black_box(work());
        let elapsed = [wall.elapsed(), cpu.elapsed()];
        let both = times.iter_mut().zip(elapsed);
        both.for_each(|(times, time)| times.push(time.as_secs_f64() * 1e3));
    }
    times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        times[TIMES / 2]
    })
}
