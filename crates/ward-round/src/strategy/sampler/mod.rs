//! Who is asked: one file for each sampler, headed by its paper where it has one.
//!
//! A cohort is a function of (seed, round, candidates, standings). A node's own draw has an address
//! of its own, so who else is there does not change it. The standings are part of a run's state, so a
//! resumed run asks the same nodes.

mod all;
mod among;
mod draw;
mod importance;
mod joining;
mod listed;
mod poisson;
mod power_of_choice;
mod round_robin;
mod standings;
mod tier_quota;
mod uniform;
mod volume;

#[cfg(test)]
mod tests;

use std::fmt;

use ward_core::{NodeId, RoundId};

pub use all::All;
pub use among::Among;
pub use draw::{Draw, Drawn};
pub use importance::Importance;
pub use joining::Joining;
pub use listed::Listed;
pub use poisson::Poisson;
pub use power_of_choice::PowerOfChoice;
pub use round_robin::RoundRobin;
pub use standings::{Standing, Standings, Told};
pub use tier_quota::TierQuota;
pub use uniform::Uniform;
pub use volume::{Volume, Volumes};

/// Chooses who is asked in a round.
pub trait Sampler: fmt::Debug + Send {
    /// How many reports a round aims at when it may ask `enrolled` nodes; where that is drawn, its
    /// mean.
    fn target(&self, enrolled: usize) -> usize;

    /// How many of the `admitted` may be drawn in `round`. By default all.
    fn enrolled(&self, admitted: usize, _round: RoundId) -> usize {
        admitted
    }

    /// The cohort of a round.
    fn draw(&self, draw: &Draw<'_>) -> Drawn;

    /// Whether `node` may be asked at all.
    fn admits(&self, node: NodeId) -> bool {
        let _ = node;
        true
    }

    /// Whether the sums of `node`'s rows are part of the federated scaling.
    fn sums_rows_of(&self, node: NodeId) -> bool {
        let _ = node;
        true
    }

    /// Whether it must be told how nodes stand: then a run saves that.
    fn learns(&self) -> bool {
        false
    }
}
