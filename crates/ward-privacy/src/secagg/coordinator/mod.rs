//! The coordinator's side of a session: states that take one message from each node and are used up
//! when a phase closes.
//!
//! [`Keying`] → ([`Drawing`] →) [`Sharing`] → [`Collecting`] → [`Consenting`] → [`Unmasking`] → the sum.
//! A node that does not answer before its phase closes is lost; the sum goes on without it as long as
//! enough are left. A node at fault is named, and left out from there on.
//!
//! **Invariants.** Memory is that of one model, whatever the number of nodes. The coordinator holds no
//! key of its own: there is nothing to steal.

mod collect;
mod deal;
mod keys;
mod unmask;

use std::collections::BTreeSet;
use std::sync::Arc;

use ward_core::NodeId;

pub use collect::{Collecting, Consenting};
pub use deal::Sharing;
pub use keys::{Drawing, Keying};
pub use unmask::{Unmasked, Unmasking};

use super::fault::{Failure, Fault, Wrong};
use super::identity::Roster;
use super::session::{SessionId, SessionInputs};
use super::shape::Shape;

/// What every phase knows.
struct Core {
    session: SessionInputs,
    shape: Shape,
    sid: SessionId,
    roster: Arc<Roster>,
    excluded: BTreeSet<NodeId>,
}

impl Core {
    fn open(
        session: SessionInputs,
        shape: Option<Shape>,
        roster: Arc<Roster>,
    ) -> Result<Self, Failure> {
        let known = |node: &NodeId| roster.member(*node).is_some();
        let cohort = &session.cohort;
        let good = cohort.is_sorted_by(|a, b| a < b) && cohort.iter().all(known);
        let shape = shape.filter(|_| good).ok_or(Failure::Cohort)?;
        if session.roster != roster.digest() || session.federation != roster.federation() {
            return Err(Failure::OtherRoster);
        }
        Ok(Self {
            sid: SessionId::shaped(&session, &shape),
            session,
            shape,
            roster,
            excluded: BTreeSet::new(),
        })
    }

    /// Enters the verdict on a message in the book of those who are left out.
    fn judge(&mut self, node: NodeId, verdict: Result<(), Wrong>) -> Result<(), Fault> {
        verdict.map_err(|wrong| {
            if wrong.excludes() {
                self.excluded.insert(node);
            }
            Fault { node, wrong }
        })
    }

    /// Whether a node may speak: it is asked, was never at fault, and has not spoken in this phase.
    fn may_speak(&self, node: NodeId, asked: bool, spoken: bool) -> Result<(), Wrong> {
        if !asked {
            return Err(Wrong::NotAsked);
        }
        if self.excluded.contains(&node) {
            return Err(Wrong::Excluded);
        }
        if spoken {
            return Err(Wrong::Duplicate);
        }
        Ok(())
    }

    fn signed(&self, node: NodeId, statement: &[u8], signature: &[u8; 64]) -> Result<(), Wrong> {
        match self.roster.signed(node, statement, signature) {
            true => Ok(()),
            false => Err(Wrong::Signature),
        }
    }

    fn least(&self) -> usize {
        let asked = self.session.params.min_survivors as usize;
        self.shape.quorum.max(asked)
    }

    fn enough(&self, phase: &'static str, left: usize) -> Result<(), Failure> {
        let needed = self.least();
        if left < needed {
            return Err(Failure::BelowThreshold {
                phase,
                left,
                needed,
            });
        }
        Ok(())
    }

    /// Those of `asked` who have not spoken and may still.
    fn awaited<'a>(
        &self,
        asked: impl Iterator<Item = &'a NodeId>,
        spoken: impl Fn(&NodeId) -> bool,
    ) -> Vec<NodeId> {
        asked
            .filter(|node| !self.excluded.contains(node) && !spoken(node))
            .copied()
            .collect()
    }
}
