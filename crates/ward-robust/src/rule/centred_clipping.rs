//! Centred clipping (Karimireddy, He and Jaggi 2021, Learning from History, arXiv:2012.10333,
//! Algorithm 2).
//!
//!   v ← v + 1/n Σ (x_i − v) min(1, τ/|x_i − v|)      τ: `radius`; `steps` times
//!
//! v starts at the reference: the result of the round before, which a run saves, and zero before the
//! first. The paper's promise is for hospitals that send momentum; with plain updates it holds as
//! far as they are like those of the round before.
//!
//! Breakdown: 2f < n. Cost: n² d, and n² a step. byzfl keeps its centre in memory and cannot be
//! given one; the known answers have its first call.

use ward_round::strategy::{Bears, Claims};

use super::{Rule, honest_majority};
use crate::{Choice, Points};

/// The last result, moved by the updates as far as each may.
#[derive(Debug, Clone, Copy)]
pub struct CentredClipping {
    /// How far one update may pull, τ, above 0.
    pub radius: f64,
    /// Steps, at least 1.
    pub steps: u32,
}

impl Rule for CentredClipping {
    fn needs(&self, f: usize) -> usize {
        honest_majority(f)
    }

    fn claims(&self) -> Claims {
        // A step changes by 2 f τ / n at most, and takes no two centres further apart.
        Claims {
            scale: false,
            alone: false,
            bears: Bears::Reach(2.0 * self.radius * f64::from(self.steps)),
            ..Claims::ALL
        }
    }

    fn carries(&self) -> bool {
        true
    }

    fn choose(&self, points: &Points<'_>, _f: usize) -> Choice {
        let count = points.count();
        let mut shares = vec![0.0; points.len()];
        shares[points.reference()] = 1.0;
        for _ in 0..self.steps {
            let squares = points.squares_from(&shares);
            let pull = |square: &f64| (self.radius / square.sqrt()).min(1.0) / count as f64;
            let pulls: Vec<f64> = squares[..count].iter().map(pull).collect();
            let kept = 1.0 - pulls.iter().sum::<f64>();
            shares.iter_mut().for_each(|share| *share *= kept);
            let next = shares.iter_mut().zip(pulls);
            next.for_each(|(share, pull)| *share += pull);
        }
        Choice::Sum(shares)
    }
}
