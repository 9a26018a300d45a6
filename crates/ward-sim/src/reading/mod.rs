//! A hospital's reading queue: cases arrive, wait, and are read by one of its readers, in the order
//! in which they came or by what a model makes of them.
//!
//! The queue is M/M/c: cases come as a Poisson process, reads take exponential times, there are `c`
//! readers, and none is idle while a case waits (Erlang 1917). A read that has begun is not broken
//! off. Where cases are read by score that is a queue with priorities; for scores that tell the
//! classes apart perfectly its waits are known (Cobham 1954), and [`erlang`] has both formulas.
//!
//! Arrivals, cases and reading times are drawn at three places: so with the same place the same
//! cases come at the same times in any order of reading, and comparisons are paired.

pub mod erlang;

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use rand::RngExt;
use ward_core::{Estimate, Seed};

/// Batches whose means tell the standard error of a wait, which one wait has from the next.
const BATCHES: usize = 20;

/// A room in which cases are read. Times are minutes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Room {
    /// Readers, 1 or more.
    pub readers: usize,
    /// Cases that come in a minute, on average.
    pub arrivals: f64,
    /// Minutes that a read takes, on average.
    pub minutes: f64,
}

/// A case as the queue sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Case {
    /// What the model makes of it: the highest is read first where the order is [`Order::Score`].
    pub score: f32,
    /// Whether the patient has the disease.
    pub positive: bool,
}

/// Which of the waiting cases is read next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The one that came first.
    Arrival,
    /// The one with the highest score; of equal ones the one that came first.
    Score,
}

/// One case that was read. Times are minutes since the room opened.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Read {
    /// When it came.
    pub arrived: f64,
    /// When its reading began.
    pub started: f64,
    /// How long it took.
    pub took: f64,
    /// Whether the patient has the disease.
    pub positive: bool,
}

/// What became of `count` cases, each one of `cases` drawn with replacement, in the order in which
/// they came. Every draw is made at `place`. Empty where there are no cases to draw from.
///
/// # Panics
/// When the room has no reader.
#[must_use]
pub fn play(room: Room, order: Order, cases: &[Case], count: usize, place: Seed) -> Vec<Read> {
    assert!(room.readers > 0, "a room without readers reads nothing");
    if cases.is_empty() {
        return Vec::new();
    }
    let (mut coming, mut drawn) = (
        place.child("arrival", 0).stream(),
        place.child("case", 0).stream(),
    );
    let mut reading = place.child("read", 0).stream();
    let mut clock = 0.0;
    let mut reads: Vec<Read> = Vec::with_capacity(count);
    let mut keys = Vec::with_capacity(count);
    for _ in 0..count {
        clock += exponential(&mut coming, 1.0 / room.arrivals);
        let case = cases[drawn.random_range(0..cases.len())];
        keys.push(match order {
            Order::Arrival => 0.0,
            Order::Score => case.score,
        });
        reads.push(Read {
            arrived: clock,
            started: 0.0,
            took: 0.0,
            positive: case.positive,
        });
    }
    let mut free: BinaryHeap<Reverse<Minute>> =
        (0..room.readers).map(|_| Reverse(Minute(0.0))).collect();
    let mut waiting: BinaryHeap<Waiting> = BinaryHeap::new();
    let (mut next, mut now) = (0, 0.0_f64);
    for _ in 0..count {
        let Some(Reverse(Minute(idle))) = free.pop() else {
            break; // every reader is put back below
        };
        now = now.max(idle);
        if waiting.is_empty() {
            now = now.max(reads[next].arrived);
        }
        while next < count && reads[next].arrived <= now {
            waiting.push(Waiting {
                key: keys[next],
                place: next,
            });
            next += 1;
        }
        let Some(Waiting { place, .. }) = waiting.pop() else {
            break; // one waits: it has just come
        };
        // Drawn as reads begin, so that the readers are as busy whatever the order.
        let took = exponential(&mut reading, room.minutes);
        (reads[place].started, reads[place].took) = (now, took);
        free.push(Reverse(Minute(now + took)));
    }
    reads
}

/// The mean wait of the reads of which `of` holds, in minutes, after the first tenth: the room opens
/// empty. The standard error is that of means of batches, as waits depend on one another. `None` where
/// fewer than two batches have such a read.
#[must_use]
pub fn mean_wait(reads: &[Read], of: impl Fn(&Read) -> bool) -> Option<Estimate> {
    let reads = &reads[reads.len() / 10..];
    let waits = |reads: &[Read]| -> Vec<f64> {
        let of_those = reads.iter().filter(|read| of(read));
        of_those.map(|read| read.started - read.arrived).collect()
    };
    let all = waits(reads);
    let batches = reads.chunks(reads.len().div_ceil(BATCHES).max(1));
    let means: Vec<f64> = batches
        .filter_map(|batch| Estimate::mean(&waits(batch)))
        .map(|mean| mean.value)
        .collect();
    (means.len() > 1).then_some(())?;
    Some(Estimate {
        value: all.iter().sum::<f64>() / all.len() as f64,
        n: all.len() as u64,
        standard_error: Estimate::mean(&means)?.standard_error,
    })
}

/// How many cases a reader reads in an hour of reading. `None` where nothing was read.
#[must_use]
pub fn reads_per_hour(reads: &[Read]) -> Option<f64> {
    let busy: f64 = reads.iter().map(|read| read.took).sum();
    (busy > 0.0).then(|| 60.0 * reads.len() as f64 / busy)
}

/// The share of the other cases of a worklist that are read before a positive one, on average, where
/// it is read by scores whose AUC is `auc`; equal scores are read in any order:
///
///   ((P − 1) / 2 + N (1 − AUC)) / (P + N − 1)
///
/// An AUC of one half gives one half: any order that knows nothing. `None` without a positive case,
/// and where it is alone.
#[must_use]
pub fn share_before_positives(auc: f64, positive: u64, negative: u64) -> Option<f64> {
    let (p, n) = (positive as f64, negative as f64);
    (positive > 0 && positive + negative > 1)
        .then(|| ((p - 1.0) / 2.0 + n * (1.0 - auc)) / (p + n - 1.0))
}

fn exponential(rng: &mut impl rand::Rng, mean: f64) -> f64 {
    -mean * libm::log1p(-rng.random::<f64>())
}

/// A time that can be ordered: none is NaN.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Minute(f64);

impl Eq for Minute {}

impl Ord for Minute {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Minute {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A case that waits; the greatest is read next.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Waiting {
    key: f32,
    place: usize,
}

impl Eq for Waiting {}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_key = self.key.total_cmp(&other.key);
        by_key.then(other.place.cmp(&self.place))
    }
}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests;
