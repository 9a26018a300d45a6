//! J5: aggregation alone, of updates that are there before the clock starts.
//!
//! J5a is FedAvg of 100 updates of ten million `f32`, of which update i is the first + 0.01 i, J5b FedAvg
//! and the robust rules over 100 of a million, of which 20 may be bad; update i weighs 100 + i. What is
//! counted starts at an update's floats and ends at the result's, as with the peers. In FedAvg updates are
//! sealed into ring words, checked and added, and the sum decoded, as in a round, but a piece of the model at
//! a time: they are cut into pieces before the clock starts. The rules go over updates as their aggregator
//! keeps them.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use cpu_time::ProcessTime;
use rand::RngExt;
use rayon::prelude::*;
use serde_json::{Map, Value, json};
use ward_core::{
    Delta, LocalUpdate, NodeId, Params, RoundId, Seed, TrainOrder, Weighting, WordWidth,
};
use ward_privacy::seal::{trial, trial_order};
use ward_robust::before::NearestNeighbourMixing;
use ward_robust::rule::{
    Bulyan, Caf, CentredClipping, GeometricMedian, Krum, MeaMed, Median, MultiKrum, Scale, Start,
    TrimmedMean,
};
use ward_robust::{Before, Robust, Rule, Updates};
use ward_round::Aggregator;
use ward_round::strategy::{Accumulator, Mean, Opening};

use crate::npy::Npy;
use crate::process::status_mb;

const HOSPITALS: usize = 100;
/// How many of them may be bad.
const BAD: usize = 20;
/// Coordinates that are sealed, checked and added together: they fit the second-level cache.
const PIECE: usize = 3 << 12;
/// Updates of J5a that are in memory at a time.
const HELD: usize = 4;
/// The peers' check: the sum of so many of the result's first numbers.
const CHECKED: usize = 1_000;
/// The largest number that sums must have room for.
const RANGE: f32 = 64.0;

/// Times job `id` and prints its line of JSON. `folder` holds the peers' numbers; without it they
/// are drawn from a seed.
pub(crate) fn play(id: &str, folder: Option<&Path>) -> Result<Value> {
    let mut told = Told::default();
    match id {
        "J5a" => {
            let base = base(folder)?;
            let shifted = |hospital, at: Range<usize>| {
                let shift = 0.01 * hospital as f32;
                base[at].iter().map(|base| base + shift).collect()
            };
            means(base.len(), shifted, &mut told)?;
        }
        _ => rules(folder, &mut told)?,
    }
    Ok(json!({
        "peer": "wardround",
        "job": id,
        "threads": rayon::current_num_threads(),
        "seconds": told.seconds,
        "cpu": told.cpu,
        "check": told.check,
        "extra_mb": told.extra_mb,
        "self_peak_rss_mb": told.peak_mb,
    }))
}

/// Wall and processor seconds, checks and memory beyond what was there before, by name.
#[derive(Default)]
struct Told {
    seconds: Map<String, Value>,
    cpu: Map<String, Value>,
    check: Map<String, Value>,
    extra_mb: Map<String, Value>,
    peak_mb: f64,
}

impl Told {
    fn timed(&mut self, name: &str, work: impl FnOnce() -> Result<Vec<f32>>) -> Result<()> {
        let before = forget_peak()?;
        let mut clock = Clock::default();
        let result = clock.run(work)?;
        self.tell(name, &clock, &result, before)
    }

    fn tell(&mut self, name: &str, clock: &Clock, result: &[f32], before: f64) -> Result<()> {
        let first = result[..CHECKED].iter().map(|&v| f64::from(v));
        let peak = status_mb("VmHWM")?;
        self.seconds.insert(name.to_owned(), milli(clock.wall));
        self.cpu.insert(name.to_owned(), milli(clock.cpu));
        self.check.insert(name.to_owned(), milli(first.sum()));
        self.extra_mb.insert(name.to_owned(), milli(peak - before));
        self.peak_mb = self.peak_mb.max(peak);
        Ok(())
    }
}

fn milli(value: f64) -> Value {
    json!((value * 1e3).round() / 1e3)
}

/// Seconds so far.
#[derive(Default)]
struct Clock {
    wall: f64,
    cpu: f64,
}

impl Clock {
    fn run<R>(&mut self, work: impl FnOnce() -> R) -> R {
        let (wall, cpu) = (Instant::now(), ProcessTime::now());
        let result = work();
        self.wall += wall.elapsed().as_secs_f64();
        self.cpu += cpu.elapsed().as_secs_f64();
        result
    }
}

fn weight(hospital: usize) -> u64 {
    100 + hospital as u64
}

/// FedAvg of updates of `len` numbers, of which `numbers` gives some of one hospital's. A few updates are
/// made at a time, off the clock.
fn means<N>(len: usize, numbers: N, told: &mut Told) -> Result<()>
where
    N: Fn(usize, Range<usize>) -> Vec<f32> + Sync,
{
    let before = forget_peak()?;
    let mut clock = Clock::default();
    let mut sums = clock.run(|| Sums::new(len))?;
    for first in (0..HOSPITALS).step_by(HELD) {
        let mut held: Vec<Vec<LocalUpdate>> = Vec::new();
        held.resize_with(sums.pieces.len(), Vec::new);
        for hospital in first..HOSPITALS.min(first + HELD) {
            held.par_iter_mut().enumerate().for_each(|(at, pieces)| {
                let at = at * PIECE;
                let delta = Delta(numbers(hospital, at..len.min(at + PIECE)));
                pieces.push(update(hospital, delta));
            });
        }
        clock.run(|| sums.add(first, held))?;
    }
    let mean = clock.run(|| sums.mean(len))?;
    told.tell("fedavg", &clock, &mean, before)
}

/// What a hospital's training hands over.
fn update(hospital: usize, delta: Delta) -> LocalUpdate {
    LocalUpdate {
        delta,
        extras: Vec::new(),
        examples: weight(hospital),
        noised: None,
        loss: 0.0,
    }
}

/// The sums of a round, a piece of the model each.
struct Sums {
    order: TrainOrder,
    pieces: Vec<Box<dyn Accumulator>>,
}

impl Sums {
    /// No update yet, of `len` parameters.
    fn new(len: usize) -> Result<Self> {
        let total = (0..HOSPITALS).map(weight).sum();
        let ring = ward_privacy::ring::finest(RANGE, weight(HOSPITALS), total, WordWidth::Wide)
            .context("the sum has no room")?;
        let order = trial_order(Weighting::Examples, ring);
        let open = |at: usize| {
            Mean.open(Opening {
                len: PIECE.min(len - at),
                round: RoundId(0),
                params: &Params::default(),
                order: &order,
                seed: Seed::run(0),
                carried: &[],
            })
        };
        let pieces = (0..len).step_by(PIECE).map(open).collect();
        Ok(Self { order, pieces })
    }

    /// Seals the updates of hospital `first` and those after it, of which there is a piece each for every
    /// sum, checks and adds them.
    fn add(&mut self, first: usize, updates: Vec<Vec<LocalUpdate>>) -> Result<()> {
        let order = &self.order;
        let tasks = self.pieces.par_iter_mut().zip(updates).with_min_len(16);
        tasks.try_for_each(|(sum, pieces)| {
            for (hospital, piece) in (first..).zip(pieces) {
                let upload = trial(piece, order)?;
                sum.accept(NodeId(hospital as u32), &upload)?;
            }
            Ok(())
        })
    }

    fn mean(&mut self, len: usize) -> Result<Vec<f32>> {
        let mut mean = vec![0.0; len];
        let pieces = mean.par_chunks_mut(PIECE).zip(&mut self.pieces);
        pieces.try_for_each(|(to, sum)| -> Result<()> {
            to.copy_from_slice(&sum.finish()?.0);
            Ok(())
        })?;
        Ok(mean)
    }
}

/// A name, what is done before, and a rule.
type Job = (&'static str, Vec<Arc<dyn Before>>, Arc<dyn Rule>);

/// J5b: FedAvg, then every rule.
fn rules(folder: Option<&Path>, told: &mut Told) -> Result<()> {
    let held = updates(folder)?;
    let len = held[0].len();
    means(len, |hospital, at| held[hospital][at].to_vec(), told)?;
    let mut updates = Updates::new(len);
    for (hospital, update) in held.into_iter().enumerate() {
        updates.insert(NodeId(hospital as u32), update, weight(hospital))?;
    }
    for (name, before, rule) in jobs() {
        let robust = Robust {
            before,
            rule,
            f: BAD,
            norm_bound: f64::INFINITY,
            claimed_weights: false,
        };
        told.timed(name, || Ok(robust.combine(&updates, Seed::run(0))?))?;
    }
    Ok(())
}

fn jobs() -> [Job; 10] {
    let nnm: Arc<dyn Before> = Arc::new(NearestNeighbourMixing);
    let geometric = GeometricMedian {
        smoothing: 1e-6,
        steps: 100,
        start: Start::Mean,
    };
    let clipping = CentredClipping {
        radius: 10.0,
        steps: 1,
    };
    let scale = Scale::Counting;
    [
        ("median", vec![], Arc::new(Median { weighted: false })),
        ("trimmed", vec![], Arc::new(TrimmedMean)),
        ("meamed", vec![], Arc::new(MeaMed)),
        ("krum", vec![], Arc::new(Krum)),
        ("multikrum", vec![], Arc::new(MultiKrum { keep: None })),
        ("bulyan", vec![], Arc::new(Bulyan)),
        ("geometric_median", vec![], Arc::new(geometric)),
        ("centred_clipping", vec![], Arc::new(clipping)),
        ("caf", vec![], Arc::new(Caf { scale })),
        ("nnm_trimmed", vec![nnm], Arc::new(TrimmedMean)),
    ]
}

/// J5a's numbers that all updates share: ten million.
fn base(folder: Option<&Path>) -> Result<Vec<f32>> {
    match folder {
        Some(folder) => Npy::open(&folder.join("base.npy"))?.f32s(),
        None => Ok(drawn(0, 10_000_000)),
    }
}

/// J5b's updates: 100 of a million numbers.
fn updates(folder: Option<&Path>) -> Result<Vec<Vec<f32>>> {
    let update = |hospital| match folder {
        Some(folder) => Npy::open(&folder.join(format!("update_{hospital}.npy")))?.f32s(),
        None => Ok(drawn(hospital, 1_000_000)),
    };
    (0..HOSPITALS).map(update).collect()
}

/// Numbers between -1.7 and 1.7, of a variance near 1.
fn drawn(stream: usize, len: usize) -> Vec<f32> {
    let mut rng = Seed::run(5).child("update", stream as u64).stream();
    (0..len).map(|_| rng.random_range(-1.7..1.7)).collect()
}

/// Forgets the most memory so far, and says what is resident now, in millions of bytes.
fn forget_peak() -> Result<f64> {
    fs::write("/proc/self/clear_refs", "5").context("cannot reset the peak of memory")?;
    status_mb("VmRSS")
}
