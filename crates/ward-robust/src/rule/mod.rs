//! Rules that bear bad updates, one file each, headed by its paper.

mod bulyan;
mod caf;
mod centred_clipping;
mod eigen;
mod fltrust;
mod geometric_median;
mod krum;
mod mda;
mod meamed;
mod median;
mod monna;
mod norm_bounding;
mod sign_majority;
mod trimmed_mean;

pub use bulyan::Bulyan;
pub use caf::{Caf, Scale};
pub use centred_clipping::CentredClipping;
pub use fltrust::FlTrust;
pub use geometric_median::{GeometricMedian, Start};
pub use krum::{Krum, MultiKrum, scores};
pub use mda::{MOST_SUBSETS, Mda};
pub use meamed::MeaMed;
pub use median::Median;
pub use monna::Monna;
pub use norm_bounding::NormBounding;
pub use sign_majority::SignMajority;
pub use trimmed_mean::TrimmedMean;

use std::fmt::Debug;

use ward_core::Unmet;
use ward_round::strategy::Claims;

use crate::{Choice, Points};

/// Combines updates of which some may be bad.
pub trait Rule: Debug + Send + Sync {
    /// The fewest updates of which `f` may be bad.
    fn needs(&self, f: usize) -> usize;

    /// What it promises of its results.
    fn claims(&self) -> Claims;

    /// Whether it can be computed for so many.
    ///
    /// # Errors
    /// [`Unmet`] says why not.
    fn affords(&self, _updates: usize, _f: usize) -> Result<(), Unmet> {
        Ok(())
    }

    /// Whether its reference is the result of the round before.
    fn carries(&self) -> bool {
        false
    }

    /// How to make the result. There are at least [`Self::needs`] updates.
    fn choose(&self, points: &Points<'_>, f: usize) -> Choice;
}

/// The fewest of which `f` are not the majority.
fn honest_majority(f: usize) -> usize {
    2 * f + 1
}

/// The `keep` places with the least values; of two as small, the first.
fn least(values: &[f64], keep: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    order.truncate(keep);
    order
}
