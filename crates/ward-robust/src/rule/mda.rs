//! Minimum-diameter averaging, MDA (Rousseeuw 1985; El Mhamdi et al. 2020, Genuinely Distributed
//! Byzantine Machine Learning, arXiv:1905.03853).
//!
//!   S = the n − f updates of least diameter, max |x_i − x_j| over i, j ∈ S
//!   y = mean of S
//!
//! `f` is the run's. Of two subsets as narrow, the first in lexicographic order. Looking at all
//! subsets is exponential in n, so more than [`MOST_SUBSETS`] are refused when the plan is made.
//!
//! Breakdown: 2f < n. Cost: n² d, and n² for each subset. As in byzfl, which refuses nothing.

use ward_core::Unmet;
use ward_round::strategy::Claims;

use super::{Rule, honest_majority};
use crate::{Choice, Points};

/// The most subsets that are looked at.
pub const MOST_SUBSETS: u32 = 100_000;

/// The mean of the narrowest n − f updates.
#[derive(Debug, Clone, Copy)]
pub struct Mda;

impl Rule for Mda {
    fn needs(&self, f: usize) -> usize {
        honest_majority(f)
    }

    fn claims(&self) -> Claims {
        // Of subsets that share their widest pair, the first wins.
        Claims {
            permutation: false,
            ..Claims::ALL
        }
    }

    fn affords(&self, updates: usize, f: usize) -> Result<(), Unmet> {
        let mut subsets = 1.0;
        for k in 0..f {
            subsets *= (updates - k) as f64 / (k + 1) as f64;
        }
        match subsets.round() <= f64::from(MOST_SUBSETS) {
            true => Ok(()),
            false => Err(Unmet::TooManySubsets {
                updates: updates as u32,
                f: f as u32,
                most: MOST_SUBSETS,
            }),
        }
    }

    fn choose(&self, points: &Points<'_>, f: usize) -> Choice {
        let mut search = Search {
            points,
            keep: points.count() - f,
            best: (f64::INFINITY, Vec::new()),
        };
        search.extend(&mut Vec::new(), 0, 0.0);
        points.mean_of(&search.best.1)
    }
}

struct Search<'a, 'p> {
    points: &'a Points<'p>,
    keep: usize,
    best: (f64, Vec<usize>),
}

impl Search<'_, '_> {
    /// Looks at all subsets that begin with `chosen`, of squared diameter `wide`, and go on with
    /// updates from `next` on.
    fn extend(&mut self, chosen: &mut Vec<usize>, next: usize, wide: f64) {
        if chosen.len() == self.keep {
            self.best = (wide, chosen.clone());
            return;
        }
        let last = self.points.count() - (self.keep - chosen.len());
        for i in next..=last {
            let squares = self.points.squares(i);
            let wide = chosen.iter().fold(wide, |wide, &j| wide.max(squares[j]));
            // No narrower than the best so far, whatever follows.
            if wide < self.best.0 {
                chosen.push(i);
                self.extend(chosen, i + 1, wide);
                chosen.pop();
            }
        }
    }
}
