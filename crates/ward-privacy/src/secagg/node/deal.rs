//! Keys agreed and secrets shared: what a node does when it knows who else is there.

use std::collections::BTreeMap;

use ward_core::NodeId;
use ward_core::secagg::{Commitments, Envelope, KeyOffer, ShareKind, ShareOffer, SharesForYou};
use zeroize::Zeroizing;

use super::super::graph::Graph;
use super::super::keys::{ChannelKey, OPEN_SHARES, SecretKey, SelfSeed};
use super::super::mask::{MaskKey, Sign};
use super::super::refused::Refused;
use super::super::secret::{Secret, SecretRng};
use super::super::{shamir, statements};
use super::mask::Masking;
use super::{Here, ascends, enough, within};

/// The shares that one node holds of another's two secrets.
pub(super) struct Held {
    pub(super) mask_key: Secret,
    pub(super) self_seed: Secret,
}

/// What a node has agreed with a neighbour.
struct Agreed {
    channel: ChannelKey,
    mask: MaskKey,
}

/// A node that has shared its secrets.
pub struct Shared {
    here: Here,
    graph: Graph,
    agreed: BTreeMap<NodeId, Agreed>,
    self_mask: MaskKey,
    own: Held,
}

/// Agrees with all neighbours and shares both secrets among the holders. The caller drops its keys,
/// which wipes them.
pub(super) fn deal(
    here: Here,
    channel: &SecretKey,
    mask: &SecretKey,
    offers: &[(NodeId, KeyOffer)],
    graph: Graph,
    rng: &mut SecretRng,
) -> Result<(Shared, ShareOffer), Refused> {
    let (me, sid, threshold) = (here.setting.me, here.sid, here.shape.threshold);
    let holders = graph.holders(me);
    if holders.len() < threshold {
        return Err(Refused::TooFewNeighbours {
            left: holders.len(),
            needed: threshold,
        });
    }
    let mut agreed = BTreeMap::new();
    for (node, offer) in offers {
        if *node == me || holders.binary_search(node).is_err() {
            continue;
        }
        let both = channel
            .channel(&offer.channel, &sid, me, *node)
            .zip(mask.pair_mask(&offer.mask, &sid, me, *node));
        let (channel, mask) = both.ok_or(Refused::LowOrder(*node))?;
        agreed.insert(*node, Agreed { channel, mask });
    }

    let seed = SelfSeed(Secret::draw(rng));
    let mask_shares = shamir::split(mask.secret(), threshold, holders.len(), rng);
    let seed_shares = shamir::split(&seed.0, threshold, holders.len(), rng);
    let mut offer = ShareOffer {
        self_seed: statements::self_seed(&sid, me, seed.0.bytes()),
        own: Commitments {
            mask_key: [0; 32],
            self_seed: [0; 32],
        },
        envelopes: Vec::new(),
        signature: [0; 64],
    };
    let mut own = None;
    let shares = mask_shares.into_iter().zip(seed_shares);
    for ((holder, x), (mask_key, self_seed)) in holders.into_iter().zip(1..).zip(shares) {
        let commit = |kind, share: &Secret| statements::share(&sid, me, kind, x, share.bytes());
        let commitments = Commitments {
            mask_key: commit(ShareKind::MaskKey, &mask_key),
            self_seed: commit(ShareKind::SelfSeed, &self_seed),
        };
        let Some(Agreed { channel, .. }) = agreed.get(&holder) else {
            offer.own = commitments;
            own = Some(Held {
                mask_key,
                self_seed,
            });
            continue;
        };
        let mut open = Zeroizing::new([0; OPEN_SHARES]);
        open[0] = x;
        open[1..33].copy_from_slice(mask_key.bytes());
        open[33] = x;
        open[34..].copy_from_slice(self_seed.bytes());
        offer.envelopes.push(Envelope {
            node: holder,
            sealed: channel.seal(&sid, me, holder, &open),
            commitments,
        });
    }
    let own = own.ok_or(Refused::SelfMissing)?;
    offer.signature = here.sign(&statements::shares(&sid, me, &offer));
    let shared = Shared {
        self_mask: seed.mask(&sid, me),
        here,
        graph,
        agreed,
        own,
    };
    Ok((shared, offer))
}

impl Shared {
    /// Opens the envelopes from all neighbours that are still there, and checks who is (U2).
    ///
    /// # Errors
    /// [`Refused`] where the list is wrong, too few are left, or an envelope is not what it should be.
    pub fn receive(self, shares: &SharesForYou) -> Result<Masking, Refused> {
        let Self {
            here,
            graph,
            mut agreed,
            self_mask,
            own,
        } = self;
        let (me, sid) = (here.setting.me, here.sid);
        let sharers = &shares.sharers;
        if !ascends(sharers) {
            return Err(Refused::NotAscending);
        }
        within(sharers, graph.members())?;
        if sharers.binary_search(&me).is_err() {
            return Err(Refused::SelfMissing);
        }
        enough(sharers.len(), here.least())?;
        let mut neighbours = graph.neighbours(me);
        neighbours.retain(|node| sharers.binary_search(node).is_ok());
        if neighbours.len() + 1 < here.shape.threshold {
            return Err(Refused::TooFewNeighbours {
                left: neighbours.len() + 1,
                needed: here.shape.threshold,
            });
        }
        let senders = shares.envelopes.iter().map(|envelope| envelope.node);
        if !senders.eq(neighbours.iter().copied()) {
            return Err(Refused::Envelopes);
        }

        let mut held = BTreeMap::from([(me, own)]);
        let mut masks = vec![(self_mask, Sign::Plus)];
        for envelope in &shares.envelopes {
            let from = envelope.node;
            let agreed = agreed.remove(&from).ok_or(Refused::Envelopes)?;
            let open = agreed.channel.open(&sid, from, me, &envelope.sealed);
            let open = open.ok_or(Refused::Sealed(from))?;
            let x = graph.x(me, from).ok_or(Refused::Envelopes)?;
            let (mut mask_key, mut self_seed) = (Secret::zeros(), Secret::zeros());
            mask_key.bytes_mut().copy_from_slice(&open[1..33]);
            self_seed.bytes_mut().copy_from_slice(&open[34..]);
            let commit =
                |kind, share: &Secret| statements::share(&sid, from, kind, x, share.bytes());
            let commitments = Commitments {
                mask_key: commit(ShareKind::MaskKey, &mask_key),
                self_seed: commit(ShareKind::SelfSeed, &self_seed),
            };
            if [open[0], open[33]] != [x, x] || commitments != envelope.commitments {
                return Err(Refused::Share(from));
            }
            held.insert(
                from,
                Held {
                    mask_key,
                    self_seed,
                },
            );
            let sign = if from < me { Sign::Plus } else { Sign::Minus };
            masks.push((agreed.mask, sign));
        }
        Ok(Masking {
            here,
            masks,
            held,
            sharers: shares.sharers.clone(),
        })
    }
}
