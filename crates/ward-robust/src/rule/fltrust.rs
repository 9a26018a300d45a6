//! FLTrust (Cao et al. 2021, arXiv:2012.13995, Algorithm 2).
//!
//!   t_i = max(0, cos(x_i, g))
//!   y = Σ t_i x_i |g|/|x_i| / Σ t_i      g: the reference, an update from a root set
//!
//! Where no update points the reference's way, y is 0. An update of norm 0 has no direction and
//! counts nothing.
//!
//! Breakdown: any f, as far as the root set is clean and like the hospitals' rows. Cost: n d, and the
//! reference's training ([`Trusting`](crate::Trusting)). The paper multiplies y by a global learning
//! rate; here that is 1.

use ward_round::strategy::{Bears, Claims};

use super::Rule;
use crate::{Choice, Points};

/// Updates count as far as they agree with a trusted one.
#[derive(Debug, Clone, Copy)]
pub struct FlTrust;

impl Rule for FlTrust {
    fn needs(&self, _f: usize) -> usize {
        1
    }

    fn claims(&self) -> Claims {
        Claims {
            translation: false,
            alone: false,
            bears: Bears::Trusted,
            ..Claims::ALL
        }
    }

    fn choose(&self, points: &Points<'_>, _f: usize) -> Choice {
        let root = points.reference();
        let length = points.norm(root);
        let cosine = |i| points.product(i, root) / (points.norm(i) * length);
        // A NaN, of a norm of 0, is no trust either.
        let trust = |i| f64::max(0.0, cosine(i));
        let mut shares: Vec<f64> = (0..points.len()).map(trust).collect();
        shares[points.count()..].fill(0.0);
        let total: f64 = shares.iter().sum();
        for (i, share) in shares.iter_mut().enumerate() {
            if *share > 0.0 {
                *share *= length / points.norm(i) / total;
            }
        }
        Choice::Sum(shares)
    }
}
