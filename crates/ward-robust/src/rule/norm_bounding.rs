//! Norm bounding: the mean of clipped updates (Sun et al. 2019, Can You Really Backdoor Federated
//! Learning?, arXiv:1911.07963, section 4).
//!
//!   y = Σ w_i x_i min(1, c/|x_i|)      c: `radius`, w: the points' weights
//!
//! It limits how far one update moves the mean, by c/n, and makes nothing robust against many. It
//! is cheap and goes well with noise.
//!
//! Breakdown: none. Cost: n d.

use ward_round::strategy::{Bears, Claims};

use super::Rule;
use crate::before::shortening;
use crate::{Choice, Points};

/// The mean of updates that are no longer than a radius.
#[derive(Debug, Clone, Copy)]
pub struct NormBounding {
    /// The longest Euclidean norm, above 0.
    pub radius: f64,
}

impl Rule for NormBounding {
    fn needs(&self, _f: usize) -> usize {
        1
    }

    fn claims(&self) -> Claims {
        // A bad update can be as far from an honest one as both are long.
        Claims {
            translation: false,
            scale: false,
            alone: false,
            weights: true,
            bears: Bears::Reach(2.0 * self.radius),
            ..Claims::ALL
        }
    }

    fn choose(&self, points: &Points<'_>, _f: usize) -> Choice {
        let mut shares = shortening(points, self.radius);
        let weighted = shares.iter_mut().zip(points.weights());
        weighted.for_each(|(share, weight)| *share *= weight);
        shares.resize(points.len(), 0.0);
        Choice::Sum(shares)
    }
}
