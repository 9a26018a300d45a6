//! What is taken of the values of one coordinate, for a few coordinates at a time.

use crate::Value;
use crate::network::Lane;
use crate::points::Take;

/// Coordinates that are handled together: their sums fit the registers.
pub(crate) const PART: usize = 16;

/// One number for each of [`PART`] coordinates.
type Numbers = [f64; PART];

/// A part of a strip: all values of [`PART`] coordinates, sorted where order matters.
pub(crate) struct Part<'a, T> {
    rows: &'a [Lane<T>],
    part: usize,
}

impl<'a, T: Value> Part<'a, T> {
    pub(crate) fn new(rows: &'a [Lane<T>], part: usize) -> Self {
        Self { rows, part }
    }

    #[inline(always)]
    fn row(&self, i: usize) -> Numbers {
        self.rows[i].0.as_chunks().0[self.part].map(T::wide)
    }

    /// What `take` asks for, of each coordinate.
    #[inline(always)]
    pub(crate) fn taken(&self, take: &Take) -> Numbers {
        match take {
            Take::Median => self.median(),
            Take::Middle(trim) => self.middle(*trim),
            Take::NearMedian(keep) => self.near_median(*keep),
            Take::Majority => self.majority(),
            Take::WeightedMedian(weights) => self.weighted_median(weights),
        }
    }

    #[inline(always)]
    fn median(&self) -> Numbers {
        let count = self.rows.len();
        let (low, high) = (self.row((count - 1) / 2), self.row(count / 2));
        std::array::from_fn(|w| 0.5 * (low[w] + high[w]))
    }

    #[inline(always)]
    fn middle(&self, trim: usize) -> Numbers {
        let kept = trim..self.rows.len() - trim;
        let count = kept.len() as f64;
        let mut sums = [0.0; PART];
        for i in kept {
            let row = self.row(i);
            for w in 0..PART {
                sums[w] += row[w];
            }
        }
        sums.map(|sum| sum / count)
    }

    #[inline(always)]
    fn majority(&self) -> Numbers {
        let mut votes = [0.0; PART];
        for i in 0..self.rows.len() {
            let row = self.row(i);
            for w in 0..PART {
                votes[w] += f64::from(i8::from(row[w] > 0.0) - i8::from(row[w] < 0.0));
            }
        }
        votes.map(|votes: f64| if votes == 0.0 { 0.0 } else { votes.signum() })
    }

    /// The values nearest the median are neighbours: of all runs of `keep`, that whose farther end
    /// is nearest. They are summed afterwards, so that no large value is added and taken away again.
    #[inline(always)]
    fn near_median(&self, keep: usize) -> Numbers {
        let middle = self.median();
        let mut starts = [0.0_f64; PART];
        let mut least = [f64::INFINITY; PART];
        for start in 0..=self.rows.len() - keep {
            let (first, last) = (self.row(start), self.row(start + keep - 1));
            for w in 0..PART {
                let below = middle[w] - first[w];
                let above = last[w] - middle[w];
                let far = if below > above { below } else { above };
                let nearer = far < least[w];
                least[w] = if nearer { far } else { least[w] };
                starts[w] = if nearer { start as f64 } else { starts[w] };
            }
        }
        let mut sums = [0.0; PART];
        for i in 0..self.rows.len() {
            let row = self.row(i);
            for w in 0..PART {
                let after = i as f64 - starts[w];
                let inside = after >= 0.0 && after < keep as f64;
                sums[w] += if inside { row[w] } else { 0.0 };
            }
        }
        sums.map(|sum| sum / keep as f64)
    }

    fn weighted_median(&self, weights: &[f64]) -> Numbers {
        let half = 0.5 * weights.iter().sum::<f64>();
        std::array::from_fn(|w| {
            let values = (0..self.rows.len()).map(|i| self.row(i)[w]);
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
}
