//! Shares, passed on to those whom they are for.

use std::collections::BTreeMap;

use ward_core::NodeId;
use ward_core::secagg::{Commitments, Envelope, KeyOffer, ShareOffer, SharesForYou};

use super::super::fault::{Failure, Fault, Wrong};
use super::super::graph::Graph;
use super::super::statements;
use super::Core;
use super::collect::Collecting;

/// Collects everybody's shares.
pub struct Sharing {
    core: Core,
    graph: Graph,
    offers: BTreeMap<NodeId, KeyOffer>,
    shares: BTreeMap<NodeId, ShareOffer>,
}

/// What a node has committed to.
pub(super) struct Dealt {
    pub(super) self_seed: [u8; 32],
    pub(super) mask_key: [u8; 32],
    pub(super) shares: BTreeMap<NodeId, Commitments>,
}

impl Sharing {
    pub(super) fn new(core: Core, graph: Graph, offers: BTreeMap<NodeId, KeyOffer>) -> Self {
        Self {
            core,
            graph,
            offers,
            shares: BTreeMap::new(),
        }
    }

    /// Who has not answered yet.
    #[must_use]
    pub fn awaited(&self) -> Vec<NodeId> {
        let spoken = |node: &NodeId| self.shares.contains_key(node);
        self.core.awaited(self.graph.members().iter(), spoken)
    }

    /// Takes one node's shares.
    ///
    /// # Errors
    /// A [`Fault`] says why they are not counted.
    pub fn accept(&mut self, node: NodeId, offer: ShareOffer) -> Result<(), Fault> {
        let verdict = self.check(node, &offer);
        self.core.judge(node, verdict)?;
        self.shares.insert(node, offer);
        Ok(())
    }

    fn check(&self, node: NodeId, offer: &ShareOffer) -> Result<(), Wrong> {
        let core = &self.core;
        core.may_speak(node, self.graph.has(node), self.shares.contains_key(&node))?;
        let statement = statements::shares(&core.sid, node, offer);
        core.signed(node, &statement, &offer.signature)?;
        let receivers = offer.envelopes.iter().map(|envelope| envelope.node);
        match receivers.eq(self.graph.neighbours(node)) {
            true => Ok(()),
            false => Err(Wrong::Envelopes),
        }
    }

    /// For everybody whose shares arrived (U2) the envelopes from its neighbours among them, and the
    /// phase of uploads.
    ///
    /// # Errors
    /// [`Failure`] where too few are left.
    pub fn close(self) -> Result<(Vec<(NodeId, SharesForYou)>, Collecting), Failure> {
        let Self {
            core,
            graph,
            offers,
            shares,
        } = self;
        core.enough("shares", shares.len())?;
        let sharers: Vec<NodeId> = shares.keys().copied().collect();
        let mut letters: BTreeMap<NodeId, Vec<Envelope>> = BTreeMap::new();
        let mut dealt = BTreeMap::new();
        for (&from, offer) in &shares {
            let mut commitments = BTreeMap::from([(from, offer.own)]);
            for envelope in &offer.envelopes {
                commitments.insert(envelope.node, envelope.commitments);
                if shares.contains_key(&envelope.node) {
                    let letter = Envelope {
                        node: from,
                        ..*envelope
                    };
                    letters.entry(envelope.node).or_default().push(letter);
                }
            }
            let mask_key = offers.get(&from).map_or([0; 32], |offer| offer.mask);
            let entry = Dealt {
                self_seed: offer.self_seed,
                mask_key,
                shares: commitments,
            };
            dealt.insert(from, entry);
        }
        let for_each = sharers.iter().map(|&node| {
            let envelopes = letters.remove(&node).unwrap_or_default();
            let sharers = sharers.clone();
            (node, SharesForYou { envelopes, sharers })
        });
        Ok((for_each.collect(), Collecting::new(core, graph, dealt)))
    }
}
