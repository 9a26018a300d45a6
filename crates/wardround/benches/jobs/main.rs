//! The peers' jobs through our engine: `cargo bench -p wardround --bench jobs -- J1 DIR`.
//!
//! `DIR` holds what the peers' exporter wrote: the same rows, first weights and cohorts that they
//! read. Prints one line of JSON with the keys that they print, and what of a round's processor time
//! was training, the engine around it and evaluation. `RAYON_NUM_THREADS` says how many threads.
//! Set `WARDROUND_BENCH_ENGINE=burn` to time burn's autodiff instead of the fused trainer.
//!
//! `-- J5a [DIR]` and `-- J5b [DIR]` time aggregation alone (`aggregation.rs`), of numbers drawn from a
//! seed, or of the peers' where `DIR` has them: `base.npy`, `update_0.npy` to `update_99.npy`.
//!
//! `-- J3 DIR 1000` plays a thousand rounds, its cohorts over and over. How memory behaves meanwhile is
//! told by `memory.rs`.

#![expect(clippy::print_stdout, reason = "the result is the output")]

mod aggregation;
mod job;
mod npy;
mod process;

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use cpu_time::ProcessTime;
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};
use ward_core::{Evaluation, Params, Record, Seed};
use ward_data::Rows;
use ward_round::RunState;
use ward_sim::{Faults, Link, Observer, Simulation};
use ward_train::{Engine, Learners, TrainingDevice};

use job::{Job, KEEP_OPEN, Wards};

fn main() -> Result<()> {
    let began = Instant::now();
    // Cargo adds `--bench`.
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let (id, folder, rounds) = match words.as_slice() {
        [] => {
            println!("skipped: name a job and the folder of its export, for example: J1 DIR");
            return Ok(());
        }
        [id, folder @ ..] if (id == "J5a" || id == "J5b") && folder.len() <= 1 => {
            let folder = folder.first().map(Path::new);
            println!("{}", aggregation::play(id, folder)?);
            return Ok(());
        }
        [id, folder] => (id, folder, None),
        [id, folder, rounds] => (id, folder, Some(rounds.parse().context("ROUNDS")?)),
        _ => bail!(
            "usage: cargo bench -p wardround --bench jobs -- J1|J2|J3|J4 DIR [ROUNDS], or J5a|J5b [DIR]"
        ),
    };
    let engine = match std::env::var("WARDROUND_BENCH_ENGINE").as_deref() {
        Ok("burn") => Engine::Burn(TrainingDevice::Cpu),
        _ => Engine::Fused,
    };
    let mut job =
        Job::named(id).with_context(|| format!("there is no job {id}: J1, J2, J3 or J4"))?;
    job.rounds = rounds.unwrap_or(job.rounds);
    let wards = Wards::open(&job, Path::new(folder), engine)?;
    let pool = ThreadPoolBuilder::new().use_current_thread().build()?;
    let coordinator = job.coordinator(&wards)?;
    let mut clock = Clock {
        learners: Learners::new(wards.model.clone(), engine),
        pool: &pool,
        parts: parts(&wards.test, 4 * pool.current_num_threads()),
        ends: Vec::new(),
        cpu: Vec::new(),
        evaluation: Duration::ZERO,
        accuracy: 0.0,
    };
    let finished = Simulation::new(coordinator, &wards, &pool, KEEP_OPEN, Seed::run(0), |_| {
        (Link::IDEAL, Faults::default())
    })
    .run(&mut clock)?;
    println!("{}", clock.told(id, began, finished.work_cpu)?);
    Ok(())
}

/// Notes when rounds end, and scores the model on the common evaluation set.
struct Clock<'a> {
    learners: Learners,
    pool: &'a ThreadPool,
    /// The evaluation set in parts: some for each thread, so that one that wakes late does less.
    parts: Vec<Rows>,
    ends: Vec<Instant>,
    /// Processor time of all threads at the end of each round.
    cpu: Vec<Duration>,
    /// Processor time of all evaluations.
    evaluation: Duration,
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
        let before = ProcessTime::now();
        self.accuracy = self.score(state.params()).map_err(io::Error::other)?;
        self.evaluation += before.elapsed();
        self.cpu.push(ProcessTime::now().as_duration());
        self.ends.push(Instant::now());
        Ok(())
    }
}

impl Clock<'_> {
    /// The line of JSON about job `id`, which `began` some time ago and trained for `training`.
    fn told(&self, id: &str, began: Instant, training: Duration) -> Result<serde_json::Value> {
        let gaps = self.ends.windows(2);
        let round = median(gaps.map(|pair| (pair[1] - pair[0]).as_secs_f64()).collect());
        let rounds = self.ends.len() as f64;
        let (Some(first), Some(last)) = (self.cpu.first(), self.cpu.last()) else {
            bail!("no round ended");
        };
        let cpu = (*last - *first).as_secs_f64() / (rounds - 1.0).max(1.0);
        let training = training.as_secs_f64() / rounds;
        let evaluation = self.evaluation.as_secs_f64() / rounds;
        let start = (self.ends[0] - began).as_secs_f64() - round;
        Ok(serde_json::json!({
            "peer": "wardround",
            "job": id,
            "startup_s": rounded(start),
            "round_s": rounded(round),
            "round_cpu_s": rounded(cpu),
            "train_cpu_s": rounded(training),
            "eval_cpu_s": rounded(evaluation),
            "other_cpu_s": rounded(cpu - training - evaluation),
            "rounds": self.ends.len(),
            "acc": (self.accuracy * 1e4).round() / 1e4,
            "peak_rss_mb": process::status_mb("VmHWM")?,
            "cpu_s": rounded(last.as_secs_f64()),
        }))
    }

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
