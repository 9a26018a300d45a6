//! Masked uploads added as they arrive, and the consent of those who sent them.

use std::collections::{BTreeMap, BTreeSet};

use ward_core::NodeId;
use ward_core::secagg::{Consent, MaskedUpload, MaskedWords};

use super::super::fault::{Failure, Fault, Wrong};
use super::super::graph::Graph;
use super::super::session::TRAILERS;
use super::super::statements;
use super::super::words::{add_words, zeros};
use super::Core;
use super::deal::Dealt;
use super::unmask::Unmasking;

/// Adds masked uploads up. It holds one sum and no upload.
pub struct Collecting {
    core: Core,
    graph: Graph,
    dealt: BTreeMap<NodeId, Dealt>,
    sharers: [u8; 32],
    survivors: BTreeSet<NodeId>,
    sum: MaskedWords,
}

impl Collecting {
    pub(super) fn new(core: Core, graph: Graph, dealt: BTreeMap<NodeId, Dealt>) -> Self {
        let nodes: Vec<NodeId> = dealt.keys().copied().collect();
        let length = core.session.params.length as usize + TRAILERS;
        Self {
            sharers: statements::sharers(&core.sid, &nodes),
            sum: zeros(core.session.params.width, length),
            core,
            graph,
            dealt,
            survivors: BTreeSet::new(),
        }
    }

    /// Who has not answered yet.
    #[must_use]
    pub fn awaited(&self) -> Vec<NodeId> {
        let spoken = |node: &NodeId| self.survivors.contains(node);
        self.core.awaited(self.dealt.keys(), spoken)
    }

    /// Whose uploads are in the sum.
    #[must_use]
    pub fn survivors(&self) -> Vec<NodeId> {
        self.survivors.iter().copied().collect()
    }

    /// Adds one node's masked upload.
    ///
    /// # Errors
    /// A [`Fault`] says why it is not counted.
    pub fn accept(&mut self, node: NodeId, upload: &MaskedUpload) -> Result<(), Fault> {
        let verdict = self.check(node, upload);
        self.core.judge(node, verdict)?;
        add_words(&mut self.sum, &upload.words);
        self.survivors.insert(node);
        Ok(())
    }

    fn check(&self, node: NodeId, upload: &MaskedUpload) -> Result<(), Wrong> {
        let core = &self.core;
        let asked = self.dealt.contains_key(&node);
        core.may_speak(node, asked, self.survivors.contains(&node))?;
        if upload.words.len() != self.sum.len() {
            return Err(Wrong::Length {
                got: upload.words.len() as u64,
                expected: self.sum.len() as u64,
            });
        }
        if upload.words.width() != self.sum.width() {
            return Err(Wrong::Width);
        }
        let statement = statements::masked(&core.sid, node, &upload.digest, &upload.sharers);
        core.signed(node, &statement, &upload.signature)?;
        if upload.sharers != self.sharers {
            return Err(Wrong::Sharers);
        }
        if statements::words(&core.sid, node, &upload.words) != upload.digest {
            return Err(Wrong::Digest);
        }
        Ok(())
    }

    /// Whose uploads are in the sum (U3), to be sent to each of them, and the phase of consent.
    ///
    /// # Errors
    /// [`Failure`] where too few are left.
    pub fn close(self) -> Result<(Vec<NodeId>, Consenting), Failure> {
        self.core.enough("uploads", self.survivors.len())?;
        let survivors: Vec<NodeId> = self.survivors.into_iter().collect();
        let consenting = Consenting {
            core: self.core,
            graph: self.graph,
            dealt: self.dealt,
            sharers: self.sharers,
            survivors: survivors.clone(),
            sum: self.sum,
            consents: BTreeMap::new(),
        };
        Ok((survivors, consenting))
    }
}

/// Collects the survivors' consent.
pub struct Consenting {
    core: Core,
    graph: Graph,
    dealt: BTreeMap<NodeId, Dealt>,
    sharers: [u8; 32],
    survivors: Vec<NodeId>,
    sum: MaskedWords,
    consents: BTreeMap<NodeId, Consent>,
}

impl Consenting {
    /// Who has not answered yet.
    #[must_use]
    pub fn awaited(&self) -> Vec<NodeId> {
        let spoken = |node: &NodeId| self.consents.contains_key(node);
        self.core.awaited(self.survivors.iter(), spoken)
    }

    /// Takes one survivor's consent.
    ///
    /// # Errors
    /// A [`Fault`] says why it is not counted. The node's upload stays in the sum.
    pub fn accept(&mut self, node: NodeId, consent: Consent) -> Result<(), Fault> {
        let verdict = self.check(node, &consent);
        self.core.judge(node, verdict)?;
        self.consents.insert(node, consent);
        Ok(())
    }

    fn check(&self, node: NodeId, consent: &Consent) -> Result<(), Wrong> {
        let core = &self.core;
        let asked = self.survivors.binary_search(&node).is_ok();
        core.may_speak(node, asked, self.consents.contains_key(&node))?;
        let survivors = statements::survivors(&core.sid, &self.survivors);
        let statement = statements::consent(&core.sid, node, &self.sharers, &survivors);
        core.signed(node, &statement, &consent.signature)
    }

    /// All consents, to be sent to each survivor, and the last phase.
    ///
    /// # Errors
    /// [`Failure`] where too few have consented.
    pub fn close(self) -> Result<(Vec<(NodeId, Consent)>, Unmasking), Failure> {
        let (left, needed) = (self.consents.len(), self.core.shape.quorum);
        if left < needed {
            return Err(Failure::BelowThreshold {
                phase: "consent",
                left,
                needed,
            });
        }
        let unmasking = Unmasking::new(self.core, self.graph, self.dealt, self.survivors, self.sum);
        Ok((self.consents.into_iter().collect(), unmasking))
    }
}
