//! What is done coordinate by coordinate, and weighted sums.
//!
//! Coordinates are gathered from all updates a block at a time and handled a strip of [`WIDTH`] at
//! a time, which lies in one piece: a block of 100 updates fits the second-level cache, a strip the
//! first. Blocks are independent, so threads change no bit.

use std::ops::Range;

use pulp::Simd;
use rayon::prelude::*;

use crate::network::{Lane, WIDTH, sort};
use crate::points::Take;
use crate::taken::{PART, Part};
use crate::{Updates, Value};

/// Coordinates that one task handles.
const BLOCK: usize = 1_024;
/// Points that are mixed together.
const HEIGHT: usize = 6;

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
        kept: kept(take, of.len()),
        take,
    };
    let mut result = vec![T::default(); updates.len()];
    let tasks = result.par_chunks_mut(BLOCK).enumerate();
    tasks.for_each_init(
        || {
            let block = vec![Lane::default(); job.rows.len() * BLOCK / WIDTH];
            (block, vec![Lane::default(); of.len()])
        },
        |(block, points), (at, result)| {
            pulp::Arch::new().dispatch(Block {
                job: &job,
                at: at * BLOCK,
                block,
                points,
                result,
            });
        },
    );
    result
}

/// Which places of `count` sorted values are looked at; none where order does not matter.
fn kept(take: &Take, count: usize) -> Option<Range<usize>> {
    match take {
        Take::Median => Some((count - 1) / 2..count / 2 + 1),
        Take::Middle(trim) => Some(*trim..count - trim),
        Take::NearMedian(_) => Some(0..count),
        Take::Majority | Take::WeightedMedian(_) => None,
    }
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
    kept: Option<Range<usize>>,
    take: &'a Take,
}

/// A job's share of one block of coordinates, as the processor's widest vectors run it.
struct Block<'a, T> {
    job: &'a Job<'a, T>,
    at: usize,
    /// Strip after strip, each a lane of every row.
    block: &'a mut [Lane<T>],
    /// A strip of what the rows are mixed to.
    points: &'a mut [Lane<T>],
    result: &'a mut [T],
}

impl<T: Value> pulp::WithSimd for Block<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self {
            job,
            at,
            block,
            points,
            result,
        } = self;
        let count = job.rows.len();
        for (k, row) in job.rows.iter().enumerate() {
            let (whole, rest) = row[at..][..result.len()].as_chunks();
            let mut lanes = block[k..].iter_mut().step_by(count);
            let filled = whole.iter().zip(&mut lanes);
            filled.for_each(|(values, lane)| lane.0 = *values);
            if let Some(lane) = lanes.next() {
                lane.0[..rest.len()].copy_from_slice(rest);
            }
        }
        let strips = block.chunks_exact_mut(count);
        for (strip, result) in strips.zip(result.chunks_mut(WIDTH)) {
            let points = match &job.mix {
                None => strip,
                Some(tiles) => {
                    for (points, tile) in points.chunks_mut(HEIGHT).zip(tiles) {
                        mixed(simd, tile, strip, points);
                    }
                    &mut *points
                }
            };
            if let Some(kept) = &job.kept {
                sort(simd, points, kept.clone());
            }
            for (part, result) in result.chunks_mut(PART).enumerate() {
                let taken = Part::new(points, part).taken(job.take);
                let results = result.iter_mut().zip(taken);
                results.for_each(|(result, value)| *result = T::narrow(value));
            }
        }
    }
}

/// Up to six points' lanes from the updates', two vectors at a time: as many sums as there are
/// registers for. It is called from a loop, since a closure would be compiled for a processor
/// without wide vectors.
#[inline(always)]
fn mixed<S: Simd, T: Value>(simd: S, tile: &Tile<T>, strip: &[Lane<T>], points: &mut [Lane<T>]) {
    let vectors = T::vectors::<S>(&strip[0].0).len();
    for first in (0..vectors).step_by(2) {
        let mut sums = [[T::splat(simd, T::default()); 2]; HEIGHT];
        for (k, factors) in tile {
            let lane = &T::vectors::<S>(&strip[*k].0)[first..][..2];
            for (sums, factor) in sums.iter_mut().zip(factors) {
                let factor = T::splat(simd, *factor);
                sums[0] = T::fused_all(simd, lane[0], factor, sums[0]);
                sums[1] = T::fused_all(simd, lane[1], factor, sums[1]);
            }
        }
        for (point, sums) in points.iter_mut().zip(sums) {
            T::vectors_mut::<S>(&mut point.0)[first..][..2].copy_from_slice(&sums);
        }
    }
}
