//! Bulyan over Krum (El Mhamdi, Guerraoui and Rouault 2018, The Hidden Vulnerability of Distributed
//! Learning in Byzantium, arXiv:1802.07927, section 4).
//!
//!   θ = n − 2f picks: each the Krum minimum of the m that are left, by the sum of squared distances
//!   to its max(1, m − f − 2) nearest among them
//!   y_k = mean of the θ − 2f picked values that are nearest the picks' median
//!
//! `f` is the run's. Krum chooses by all coordinates at once, so one bad coordinate can hide in many
//! good ones; the second step looks at each. Ties: the lower node, the lower value.
//!
//! Breakdown: n ≥ 4f + 3. Cost: n² d, and θ n² for the picks. byzfl has none; Flower's is of the
//! same definition.

use ward_round::strategy::Claims;

use super::{Rule, least};
use crate::{Choice, Points, Take};

/// Several picks by Krum, then the mean around their median.
#[derive(Debug, Clone, Copy)]
pub struct Bulyan;

impl Rule for Bulyan {
    fn needs(&self, f: usize) -> usize {
        4 * f + 3
    }

    fn claims(&self) -> Claims {
        // Of two picks as good, the lower node wins: of a pair that are each other's nearest, that is usual.
        Claims {
            permutation: false,
            ..Claims::ALL
        }
    }

    fn choose(&self, points: &Points<'_>, f: usize) -> Choice {
        let picks = picks(points, f);
        let keep = picks.len() - 2 * f;
        Choice::Coordinates(picks, Take::NearMedian(keep))
    }
}

/// The picks, first to last.
fn picks(points: &Points<'_>, f: usize) -> Vec<usize> {
    let count = points.count();
    // Each update's others, nearest first: what is left of them stays in order.
    let others = |i| {
        let mut order = least(&points.squares(i)[..count], count);
        order.retain(|&j| j != i);
        order
    };
    let others: Vec<Vec<usize>> = (0..count).map(others).collect();
    let mut left = vec![true; count];
    let mut picks = Vec::new();
    for m in (2 * f + 1..=count).rev() {
        let nearest = m.saturating_sub(f + 2).max(1);
        let score = |i: usize| -> f64 {
            let near = others[i].iter().filter(|&&j| left[j]).take(nearest);
            near.map(|&j| points.squares(i)[j]).sum()
        };
        let scores = (0..count).filter(|&i| left[i]).map(|i| (score(i), i));
        if let Some((_, pick)) = scores.min_by(|a, b| a.0.total_cmp(&b.0)) {
            left[pick] = false;
            picks.push(pick);
        }
    }
    picks
}
