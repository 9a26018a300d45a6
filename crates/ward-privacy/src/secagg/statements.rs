//! Every byte string that is signed or hashed for a commitment. `docs/secagg.md` says the same in words.
//!
//! Numbers are little-endian and of fixed width, and lists begin with their length, so no two different
//! statements have the same bytes.

use sha2::{Digest as _, Sha256};
use ward_core::NodeId;
use ward_core::secagg::{KeyOffer, MaskedWords, ShareKind, ShareOffer};

use super::session::{SessionId, update_ids};

fn begun(label: &str, sid: &SessionId, node: NodeId) -> Vec<u8> {
    let mut bytes = format!("fl-secagg/1/{label}").into_bytes();
    bytes.extend(sid.0);
    bytes.extend(node.0.to_le_bytes());
    bytes
}

/// What a node signs of its fresh keys. Its part in drawing the graph is in it where one is drawn.
pub(crate) fn keys(sid: &SessionId, node: NodeId, offer: &KeyOffer, drawn: bool) -> Vec<u8> {
    let mut bytes = begun("keys", sid, node);
    bytes.extend(offer.channel);
    bytes.extend(offer.mask);
    if drawn {
        bytes.extend(offer.draw);
    }
    bytes
}

/// What a node signs of its shares.
pub(crate) fn shares(sid: &SessionId, node: NodeId, offer: &ShareOffer) -> Vec<u8> {
    let mut bytes = begun("shares", sid, node);
    bytes.extend(offer.self_seed);
    bytes.extend(offer.own.mask_key);
    bytes.extend(offer.own.self_seed);
    bytes.extend((offer.envelopes.len() as u32).to_le_bytes());
    for envelope in &offer.envelopes {
        bytes.extend(envelope.node.0.to_le_bytes());
        bytes.extend(envelope.sealed);
        bytes.extend(envelope.commitments.mask_key);
        bytes.extend(envelope.commitments.self_seed);
    }
    bytes
}

/// What a node signs of its masked words.
pub(crate) fn masked(
    sid: &SessionId,
    node: NodeId,
    digest: &[u8; 32],
    sharers: &[u8; 32],
) -> Vec<u8> {
    let mut bytes = begun("masked", sid, node);
    bytes.extend(digest);
    bytes.extend(sharers);
    bytes
}

/// What a node signs of who shared and who survived.
pub(crate) fn consent(
    sid: &SessionId,
    node: NodeId,
    sharers: &[u8; 32],
    survivors: &[u8; 32],
) -> Vec<u8> {
    let mut bytes = begun("consent", sid, node);
    bytes.extend(sharers);
    bytes.extend(survivors);
    bytes
}

/// The digest of everybody whose shares arrived (U2).
pub(crate) fn sharers(sid: &SessionId, nodes: &[NodeId]) -> [u8; 32] {
    set("sharers", sid, nodes)
}

/// The digest of everybody whose upload arrived (U3).
pub(crate) fn survivors(sid: &SessionId, nodes: &[NodeId]) -> [u8; 32] {
    set("survivors", sid, nodes)
}

fn set(label: &str, sid: &SessionId, nodes: &[NodeId]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(format!("fl-secagg/1/{label}"));
    hash.update(sid.0);
    update_ids(&mut hash, nodes);
    hash.finalize().into()
}

/// The digest of masked words.
pub(crate) fn words(sid: &SessionId, node: NodeId, words: &MaskedWords) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(begun("words", sid, node));
    hash.update((words.len() as u64).to_le_bytes());
    match words {
        MaskedWords::Narrow(words) => update_words(&mut hash, words, u32::to_le_bytes),
        MaskedWords::Wide(words) => update_words(&mut hash, words, u64::to_le_bytes),
    }
    hash.finalize().into()
}

fn update_words<W: Copy, const N: usize>(
    hash: &mut Sha256,
    words: &[W],
    to_bytes: impl Fn(W) -> [u8; N],
) {
    let mut bytes = [[0; N]; 1_024];
    for block in words.chunks(bytes.len()) {
        let both = bytes.iter_mut().zip(block);
        both.for_each(|(bytes, word)| *bytes = to_bytes(*word));
        hash.update(bytes[..block.len()].as_flattened());
    }
}

/// A node's commitment to the seed of its own mask.
pub(crate) fn self_seed(sid: &SessionId, node: NodeId, seed: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(begun("self-seed", sid, node));
    hash.update(seed);
    hash.finalize().into()
}

/// A node's commitment to the share of one of its secrets at `x`.
pub(crate) fn share(
    sid: &SessionId,
    node: NodeId,
    kind: ShareKind,
    x: u8,
    share: &[u8; 32],
) -> [u8; 32] {
    let kind = match kind {
        ShareKind::MaskKey => 1,
        ShareKind::SelfSeed => 2,
    };
    let mut hash = Sha256::new();
    hash.update(begun("share", sid, node));
    hash.update([kind, x]);
    hash.update(share);
    hash.finalize().into()
}

/// A node's commitment to its part in drawing the graph.
pub(crate) fn draw(sid: &SessionId, node: NodeId, opening: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(begun("draw", sid, node));
    hash.update(opening);
    hash.finalize().into()
}
