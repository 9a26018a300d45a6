//! The peers' jobs through our engine: `cargo bench -p wardround --bench jobs -- J1 DIR`.
//!
//! `DIR` holds what the peers' exporter wrote: the same rows, first weights and cohorts that they
//! read. Prints one line of JSON with the keys that they print. Set `WARDROUND_BENCH_ENGINE=burn`
//! to time burn's autodiff instead of the fused trainer.

#![expect(clippy::print_stdout, reason = "the result is the output")]

mod job;
mod npy;
mod process;

use std::io;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use ward_core::{Evaluation, Params, Record, Seed};
use ward_data::Rows;
use ward_round::RunState;
use ward_sim::{Faults, Link, Observer, Simulation};
use ward_train::{Engine, Learners, TrainingDevice};

use job::{Job, Wards};

fn main() -> Result<()> {
    let began = Instant::now();
    // Cargo adds `--bench`.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let [id, folder] = words.as_slice() else {
        if words.is_empty() {
            println!("skipped: name a job and the folder of its export, for example: J1 DIR");
            return Ok(());
        }
        bail!("usage: cargo bench -p wardround --bench jobs -- J1|J2|J3|J4 DIR");
    };
    let engine = match std::env::var("WARDROUND_BENCH_ENGINE").as_deref() {
        Ok("burn") => Engine::Burn(TrainingDevice::Cpu),
        _ => Engine::Fused,
    };
    let job = Job::named(id).with_context(|| format!("there is no job {id}: J1, J2, J3 or J4"))?;
    let wards = Wards::open(&job, Path::new(folder), engine)?;
    let pool = ThreadPoolBuilder::new().use_current_thread().build()?;
    let coordinator = job.coordinator(&wards)?;
    let mut clock = Clock {
        learners: Learners::new(wards.model.clone(), engine),
        pool: &pool,
        parts: parts(&wards.test, pool.current_num_threads()),
        ends: Vec::new(),
        cpu: Vec::new(),
        accuracy: 0.0,
    };
    let hospitals = coordinator.plan().roster.len();
    Simulation::new(coordinator, &wards, &pool, hospitals, Seed::run(0), |_| {
        (Link::IDEAL, Faults::default())
    })
    .run(&mut clock)?;
    let gaps: Vec<f64> = clock
        .ends
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).as_secs_f64())
        .collect();
    let round = median(gaps);
    let cpu = (clock.cpu.last().unwrap_or(&0.0) - clock.cpu.first().unwrap_or(&0.0))
        / (clock.cpu.len().max(2) - 1) as f64;
    let first = clock.ends.first().copied().unwrap_or(began) - began;
    let line = serde_json::json!({
        "peer": "wardround",
        "job": id,
        "startup_s": rounded(first.as_secs_f64() - round),
        "round_s": rounded(round),
        "round_cpu_s": rounded(cpu),
        "rounds": clock.ends.len(),
        "acc": (clock.accuracy * 1e4).round() / 1e4,
        "peak_rss_mb": process::peak_rss_mb()?,
        "cpu_s": rounded(process::cpu_s()?),
    });
    println!("{line}");
    Ok(())
}

/// Notes when rounds end, and scores the model on the common evaluation set.
struct Clock<'a> {
    learners: Learners,
    pool: &'a ThreadPool,
    /// The evaluation set, in as many parts as there are threads.
    parts: Vec<Rows>,
    ends: Vec<Instant>,
    cpu: Vec<f64>,
    accuracy: f64,
}

impl Observer for Clock<'_> {
    fn record(&mut self, _: &Record) -> io::Result<()> {
        Ok(())
    }

    fn checkpoint(&mut self, state: &RunState) -> io::Result<()> {
        if state.round().0 as usize == self.ends.len() {
            // The one more at the end of the run.
            return Ok(());
        }
        self.accuracy = self.score(state.params()).map_err(io::Error::other)?;
        self.cpu.push(process::cpu_s().map_err(io::Error::other)?);
        self.ends.push(Instant::now());
        Ok(())
    }
}

impl Clock<'_> {
    fn score(&self, params: &Params) -> Result<f64> {
        let of_part = |rows: &Rows| -> Result<Evaluation> {
            let scores = self
                .learners
                .lend(|learner| learner.evaluate(params, rows, None))?;
            Ok(scores.evaluation)
        };
        let parts: Result<Vec<Evaluation>> = self
            .pool
            .install(|| self.parts.par_iter().map(of_part).collect());
        let all = Evaluation::combine(&parts?);
        let accuracy = all.get(ward_core::metric::name::ACCURACY);
        Ok(accuracy.context("no accuracy")?.value)
    }
}

/// `rows` in `count` parts of about the same size.
fn parts(rows: &Rows, count: usize) -> Vec<Rows> {
    let size = rows.len().div_ceil(count.max(1)).max(1);
    rows.features
        .chunks(size * rows.width())
        .zip(rows.labels.chunks(size))
        .map(|(features, labels)| Rows {
            shape: rows.shape.clone(),
            features: features.to_vec(),
            labels: labels.to_vec(),
        })
        .collect()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

fn rounded(seconds: f64) -> f64 {
    (seconds * 1e5).round() / 1e5
}
