//! Whether memory stays flat: `cargo bench -p wardround --bench memory -- J3 DIR 1000`.
//!
//! Plays a job, its cohorts over and over, without evaluation, and prints one line of JSON: the bytes
//! of the heap in use and the bytes resident at the end of round 50 and at the last, and the slope of
//! a straight line through all rounds between, in bytes a round. Apart from `jobs`, since counting
//! each allocation takes time.

#![expect(clippy::print_stdout, reason = "the result is the output")]

mod job;
mod npy;
mod process;

use std::alloc::System;
use std::io;
use std::path::Path;

use anyhow::{Context, Result, bail};
use cap::Cap;
use rayon::ThreadPoolBuilder;
use ward_core::{Record, Seed};
use ward_round::RunState;
use ward_sim::{Faults, Link, Observer, Simulation};
use ward_train::Engine;

use job::{Job, KEEP_OPEN, Wards};

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// The round after which memory should no longer grow.
const FLAT_AFTER: u32 = 50;

fn main() -> Result<()> {
    // Cargo adds `--bench`.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let [id, folder, rounds] = words.as_slice() else {
        if words.is_empty() {
            println!("skipped: name a job, the folder of its export and how many rounds");
            return Ok(());
        }
        bail!("usage: cargo bench -p wardround --bench memory -- J1|J2|J3|J4 DIR ROUNDS");
    };
    let mut job =
        Job::named(id).with_context(|| format!("there is no job {id}: J1, J2, J3 or J4"))?;
    job.rounds = rounds.parse().context("ROUNDS")?;
    let wards = Wards::open(&job, Path::new(folder), Engine::Fused)?;
    let pool = ThreadPoolBuilder::new().use_current_thread().build()?;
    let coordinator = job.coordinator(&wards)?;
    let mut scales = Scales {
        looks: Vec::with_capacity(job.rounds as usize),
        rounds: job.rounds,
    };
    Simulation::new(coordinator, &wards, &pool, KEEP_OPEN, Seed::run(0), |_| {
        (Link::IDEAL, Faults::default())
    })
    .run(&mut scales)?;
    let [heap, resident] = [|look: &Look| look.heap, |look: &Look| look.resident]
        .map(|part| scales.looks.iter().map(part).collect::<Vec<f64>>());
    let (Some(first), Some(last)) = (scales.looks.first(), scales.looks.last()) else {
        bail!("ROUNDS must be more than {FLAT_AFTER}");
    };
    let line = serde_json::json!({
        "peer": "wardround",
        "job": id,
        "threads": pool.current_num_threads(),
        "rounds": job.rounds,
        "heap_bytes": [first.heap, last.heap],
        "heap_bytes_a_round": rounded(slope(&heap)),
        "resident_bytes": [first.resident, last.resident],
        "resident_bytes_a_round": rounded(slope(&resident)),
    });
    println!("{line}");
    Ok(())
}

/// The memory at the end of a round, in bytes.
struct Look {
    heap: f64,
    resident: f64,
}

/// Looks at the memory at the end of each round from [`FLAT_AFTER`] on.
struct Scales {
    /// With room for all of them from the start.
    looks: Vec<Look>,
    rounds: u32,
}

impl Observer for Scales {
    fn record(&mut self, _: &Record) -> io::Result<()> {
        Ok(())
    }

    fn checkpoint(&mut self, state: &RunState) -> io::Result<()> {
        let round = state.round().0;
        // The end of the run says goodbye to everybody at once.
        if (FLAT_AFTER..self.rounds).contains(&round) {
            let heap = HEAP.allocated() as f64;
            let resident = process::status_mb("VmRSS").map_err(io::Error::other)? * 1e6;
            self.looks.push(Look { heap, resident });
        }
        Ok(())
    }
}

/// The slope of the straight line that fits `values`, one a round, best: least squares.
fn slope(values: &[f64]) -> f64 {
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let (mut products, mut squares) = (0.0, 0.0);
    for (index, value) in values.iter().enumerate() {
        let from_middle = index as f64 - middle;
        products += from_middle * (value - values[0]);
        squares += from_middle * from_middle;
    }
    products / squares.max(1.0)
}

fn rounded(bytes: f64) -> f64 {
    (bytes * 100.0).round() / 100.0
}
