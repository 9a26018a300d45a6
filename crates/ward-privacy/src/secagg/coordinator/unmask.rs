//! Masks taken off the sum: secrets restored from shares, each held against what it was committed to.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;

use ward_core::secagg::{MaskedWords, Revelation, ShareKind};
use ward_core::{NodeId, Weighting};

use super::super::fault::{Failure, Fault, Wrong};
use super::super::graph::Graph;
use super::super::keys::{SecretKey, SelfSeed};
use super::super::mask::{MaskKey, Sign};
use super::super::secret::Secret;
use super::super::words::{mask_words, unmasked};
use super::super::{shamir, statements};
use super::Core;
use super::deal::Dealt;
use crate::ring;

/// The sum of the survivors' uploads, and nothing about any one of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Unmasked {
    /// Words modulo 2^64, as many as an upload has.
    pub words: Vec<u64>,
    /// The sum of weights.
    pub weight: u64,
    /// The mean loss, weighted.
    pub loss: f64,
    /// Whose uploads it is of, in ascending order.
    pub survivors: Vec<NodeId>,
}

/// Collects shares until the sum can be unmasked.
pub struct Unmasking {
    core: Core,
    graph: Graph,
    dealt: BTreeMap<NodeId, Dealt>,
    survivors: Vec<NodeId>,
    sum: MaskedWords,
    revealed: BTreeSet<NodeId>,
    /// Of each sharer its shares of the one kind that is due, as far as they are needed.
    shares: BTreeMap<NodeId, Vec<(u8, [u8; 32])>>,
}

impl Unmasking {
    pub(super) fn new(
        core: Core,
        graph: Graph,
        dealt: BTreeMap<NodeId, Dealt>,
        survivors: Vec<NodeId>,
        sum: MaskedWords,
    ) -> Self {
        let shares = dealt.keys().map(|&node| (node, Vec::new())).collect();
        Self {
            core,
            graph,
            dealt,
            survivors,
            sum,
            revealed: BTreeSet::new(),
            shares,
        }
    }

    /// Who has not answered yet.
    #[must_use]
    pub fn awaited(&self) -> Vec<NodeId> {
        let spoken = |node: &NodeId| self.revealed.contains(node);
        self.core.awaited(self.survivors.iter(), spoken)
    }

    /// Whether there are shares enough to unmask the sum.
    #[must_use]
    pub fn is_enough(&self) -> bool {
        let threshold = self.core.shape.threshold;
        self.shares.values().all(|shares| shares.len() >= threshold)
    }

    fn survived(&self, node: NodeId) -> bool {
        self.survivors.binary_search(&node).is_ok()
    }

    fn kind(&self, of: NodeId) -> ShareKind {
        match self.survived(of) {
            true => ShareKind::SelfSeed,
            false => ShareKind::MaskKey,
        }
    }

    /// Takes what one survivor reveals.
    ///
    /// # Errors
    /// A [`Fault`] says why none of it is counted.
    pub fn accept(&mut self, node: NodeId, revelation: &Revelation) -> Result<(), Fault> {
        let verdict = self.check(node, revelation);
        let verdict = verdict.map(|xs| {
            self.revealed.insert(node);
            for (share, x) in revelation.shares.iter().zip(xs) {
                let shares = self.shares.entry(share.of).or_default();
                if shares.len() < self.core.shape.threshold {
                    shares.push((x, share.share));
                }
            }
        });
        self.core.judge(node, verdict)
    }

    /// The x of each share.
    fn check(&self, node: NodeId, revelation: &Revelation) -> Result<Vec<u8>, Wrong> {
        let core = &self.core;
        core.may_speak(node, self.survived(node), self.revealed.contains(&node))?;
        let mut due = self.graph.holders(node);
        due.retain(|of| self.dealt.contains_key(of));
        if !revelation.shares.iter().map(|share| share.of).eq(due) {
            return Err(Wrong::NotDue);
        }
        let mut xs = Vec::with_capacity(revelation.shares.len());
        for share in &revelation.shares {
            let of = share.of;
            let x = self.graph.x(node, of).ok_or(Wrong::NotDue)?;
            let dealt = self.dealt.get(&of).ok_or(Wrong::NotDue)?;
            let committed = dealt.shares.get(&node).ok_or(Wrong::NotDue)?;
            let committed = match share.kind {
                kind if kind != self.kind(of) => return Err(Wrong::NotDue),
                ShareKind::MaskKey => committed.mask_key,
                ShareKind::SelfSeed => committed.self_seed,
            };
            if statements::share(&core.sid, of, share.kind, x, &share.share) != committed {
                return Err(Wrong::Share(of));
            }
            xs.push(x);
        }
        Ok(xs)
    }

    /// Restores the secrets, takes the masks off, and gives the sum. Blocks of the sum are worked on by
    /// as many threads as are given.
    ///
    /// # Errors
    /// [`Failure`] where too few shares arrived, or where somebody dealt shares that restore nothing:
    /// then it names who.
    pub fn close(mut self, threads: NonZeroUsize) -> Result<Unmasked, Failure> {
        let mut masks: Vec<(MaskKey, Sign)> = Vec::new();
        for (&node, dealt) in &self.dealt {
            let secret = self.restore(node)?;
            let lied = Fault {
                node,
                wrong: Wrong::Dealt,
            };
            match self.kind(node) {
                ShareKind::SelfSeed => masks.push(self.self_mask(node, secret, dealt).ok_or(lied)?),
                ShareKind::MaskKey => {
                    masks.extend(self.lost_masks(node, secret, dealt).ok_or(lied)?);
                }
            }
        }
        let masks: Vec<(&MaskKey, Sign)> = masks.iter().map(|(key, sign)| (key, *sign)).collect();
        let params = self.core.session.params;
        mask_words(&mut self.sum, params.suite, &masks, threads);

        let mut words = unmasked(self.sum);
        let (loss, weight) = (words.pop().unwrap_or(0), words.pop().unwrap_or(0));
        let nodes = self.survivors.len() as u64;
        let most = match params.weighting {
            Weighting::Examples => nodes.saturating_mul(params.ring.most_weight),
            Weighting::Uniform => nodes,
        };
        if !(nodes..=most).contains(&weight) {
            return Err(Failure::Weight(weight));
        }
        // Of one upload nobody can tell whether it is sound; of their sum anybody can.
        ring::within(&words, weight, &params.ring).map_err(Failure::Sum)?;
        let unit = (1u64 << params.ring.fraction_bits) as f64 * weight as f64;
        Ok(Unmasked {
            words,
            weight,
            loss: loss.cast_signed() as f64 / unit,
            survivors: self.survivors,
        })
    }

    fn restore(&self, of: NodeId) -> Result<Secret, Failure> {
        let threshold = self.core.shape.threshold;
        let shares = self.shares.get(&of).map_or(&[][..], Vec::as_slice);
        if shares.len() < threshold {
            return Err(Failure::TooFewShares {
                of,
                got: shares.len(),
                needed: threshold,
            });
        }
        let points: Vec<(u8, &[u8; 32])> = shares.iter().map(|(x, share)| (*x, share)).collect();
        Ok(shamir::join(&points))
    }

    /// The mask that a survivor put on its own words.
    fn self_mask(&self, node: NodeId, secret: Secret, dealt: &Dealt) -> Option<(MaskKey, Sign)> {
        let sid = &self.core.sid;
        if statements::self_seed(sid, node, secret.bytes()) != dealt.self_seed {
            return None;
        }
        Some((SelfSeed(secret).mask(sid, node), Sign::Minus))
    }

    /// The masks that survivors have with `lost`, whose own upload, with the opposite ones, is missing.
    fn lost_masks(
        &self,
        lost: NodeId,
        secret: Secret,
        dealt: &Dealt,
    ) -> Option<Vec<(MaskKey, Sign)>> {
        let key = SecretKey::from_secret(secret);
        if key.public() != dealt.mask_key {
            return None;
        }
        let neighbours = self.graph.neighbours(lost);
        let survivors = neighbours.into_iter().filter(|node| self.survived(*node));
        let masks = survivors.map(|survivor| {
            let other = self.dealt.get(&survivor)?.mask_key;
            let mask = key.pair_mask(&other, &self.core.sid, lost, survivor)?;
            // The survivor added it where the lost node's id is the smaller one.
            let sign = match lost < survivor {
                true => Sign::Minus,
                false => Sign::Plus,
            };
            Some((mask, sign))
        });
        masks.collect()
    }
}
