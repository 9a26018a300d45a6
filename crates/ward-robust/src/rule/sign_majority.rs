//! Majority vote on signs: signSGD (Bernstein et al. 2019, signSGD with Majority Vote is Communication
//! Efficient and Fault Tolerant, arXiv:1810.05291, Algorithm 1).
//!
//!   y_k = sign(Σ sign(x_ik))
//!
//! Each coordinate of y is 1, −1, or 0 where the vote is even: how far that moves the model is the
//! server optimizer's to say. The paper's workers send one bit a parameter, and sign their momentum;
//! ours send whole updates, and the coordinator takes their signs, so nothing is saved on the wire.
//!
//! Breakdown: 2f < n, of hospitals that agree: f bad ones turn a vote that is won by less than 2f.
//! Cost: n d.

use ward_round::strategy::{Bears, Claims};

use super::{Rule, honest_majority};
use crate::{Choice, Points, Take};

/// The sign that most updates have, coordinate by coordinate.
#[derive(Debug, Clone, Copy)]
pub struct SignMajority;

impl Rule for SignMajority {
    fn needs(&self, f: usize) -> usize {
        honest_majority(f)
    }

    fn claims(&self) -> Claims {
        // Signs know neither places nor lengths.
        Claims {
            translation: false,
            scale: false,
            alone: false,
            bears: Bears::Vote,
            ..Claims::ALL
        }
    }

    fn choose(&self, points: &Points<'_>, _f: usize) -> Choice {
        Choice::Coordinates((0..points.count()).collect(), Take::Majority)
    }
}
