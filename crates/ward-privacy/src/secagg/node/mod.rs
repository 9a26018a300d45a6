//! The hospital's side of a session: states that are used up by the step they allow.
//!
//! [`begin`] → [`Offered`] (→ [`Opened`]) → [`Shared`] → [`Masking`] → [`Masked`] → [`Consented`] → a
//! revelation. Each step checks everything that the coordinator said, and ends in a [`Refused`] where something is
//! wrong; then all secrets of the session are wiped.
//!
//! **Invariants.** A node reveals shares of one kind only of each node, since it derives the kind
//! itself from lists that more than two thirds of the cohort have signed. It writes down in its
//! [`Journal`] what it is about to send, before it sends it.

mod begin;
mod deal;
mod draw;
mod mask;
mod reveal;

use std::sync::Arc;

use ward_core::NodeId;
use ward_core::secagg::KeyOffer;

pub use begin::{Offered, begin};
pub use deal::Shared;
pub use draw::Opened;
pub use mask::{Masked, Masking};
pub use reveal::Consented;

#[cfg(test)]
pub(super) use begin::begin_shaped;

use super::identity::{Identity, Roster};
use super::journal::{Journal, Line, Remembered, Step};
use super::refused::Refused;
use super::session::{SessionId, SessionInputs};
use super::shape::Shape;

/// What a node knows before a session begins.
pub struct Setting {
    /// What the session is about, by the node's own reckoning.
    pub session: SessionInputs,
    /// The node.
    pub me: NodeId,
    /// The roster that it believes.
    pub roster: Arc<Roster>,
    /// Its long-term key.
    pub identity: Arc<Identity>,
    /// Its policy: over how many hospitals a sum with its update must be.
    pub least_survivors: u32,
}

/// What every state of a session knows; nothing of it is secret but the identity.
pub(super) struct Here {
    pub(super) setting: Setting,
    pub(super) shape: Shape,
    pub(super) sid: SessionId,
    pub(super) offer: KeyOffer,
}

impl Here {
    pub(super) fn line(&self, step: Step) -> Line {
        let session = &self.setting.session;
        Line {
            job: session.job.clone(),
            round: session.round,
            attempt: session.attempt,
            step,
        }
    }

    /// What the journal says of this attempt, which has begun and in which nothing is revealed.
    pub(super) fn remembered(&self, journal: &mut dyn Journal) -> Result<Remembered, Refused> {
        let session = &self.setting.session;
        let known = journal.remembered(&session.job, session.round)?;
        let known = known.ok_or(Refused::OutOfTurn)?;
        if known.revealed {
            return Err(Refused::AlreadyRevealed);
        }
        if known.attempt != session.attempt {
            return Err(Refused::OutOfTurn);
        }
        Ok(known)
    }

    pub(super) fn sign(&self, statement: &[u8]) -> [u8; 64] {
        self.setting.identity.sign(statement)
    }

    /// The fewest survivors that the node consents to.
    pub(super) fn least(&self) -> usize {
        let session = &self.setting.session;
        self.shape.quorum.max(session.params.min_survivors as usize)
    }
}

pub(super) fn ascends(nodes: &[NodeId]) -> bool {
    nodes.is_sorted_by(|a, b| a < b)
}

pub(super) fn within(nodes: &[NodeId], before: &[NodeId]) -> Result<(), Refused> {
    match nodes
        .iter()
        .find(|node| before.binary_search(node).is_err())
    {
        Some(&node) => Err(Refused::Unknown(node)),
        None => Ok(()),
    }
}

pub(super) fn enough(left: usize, needed: usize) -> Result<(), Refused> {
    if left < needed {
        return Err(Refused::TooFew { left, needed });
    }
    Ok(())
}
