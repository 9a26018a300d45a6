//! Splits one pool of rows among hospitals that do not exist, to study how unlike they may be.
//!
//! Shares and rows are drawn at addresses of their own, so the same seed gives the same hospitals,
//! and the rows of another pool (test rows) are dealt out by the same shares.

use std::collections::{BTreeMap, BinaryHeap};

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Gamma};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Purpose, Seed};

use crate::source::Problem;

/// The most hospitals that a pool may be split among.
const MOST_HOSPITALS: u32 = 100_000;
/// The range of `alpha` in which drawn shares are still numbers.
pub(crate) const ALPHAS: std::ops::RangeInclusive<f64> = 1e-3..=1e6;
/// Concentration when nothing else is said.
const DEFAULT_ALPHA: f64 = 0.5;

/// In what the hospitals of a partition differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum PartitionKind {
    /// In nothing: rows are dealt out evenly and at random.
    #[default]
    Iid,
    /// In their share of each label: every label is dealt out by a Dirichlet draw of its own
    /// (Hsu et al. 2019).
    Dirichlet,
    /// In their size: all rows are dealt out by one Dirichlet draw.
    Quantity,
}

/// Settings of a split of one pool among hospitals named `h000`, `h001`, ...
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartitionConfig {
    /// How many hospitals, 1 to 100000.
    pub hospitals: u32,
    /// `iid` (default), `dirichlet` (label skew) or `quantity` (sizes).
    #[serde(default)]
    pub kind: PartitionKind,
    /// Concentration of the Dirichlet draws, 0.001 to 1000000: the smaller, the less alike the
    /// hospitals. Default 0.5; not for `iid`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f64>,
    /// The fewest rows of a hospital, at least 1; training rows where a column marks the test rows.
    /// Default 1.
    #[serde(default = "default_minimum")]
    pub minimum: u32,
}

fn default_minimum() -> u32 {
    1
}

impl PartitionConfig {
    /// Everything that is wrong with the settings; `path` is where they stand.
    #[must_use]
    pub fn problems(&self, path: &str) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut problem = |field: &str, message: String| {
            problems.push(Problem::new(&format!("{path}.{field}"), message));
        };
        if !(1..=MOST_HOSPITALS).contains(&self.hospitals) {
            let message = format!("{} is not 1 to {MOST_HOSPITALS}", self.hospitals);
            problem("hospitals", message);
        }
        if self.minimum == 0 {
            problem(
                "minimum",
                "0 is not at least 1: no hospital is empty".to_owned(),
            );
        }
        match self.alpha {
            Some(_) if self.kind == PartitionKind::Iid => {
                let message = "`iid` has no alpha: leave it out, or choose kind = \"dirichlet\" or \
                               \"quantity\"";
                problem("alpha", message.to_owned());
            }
            Some(alpha) if !ALPHAS.contains(&alpha) => {
                problem("alpha", format!("{alpha} is not 0.001 to 1000000"));
            }
            _ => {}
        }
        problems
    }

    /// What the hospitals are called, in the order of their ids.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        let digits = self.hospitals.saturating_sub(1).to_string().len().max(3);
        (0..self.hospitals)
            .map(|h| format!("h{h:0digits$}"))
            .collect()
    }

    /// Deals out the rows of a pool: for each hospital the numbers of its rows, ascending, at least
    /// `minimum` of them. Every row goes to one hospital. `pool` is the pool's name: pools differ in
    /// who gets which row, and agree in the shares. `None` where the pool is too small.
    #[must_use]
    pub fn deal(
        &self,
        labels: &[u8],
        minimum: usize,
        pool: &str,
        seed: Seed,
    ) -> Option<Vec<Vec<usize>>> {
        let hospitals = self.hospitals as usize;
        if hospitals == 0 || hospitals.checked_mul(minimum)? > labels.len() {
            return None;
        }
        let seed = seed.purpose(Purpose::PARTITION);
        let place = seed.child(pool, 0);
        let mut dealt = vec![Vec::new(); hospitals];
        for (group, mut rows) in self.groups(labels) {
            shuffle(&mut rows, &mut place.child("rows", group).stream());
            let shares = self.shares(&mut seed.child("shares", group).stream());
            let (mut sum, mut start) = (0.0, 0);
            for (hospital, share) in dealt.iter_mut().zip(shares) {
                sum += share;
                let end = (sum * rows.len() as f64).round() as usize;
                let end = end.clamp(start, rows.len());
                hospital.extend_from_slice(&rows[start..end]);
                start = end;
            }
            // Shares add up to 1 but for rounding.
            dealt[hospitals - 1].extend_from_slice(&rows[start..]);
        }
        top_up(&mut dealt, minimum, &mut place.child("top-up", 0).stream());
        for rows in &mut dealt {
            rows.sort_unstable();
        }
        Some(dealt)
    }

    /// Rows that are dealt out by one draw: those of each label, or all.
    fn groups(&self, labels: &[u8]) -> BTreeMap<u64, Vec<usize>> {
        let mut groups: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        for (row, &label) in labels.iter().enumerate() {
            let by_label = self.kind == PartitionKind::Dirichlet;
            let group = if by_label { u64::from(label) } else { 0 };
            groups.entry(group).or_default().push(row);
        }
        groups
    }

    fn shares(&self, rng: &mut impl Rng) -> Vec<f64> {
        let hospitals = self.hospitals as usize;
        match self.kind {
            PartitionKind::Iid => vec![1.0 / hospitals as f64; hospitals],
            PartitionKind::Dirichlet | PartitionKind::Quantity => {
                dirichlet(&vec![self.alpha.unwrap_or(DEFAULT_ALPHA); hospitals], rng)
            }
        }
    }
}

/// Those who have most give to those who have less than `minimum`, one row at a time.
fn top_up(dealt: &mut [Vec<usize>], minimum: usize, rng: &mut impl Rng) {
    let mut most: BinaryHeap<(usize, usize)> = dealt
        .iter()
        .enumerate()
        .map(|(h, rows)| (rows.len(), h))
        .collect();
    for hospital in 0..dealt.len() {
        while dealt[hospital].len() < minimum {
            // The pool is large enough, so whoever has most has more than the minimum.
            let Some((_, giver)) = most.pop() else { return };
            if giver == hospital || dealt[giver].len() <= minimum {
                continue;
            }
            let row = rng.random_range(0..dealt[giver].len());
            let row = dealt[giver].swap_remove(row);
            dealt[hospital].push(row);
            most.push((dealt[giver].len(), giver));
        }
    }
}

/// Shares that add up to 1, of Dirichlet law with these concentrations.
pub(crate) fn dirichlet(alphas: &[f64], rng: &mut impl Rng) -> Vec<f64> {
    let n = alphas.len();
    let draw = |alpha: &f64| Gamma::new(*alpha, 1.0).map_or(1.0, |gamma| gamma.sample(rng));
    let mut shares: Vec<f64> = alphas.iter().map(draw).collect();
    let sum: f64 = shares.iter().sum();
    if sum > 0.0 && sum.is_finite() {
        shares.iter_mut().for_each(|share| *share /= sum);
    } else if n > 0 {
        // Every draw was too small to be a number: the limit of small alpha, one takes all.
        shares.fill(0.0);
        shares[rng.random_range(0..n)] = 1.0;
    }
    shares
}

/// A random order (Fisher and Yates).
pub(crate) fn shuffle<T>(items: &mut [T], rng: &mut impl Rng) {
    for i in (1..items.len()).rev() {
        items.swap(i, rng.random_range(0..=i));
    }
}

#[cfg(test)]
mod tests;
