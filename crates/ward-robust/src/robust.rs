//! Updates, what is done to them before, and a rule: put together.

use std::sync::Arc;

use ward_core::{Seed, Unmet};

use crate::points::{Choice, Points};
use crate::{Before, Rule, Updates, Value, coordinates, distances};

/// A rule, what is done before it, and how much it must bear.
#[derive(Debug, Clone)]
pub struct Robust {
    /// What is done to the updates first, in this order.
    pub before: Vec<Arc<dyn Before>>,
    /// The rule.
    pub rule: Arc<dyn Rule>,
    /// How many updates may be bad.
    pub f: usize,
    /// The largest Euclidean norm of an update: a larger one is refused when it comes in. It leaves
    /// n, and not `f`: who was refused may have been honest.
    pub norm_bound: f64,
    /// Whether the weights that hospitals claim count, in rules that know weights. A liar who is
    /// believed gains influence by claiming rows.
    pub claimed_weights: bool,
}

impl Robust {
    /// The fewest updates that it needs.
    #[must_use]
    pub fn needed(&self) -> usize {
        let left = self.rule.needs(self.f);
        let before = self.before.iter().rev();
        before.fold(left, |left, b| b.needs(left, self.f))
    }

    /// Whether it can bear its bad ones among so many updates.
    ///
    /// # Errors
    /// [`Unmet`] says what stands against it.
    pub fn check(&self, updates: usize) -> Result<(), Unmet> {
        let needed = self.needed();
        if updates < needed {
            return Err(Unmet::TooFew {
                updates: updates as u32,
                needed: needed as u32,
                f: self.f as u32,
            });
        }
        let left = self.before.iter().fold(updates, |left, b| b.leaves(left));
        self.rule.affords(left, self.f)
    }

    /// Combines updates. Random choices are drawn at `seed`, the round's place.
    ///
    /// # Errors
    /// [`Unmet`], as [`Self::check`].
    pub fn combine<T: Value>(&self, updates: &Updates<T>, seed: Seed) -> Result<Vec<T>, Unmet> {
        let count = updates.count();
        self.check(count)?;
        let weights = match self.claimed_weights {
            true => updates.claimed(),
            false => vec![1.0 / count as f64; count],
        };
        let mut points = Points::new(weights, || distances::squares(updates));
        for before in &self.before {
            let rows = before.rows(&points, self.f, seed);
            points = points.mixed(rows);
        }
        let choice = self.rule.choose(&points, self.f);
        Ok(carry_out(updates, &points, choice))
    }
}

fn carry_out<T: Value>(updates: &Updates<T>, points: &Points<'_>, choice: Choice) -> Vec<T> {
    let shares = match choice {
        Choice::Coordinates(of, take) => {
            return coordinates::each(updates, points.mix(), &of, &take);
        }
        Choice::Sum(shares) => shares,
    };
    let own = &shares[..points.count()];
    let mut factors = match points.mix() {
        None => own.to_vec(),
        Some(mix) => {
            let mut factors = vec![0.0; updates.count()];
            for (share, row) in own.iter().zip(mix).filter(|(share, _)| **share != 0.0) {
                let terms = factors.iter_mut().zip(row);
                terms.for_each(|(sum, factor)| *sum += share * factor);
            }
            factors
        }
    };
    factors.push(shares[points.reference()]);
    coordinates::sum(updates, &factors)
}
