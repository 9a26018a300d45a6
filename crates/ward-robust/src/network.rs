//! Batcher's odd-even merge sort of many coordinates at once (Batcher 1968; Knuth, volume 3, 5.2.2,
//! algorithm M).
//!
//! Which places are compared does not depend on the values, so many coordinates are sorted together,
//! one to a number of a [`Lane`], with minima and maxima and no branch. n values take about
//! n (log₂ n)² / 4 comparisons: 31 for 10, 1,077 for 100.
//!
//! The comparisons are done in another order than in the book: all those of a place one after the
//! other, so that its numbers stay in registers. What is compared with what, and after what, is the
//! same.

use std::ops::Range;

use pulp::Simd;

use crate::Value;

/// Coordinates that are sorted together: those of 100 updates fit the first-level cache.
pub(crate) const WIDTH: usize = 64;
/// Vectors of a lane that are held in registers together; their partners need as many or fewer.
const HELD: usize = 8;

/// One update's numbers of [`WIDTH`] coordinates.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
pub(crate) struct Lane<T>(pub(crate) [T; WIDTH]);

impl<T: Value> Default for Lane<T> {
    fn default() -> Self {
        Self([T::default(); WIDTH])
    }
}

/// Sorts each coordinate of `rows`, the least first, as far as the places `kept` go: what is left
/// outside of them is in no order.
#[inline(always)]
pub(crate) fn sort<S: Simd, T: Value>(simd: S, rows: &mut [Lane<T>], kept: Range<usize>) {
    let top = rows.len().next_power_of_two() / 2;
    let vectors = size_of::<Lane<T>>() / size_of::<T::Vector<S>>();
    for first in (0..vectors).step_by(HELD) {
        let mut part = Part {
            simd,
            rows: &mut *rows,
            vectors: first..(first + HELD).min(vectors),
        };
        let mut step = top;
        while step > 1 {
            part.merge(step, top, 0..part.rows.len());
            step /= 2;
        }
        part.merge(1, top, kept.clone());
    }
}

/// As many coordinates of all rows as are sorted in one go.
struct Part<'a, S, T> {
    simd: S,
    rows: &'a mut [Lane<T>],
    vectors: Range<usize>,
}

impl<S: Simd, T: Value> Part<'_, S, T> {
    /// Merges sequences whose places are `2 * step` apart, two by two, to some whose places are
    /// `step` apart.
    ///
    /// Of each two, every place of the first (`i`) is compared with its neighbour in the second
    /// (`i + step`), and then that with places of the first that are ever nearer.
    #[inline(always)]
    fn merge(&mut self, step: usize, top: usize, kept: Range<usize>) {
        let count = self.rows.len();
        for start in 0..step {
            let mut i = start;
            while i < start + top && i + step < count {
                self.compare(i, i + step);
                i += 2 * step;
            }
            let mut low = start + step;
            while low + step < count && low < kept.end {
                self.descend(low, step, top, kept.start);
                low += 2 * step;
            }
        }
    }

    /// Compares place `low` with all that follow in its merge; none of them below `kept` matters.
    /// The farthest is compared with its own neighbour first.
    #[inline(always)]
    fn descend(&mut self, low: usize, step: usize, top: usize, kept: usize) {
        let simd = self.simd;
        let mut held = [T::splat(simd, T::default()); HELD];
        let here = self.vectors(low);
        held.iter_mut()
            .zip(here)
            .for_each(|(held, here)| *held = *here);
        let mut high = low + top - step;
        if high + step < self.rows.len() {
            let [near, next] = self.two(high, high + step);
            for ((held, near), next) in held.iter_mut().zip(near).zip(next) {
                let lesser;
                [lesser, *next] = T::sorted(simd, *near, *next);
                [*held, *near] = T::sorted(simd, *held, lesser);
            }
        } else if high < self.rows.len() {
            self.exchange(&mut held, high);
        }
        let mut reach = top / 2;
        while reach > step {
            high = low + reach - step;
            if high < kept {
                break;
            }
            if high < self.rows.len() {
                self.exchange(&mut held, high);
            }
            reach /= 2;
        }
        let here = self.vectors(low).iter_mut().zip(held);
        here.for_each(|(here, held)| *here = held);
    }

    /// Moves what is lesser to `held` and what is greater to place `high`.
    #[inline(always)]
    fn exchange(&mut self, held: &mut [T::Vector<S>; HELD], high: usize) {
        let simd = self.simd;
        for (held, high) in held.iter_mut().zip(self.vectors(high)) {
            [*held, *high] = T::sorted(simd, *held, *high);
        }
    }

    /// Moves what is lesser to the first place.
    #[inline(always)]
    fn compare(&mut self, low: usize, high: usize) {
        let simd = self.simd;
        let [low, high] = self.two(low, high);
        for (low, high) in low.iter_mut().zip(high) {
            [*low, *high] = T::sorted(simd, *low, *high);
        }
    }

    #[inline(always)]
    fn vectors(&mut self, i: usize) -> &mut [T::Vector<S>] {
        &mut T::vectors_mut::<S>(&mut self.rows[i].0)[self.vectors.clone()]
    }

    /// Two neighbours' vectors, the first place's first.
    #[inline(always)]
    fn two(&mut self, i: usize, j: usize) -> [&mut [T::Vector<S>]; 2] {
        let (low, high) = self.rows.split_at_mut(j);
        let low = T::vectors_mut::<S>(&mut low[i].0);
        let high = T::vectors_mut::<S>(&mut high[0].0);
        let vectors = &self.vectors;
        [&mut low[vectors.clone()], &mut high[vectors.clone()]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Sort<'a, T>(&'a mut [Lane<T>], Range<usize>);

    impl<T: Value> pulp::WithSimd for Sort<'_, T> {
        type Output = ();

        #[inline(always)]
        fn with_simd<S: Simd>(self, simd: S) {
            sort(simd, self.0, self.1);
        }
    }

    fn sorted<T: Value>(rows: &mut [Lane<T>], kept: Range<usize>) {
        pulp::Arch::new().dispatch(Sort(rows, kept));
    }

    #[test]
    fn every_sequence_of_zeros_and_ones_is_sorted() {
        // Which is all sequences (Knuth's 0-1 principle); one to a number of a lane.
        for count in 0..=14_usize {
            for block in 0..(1_usize << count).div_ceil(WIDTH) {
                let bit = |i: usize, w: usize| (((block * WIDTH + w) >> i) & 1) as f32;
                let lane = |i| Lane(std::array::from_fn(|w| bit(i, w)));
                let mut rows: Vec<Lane<f32>> = (0..count).map(lane).collect();
                sorted(&mut rows, 0..count);
                for w in 0..WIDTH {
                    let ones = (0..count).map(|i| bit(i, w)).sum::<f32>() as usize;
                    let expected = |i| f32::from(u8::from(i >= count - ones));
                    assert!((0..count).all(|i| rows[i].0[w] == expected(i)), "{count}");
                }
            }
        }
    }

    /// Rows of small whole numbers, so that many are equal.
    fn rows<T: Value>(values: &[i32], count: usize) -> Vec<Lane<T>> {
        let value = |i: usize, w: usize| values[(i * 31 + w * 7) % values.len()];
        let lane = |i| Lane(std::array::from_fn(|w| T::narrow(f64::from(value(i, w)))));
        (0..count).map(lane).collect()
    }

    proptest! {
        #[test]
        fn what_is_kept_is_as_sorted_with_vectors_of_any_width(
            values in prop::collection::vec(-99_i32..99, 1..2_000),
            count in 0_usize..300, edge in 0_usize..150,
        ) {
            let edge = edge.min(count / 2);
            let kept = edge..count - edge;
            let mut expected: Vec<Lane<f64>> = rows(&values, count);
            for w in 0..WIDTH {
                let mut column: Vec<f64> = expected.iter().map(|row| row.0[w]).collect();
                column.sort_by(f64::total_cmp);
                expected.iter_mut().zip(column).for_each(|(row, value)| row.0[w] = value);
            }
            let numbers = |rows: &[Lane<f64>]| rows.iter().map(|row| row.0).collect::<Vec<_>>();
            let narrow = |rows: &[Lane<f32>]| rows.iter().map(|row| row.0.map(f64::from)).collect::<Vec<_>>();
            let mut here: Vec<Lane<f64>> = rows(&values, count);
            sorted(&mut here, kept.clone());
            prop_assert_eq!(numbers(&here[kept.clone()]), numbers(&expected[kept.clone()]));
            let mut short: Vec<Lane<f32>> = rows(&values, count);
            sorted(&mut short, kept.clone());
            prop_assert_eq!(narrow(&short[kept.clone()]), numbers(&expected[kept.clone()]));
            let mut one: Vec<Lane<f32>> = rows(&values, count);
            sort(pulp::Scalar, &mut one, kept.clone());
            prop_assert_eq!(narrow(&one), narrow(&short));
            let mut wide: Vec<Lane<f32>> = rows(&values, count);
            sort(pulp::Scalar512b, &mut wide, kept);
            prop_assert_eq!(narrow(&wide), narrow(&short));
        }
    }
}
