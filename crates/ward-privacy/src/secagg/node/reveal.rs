//! The last step: shares of the survivors' own masks, and of the keys of those who were lost.

use std::collections::{BTreeMap, BTreeSet};

use ward_core::NodeId;
use ward_core::secagg::{Consent, RevealedShare, Revelation, ShareKind};

use super::super::journal::{Journal, Step};
use super::super::refused::Refused;
use super::super::statements;
use super::Here;
use super::deal::Held;

/// A node that has consented to the survivors.
pub struct Consented {
    pub(super) here: Here,
    pub(super) held: BTreeMap<NodeId, Held>,
    pub(super) sharers: Vec<NodeId>,
    pub(super) survivors: Vec<NodeId>,
}

impl Consented {
    /// Reveals what unmasks the sum, once more than two thirds of the cohort have signed the same two
    /// lists as this node. No list is asked for: of each node that it holds shares of, a survivor or
    /// one that was lost, the node works out itself which kind is due.
    ///
    /// # Errors
    /// [`Refused`] where too few signatures are right, or where the journal does not allow it.
    pub fn reveal(
        self,
        consents: &[(NodeId, Consent)],
        journal: &mut dyn Journal,
    ) -> Result<Revelation, Refused> {
        let Self {
            here,
            held,
            sharers,
            survivors,
        } = self;
        let sid = here.sid;
        let u2 = statements::sharers(&sid, &sharers);
        let u3 = statements::survivors(&sid, &survivors);
        let roster = &here.setting.roster;
        let valid: BTreeSet<NodeId> = consents
            .iter()
            .filter(|(node, consent)| {
                let statement = statements::consent(&sid, *node, &u2, &u3);
                survivors.binary_search(node).is_ok()
                    && roster.signed(*node, &statement, &consent.signature)
            })
            .map(|(node, _)| *node)
            .collect();
        if valid.len() < here.shape.quorum {
            return Err(Refused::Consents {
                valid: valid.len(),
                needed: here.shape.quorum,
            });
        }
        if here.remembered(journal)?.consented != Some(u3) {
            return Err(Refused::OutOfTurn);
        }
        journal.record(here.line(Step::Revealed))?;
        let shares = held.iter().map(|(of, held)| {
            let (kind, share) = match survivors.binary_search(of) {
                Ok(_) => (ShareKind::SelfSeed, &held.self_seed),
                Err(_) => (ShareKind::MaskKey, &held.mask_key),
            };
            RevealedShare {
                of: *of,
                kind,
                share: *share.bytes(),
            }
        });
        Ok(Revelation {
            shares: shares.collect(),
        })
    }
}
