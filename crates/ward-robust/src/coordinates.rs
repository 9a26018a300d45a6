//! What is done coordinate by coordinate, and weighted sums.
//!
//! Coordinates are gathered from all updates a block at a time and handled a strip of [`WIDTH`] at
//! a time, one to a lane: a strip of 100 updates fits the first-level cache. Blocks are independent,
//! so threads change no bit.

use rayon::prelude::*;

use crate::network::{network, sort};
use crate::points::Take;
use crate::{Updates, Value};

/// Coordinates that one task handles.
const BLOCK: usize = 1_024;
/// Coordinates that are sorted together.
const WIDTH: usize = 32;
/// Points that are mixed together.
const HEIGHT: usize = 6;

/// One number for each of [`WIDTH`] coordinates.
type Lane<T> = [T; WIDTH];

/// The weighted sum of the updates and, last, the reference.
pub(crate) fn sum<T: Value>(updates: &Updates<T>, factors: &[f64]) -> Vec<T> {
    let mut rows = updates.rows();
    rows.extend(updates.reference());
    let terms: Vec<(f64, &[T])> = factors.iter().copied().zip(rows).collect();
    let mut result = vec![T::default(); updates.len()];
    let tasks = result.par_chunks_mut(BLOCK).enumerate();
    tasks.for_each(|(at, result)| {
        let at = at * BLOCK;
        pulp::Arch::new().dispatch(Sum {
            terms: &terms,
            at,
            result,
        });
    });
    result
}

struct Sum<'a, T> {
    terms: &'a [(f64, &'a [T])],
    at: usize,
    result: &'a mut [T],
}

impl<T: Value> pulp::WithSimd for Sum<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let mut sums = [0.0; BLOCK];
        for &(factor, row) in self.terms.iter().filter(|(factor, _)| *factor != 0.0) {
            let row = &row[self.at..][..self.result.len()];
            let terms = sums.iter_mut().zip(row);
            terms.for_each(|(sum, value)| *sum = factor.mul_add(value.wide(), *sum));
        }
        let results = self.result.iter_mut().zip(&sums);
        results.for_each(|(result, &sum)| *result = T::narrow(sum));
    }
}

/// Each coordinate of the points `of` by itself; `mix` says how points are summed from updates.
pub(crate) fn each<T: Value>(
    updates: &Updates<T>,
    mix: Option<&[Vec<f64>]>,
    of: &[usize],
    take: &Take,
) -> Vec<T> {
    let mix = mix.map(|mix| of.iter().map(|&i| &mix[i][..]).collect::<Vec<_>>());
    let mut rows = updates.rows();
    if mix.is_none() {
        rows = of.iter().map(|&i| rows[i]).collect();
    }
    let job = Job {
        rows,
        mix: mix.map(|mix| tiles(&mix)),
        points: of.len(),
        network: network(of.len()),
        take,
    };
    let mut result = vec![T::default(); updates.len()];
    let tasks = result.par_chunks_mut(BLOCK).enumerate();
    tasks.for_each_init(
        || (vec![T::default(); job.rows.len() * BLOCK], Vec::new()),
        |(block, strip), (at, result)| {
            pulp::Arch::new().dispatch(Block {
                job: &job,
                at: at * BLOCK,
                block,
                strip,
                result,
            });
        },
    );
    result
}

/// How six points are summed: for each update that one of them needs, its six factors.
type Tile<T> = Vec<(usize, [T; HEIGHT])>;

fn tiles<T: Value>(mix: &[&[f64]]) -> Vec<Tile<T>> {
    let tile = |rows: &[&[f64]]| {
        let updates = rows[0].len() - 1; // the last factor is the origin's
        let factors = |k: usize| std::array::from_fn(|h| rows.get(h).map_or(0.0, |row| row[k]));
        let tile = (0..updates).map(|k| (k, factors(k)));
        let tile = tile.filter(|(_, factors)| *factors != [0.0; HEIGHT]);
        tile.map(|(k, factors)| (k, factors.map(T::narrow)))
            .collect()
    };
    mix.chunks(HEIGHT).map(tile).collect()
}

struct Job<'a, T> {
    rows: Vec<&'a [T]>,
    mix: Option<Vec<Tile<T>>>,
    points: usize,
    network: Vec<(u32, u32)>,
    take: &'a Take,
}

/// A job's share of one block of coordinates, as the processor's widest vectors run it.
struct Block<'a, T> {
    job: &'a Job<'a, T>,
    at: usize,
    block: &'a mut [T],
    strip: &'a mut Vec<Lane<T>>,
    result: &'a mut [T],
}

impl<T: Value> pulp::WithSimd for Block<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self {
            job,
            at,
            block,
            strip,
            result,
        } = self;
        for (to, row) in block.chunks_exact_mut(BLOCK).zip(&job.rows) {
            to[..result.len()].copy_from_slice(&row[at..][..result.len()]);
        }
        strip.resize(job.points, [T::default(); WIDTH]);
        for (i, result) in result.chunks_mut(WIDTH).enumerate() {
            let lanes = block.chunks_exact(BLOCK).map(|row| row.as_chunks().0[i]);
            match &job.mix {
                None => strip
                    .iter_mut()
                    .zip(lanes)
                    .for_each(|(to, lane)| *to = lane),
                Some(tiles) => {
                    let strips = strip.chunks_mut(HEIGHT).zip(tiles);
                    strips.for_each(|(strip, tile)| mixed(tile, block, i, strip));
                }
            }
            if !matches!(job.take, Take::WeightedMedian(_) | Take::Majority) {
                sort(&job.network, strip);
            }
            let taken = taken(job.take, strip);
            let results = result.iter_mut().zip(taken);
            results.for_each(|(result, value)| *result = T::narrow(value));
        }
    }
}

/// Up to six points' lanes from the updates'.
#[inline(always)]
fn mixed<T: Value>(tile: &Tile<T>, block: &[T], i: usize, strip: &mut [Lane<T>]) {
    let mut sums = [[T::default(); WIDTH]; HEIGHT];
    for (k, factors) in tile {
        let lane: &Lane<T> = &block[k * BLOCK..][..BLOCK].as_chunks().0[i];
        for h in 0..HEIGHT {
            for w in 0..WIDTH {
                sums[h][w] = lane[w].fused(factors[h], sums[h][w]);
            }
        }
    }
    let lanes = strip.iter_mut().zip(sums);
    lanes.for_each(|(to, lane)| *to = lane);
}

/// What is to be taken of each lane; `rows` are sorted but for the weighted median and the
/// vote.
#[inline(always)]
fn taken<T: Value>(take: &Take, rows: &[Lane<T>]) -> Lane<f64> {
    match take {
        Take::Median => median(rows),
        Take::Middle(trim) => mean(&rows[*trim..rows.len() - trim]),
        Take::NearMedian(keep) => near_median(rows, *keep),
        Take::Majority => majority(rows),
        Take::WeightedMedian(weights) => weighted_median(rows, weights),
    }
}

#[inline(always)]
fn median<T: Value>(rows: &[Lane<T>]) -> Lane<f64> {
    let (low, high) = (rows[(rows.len() - 1) / 2], rows[rows.len() / 2]);
    std::array::from_fn(|w| 0.5 * (low[w].wide() + high[w].wide()))
}

#[inline(always)]
fn mean<T: Value>(rows: &[Lane<T>]) -> Lane<f64> {
    let mut sums = [0.0; WIDTH];
    for row in rows {
        for w in 0..WIDTH {
            sums[w] += row[w].wide();
        }
    }
    sums.map(|sum| sum / rows.len() as f64)
}

#[inline(always)]
fn majority<T: Value>(rows: &[Lane<T>]) -> Lane<f64> {
    let mut votes = [0.0; WIDTH];
    for row in rows {
        for w in 0..WIDTH {
            let value = row[w].wide();
            votes[w] += f64::from(i8::from(value > 0.0) - i8::from(value < 0.0));
        }
    }
    votes.map(|votes: f64| if votes == 0.0 { 0.0 } else { votes.signum() })
}

/// The values nearest the median are neighbours: of all runs of `keep`, that whose farther end is
/// nearest. They are summed afterwards, so that no large value is added and taken away again.
#[inline(always)]
fn near_median<T: Value>(rows: &[Lane<T>], keep: usize) -> Lane<f64> {
    let middle = median(rows);
    let mut starts = [0.0_f64; WIDTH];
    let mut least = [f64::INFINITY; WIDTH];
    for (start, run) in rows.windows(keep).enumerate() {
        let (first, last) = (run[0], run[keep - 1]);
        for w in 0..WIDTH {
            let below = middle[w] - first[w].wide();
            let above = last[w].wide() - middle[w];
            let far = if below > above { below } else { above };
            let nearer = far < least[w];
            least[w] = if nearer { far } else { least[w] };
            starts[w] = if nearer { start as f64 } else { starts[w] };
        }
    }
    let mut sums = [0.0; WIDTH];
    for (at, row) in rows.iter().enumerate() {
        for w in 0..WIDTH {
            let after = at as f64 - starts[w];
            let inside = after >= 0.0 && after < keep as f64;
            sums[w] += if inside { row[w].wide() } else { 0.0 };
        }
    }
    sums.map(|sum| sum / keep as f64)
}

fn weighted_median<T: Value>(rows: &[Lane<T>], weights: &[f64]) -> Lane<f64> {
    let half = 0.5 * weights.iter().sum::<f64>();
    std::array::from_fn(|w| {
        let values = rows.iter().map(|row| row[w].wide());
        let mut pairs: Vec<(f64, f64)> = values.zip(weights.iter().copied()).collect();
        pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let mut come = 0.0;
        for (at, (value, weight)) in pairs.iter().enumerate() {
            come += weight;
            if (come - half).abs() <= 1e-12 * half {
                let next = pairs.get(at + 1).map_or(*value, |(next, _)| *next);
                return 0.5 * (value + next);
            }
            if come > half {
                return *value;
            }
        }
        0.0 // there are no rows
    })
}
