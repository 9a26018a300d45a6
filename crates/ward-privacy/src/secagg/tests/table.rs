//! A session in which everybody speaks, up to the phase that a test is about.

use ward_core::secagg::{Consent, MaskedUpload, ShareOffer, SharesForYou};

use super::*;
use crate::secagg::coordinator::{Collecting, Unmasking};

/// Everybody at one table, each with its journal.
pub(super) struct Table<'a> {
    pub(super) world: &'a World,
    journals: Journals,
}

impl<'a> Table<'a> {
    pub(super) fn new(world: &'a World) -> Self {
        let journals = world.session.cohort.iter();
        Self {
            world,
            journals: journals
                .map(|&node| (node, MemoryJournal::default()))
                .collect(),
        }
    }

    pub(super) fn journal(&mut self, node: NodeId) -> &mut MemoryJournal {
        self.journals.get_mut(&node).unwrap()
    }

    /// Everybody has offered its keys.
    pub(super) fn offered(&mut self) -> (BTreeMap<NodeId, Offered>, Vec<(NodeId, KeyOffer)>) {
        let (mut states, mut offers) = (BTreeMap::new(), Vec::new());
        for i in 0..self.world.session.cohort.len() {
            let node = self.world.id(i);
            let (state, offer) = self.world.begin(i, self.journal(node)).unwrap();
            states.insert(node, state);
            offers.push((node, offer));
        }
        (states, offers)
    }

    /// The coordinator has taken all keys.
    pub(super) fn sharing(&self, offers: &[(NodeId, KeyOffer)]) -> Sharing {
        let mut keying = self.world.keying();
        for (node, offer) in offers {
            keying.accept(*node, *offer).unwrap();
        }
        keying.close().unwrap().1
    }

    /// Everybody has shared its secrets.
    pub(super) fn shared(
        &mut self,
    ) -> (
        BTreeMap<NodeId, Shared>,
        BTreeMap<NodeId, ShareOffer>,
        Sharing,
    ) {
        let (offered, offers) = self.offered();
        let sharing = self.sharing(&offers);
        let (mut states, mut shares) = (BTreeMap::new(), BTreeMap::new());
        for (node, state) in offered {
            let mut rng = self.world.rng(1_000 + node.0 as usize);
            let (state, offer) = state.share(&offers, &mut rng).unwrap();
            states.insert(node, state);
            shares.insert(node, offer);
        }
        (states, shares, sharing)
    }

    /// Everybody has its letters.
    pub(super) fn letters(
        &mut self,
    ) -> (
        BTreeMap<NodeId, Shared>,
        BTreeMap<NodeId, SharesForYou>,
        Collecting,
    ) {
        let (states, shares, mut sharing) = self.shared();
        for (node, offer) in shares {
            sharing.accept(node, offer).unwrap();
        }
        let (letters, collecting) = sharing.close().unwrap();
        (states, letters.into_iter().collect(), collecting)
    }

    /// Everybody has masked its upload.
    pub(super) fn masked(&mut self) -> (BTreeMap<NodeId, Masked>, BTreeMap<NodeId, MaskedUpload>) {
        let (states, uploads, _) = self.uploads();
        (states, uploads)
    }

    /// The same, with the coordinator that waits for the uploads.
    pub(super) fn uploads(
        &mut self,
    ) -> (
        BTreeMap<NodeId, Masked>,
        BTreeMap<NodeId, MaskedUpload>,
        Collecting,
    ) {
        let (shared, letters, collecting) = self.letters();
        let (mut states, mut uploads) = (BTreeMap::new(), BTreeMap::new());
        for (node, state) in shared {
            let masking = state.receive(&letters[&node]).unwrap();
            let upload = self.world.upload(self.world.index(node));
            let (state, upload) = masking.mask(upload, ONE).unwrap();
            states.insert(node, state);
            uploads.insert(node, upload);
        }
        (states, uploads, collecting)
    }

    /// These have consented to these survivors.
    pub(super) fn consented(
        &mut self,
        masked: BTreeMap<NodeId, Masked>,
        survivors: &[NodeId],
    ) -> (BTreeMap<NodeId, Consented>, Vec<(NodeId, Consent)>) {
        let (mut states, mut consents) = (BTreeMap::new(), Vec::new());
        for (node, state) in masked {
            let (state, consent) = state.consent(survivors, self.journal(node)).unwrap();
            states.insert(node, state);
            consents.push((node, consent));
        }
        (states, consents)
    }

    /// Everything up to the last phase, all honest.
    pub(super) fn unmasking(
        &mut self,
    ) -> (
        BTreeMap<NodeId, Consented>,
        Vec<(NodeId, Consent)>,
        Unmasking,
    ) {
        let (masked, uploads, mut collecting) = self.uploads();
        for (node, upload) in &uploads {
            collecting.accept(*node, upload).unwrap();
        }
        self.consenting(masked, collecting)
    }

    /// From the uploads that are in the sum up to the last phase.
    pub(super) fn consenting(
        &mut self,
        masked: BTreeMap<NodeId, Masked>,
        collecting: Collecting,
    ) -> (
        BTreeMap<NodeId, Consented>,
        Vec<(NodeId, Consent)>,
        Unmasking,
    ) {
        let (survivors, mut consenting) = collecting.close().unwrap();
        let (states, consents) = self.consented(masked, &survivors);
        for (node, consent) in &consents {
            consenting.accept(*node, *consent).unwrap();
        }
        let (consents, unmasking) = consenting.close().unwrap();
        (states, consents, unmasking)
    }
}
