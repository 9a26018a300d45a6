//! What robust rules cost: 100 updates of 1,000,000 `f32`, of which 20 may be bad.
//!
//! `cargo bench -p ward-robust --bench j5b [ROUNDS [N D F]]` interleaves the rules and prints CPU
//! and wall seconds, medians over the rounds. `RAYON_NUM_THREADS` sets the threads.
#![expect(clippy::print_stdout, reason = "a bench tells its figures")]

use std::sync::Arc;
use std::time::Instant;

use rand::RngExt;
use ward_core::{NodeId, Seed};
use ward_robust::before::NearestNeighbourMixing;
use ward_robust::rule::{
    Bulyan, Caf, CentredClipping, GeometricMedian, Krum, MeaMed, Median, MultiKrum, Scale, Start,
    TrimmedMean,
};
use ward_robust::{Before, Robust, Rule, Updates};

/// A name, what is done before, and a rule.
type Job = (&'static str, Vec<Arc<dyn Before>>, Arc<dyn Rule>);

fn main() {
    let given = std::env::args().skip(1).filter_map(|a| a.parse().ok());
    let given: Vec<usize> = given.collect();
    let rounds = given.first().copied().unwrap_or(7);
    let (n, d, f) = match given[..] {
        [_, n, d, f] => (n, d, f),
        _ => (100, 1_000_000, 20),
    };
    let updates = random(n, d);
    let nnm: Arc<dyn Before> = Arc::new(NearestNeighbourMixing);
    let median: Arc<dyn Rule> = Arc::new(Median { weighted: false });
    let geometric: Arc<dyn Rule> = Arc::new(GeometricMedian {
        smoothing: 1e-6,
        steps: 100,
        start: Start::Mean,
    });
    let clipping = CentredClipping {
        radius: 10.0,
        steps: 1,
    };
    let caf = Caf {
        scale: Scale::Counting,
    };
    let trimmed: Arc<dyn Rule> = Arc::new(TrimmedMean);
    let jobs: [Job; 10] = [
        ("median", vec![], median),
        ("trimmed mean", vec![], trimmed.clone()),
        ("MeaMed", vec![], Arc::new(MeaMed)),
        ("Krum", vec![], Arc::new(Krum)),
        ("Multi-Krum", vec![], Arc::new(MultiKrum { keep: None })),
        ("Bulyan", vec![], Arc::new(Bulyan)),
        ("geometric median", vec![], geometric),
        ("centred clipping", vec![], Arc::new(clipping)),
        ("CAF", vec![], Arc::new(caf)),
        ("NNM + trimmed mean", vec![nnm], trimmed),
    ];
    let mut times = vec![Vec::new(); jobs.len()];
    for _ in 0..=rounds {
        for ((_, before, rule), times) in jobs.iter().zip(&mut times) {
            let robust = Robust {
                before: before.clone(),
                rule: rule.clone(),
                f,
                norm_bound: f64::INFINITY,
                claimed_weights: false,
            };
            let (wall, cpu) = (Instant::now(), cpu_time::ProcessTime::now());
            let combined = robust.combine(&updates, Seed::run(1));
            times.push([cpu.elapsed().as_secs_f64(), wall.elapsed().as_secs_f64()]);
            assert_eq!(combined.map(|sum| sum.len()), Ok(d));
        }
    }
    let threads = rayon::current_num_threads();
    println!("{n} x {d} f32, f = {f}, {threads} threads, medians of {rounds}: CPU s, wall s");
    for ((name, ..), times) in jobs.iter().zip(&times) {
        let median = |kind: usize| {
            // The first round warms up.
            let mut times: Vec<f64> = times[1..].iter().map(|t| t[kind]).collect();
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        };
        println!("{name:<20} {:>8.3} {:>8.3}", median(0), median(1));
    }
}

/// Updates around a common one, as hospitals' are.
fn random(n: usize, d: usize) -> Updates<f32> {
    let mut updates = Updates::new(d);
    for node in 0..n {
        let mut rng = Seed::run(5).child("update", node as u64).stream();
        let values = (0..d).map(|_| rng.random_range(-1.0_f32..1.2)).collect();
        let inserted = updates.insert(NodeId(node as u32), values, 1);
        inserted.expect("the bench's own update");
    }
    updates
}
