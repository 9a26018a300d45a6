//! What coordinator and nodes say to each other in secure aggregation: public bytes and nothing else.
//!
//! The protocol is `fl-secagg/1`, Bonawitz et al. 2017 (CCS, doi:10.1145/3133956.3133982) with its
//! defences against a coordinator that lies; `docs/secagg.md` fixes every byte. `ward_privacy::secagg`
//! makes and checks these messages. *Who* sent one is not in it: the driver knows that.

use serde::{Deserialize, Serialize};

use crate::NodeId;

/// Which cipher masks are expanded with. A federation fixes it; it is never negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum MaskSuite {
    /// ChaCha20 (RFC 8439): constant time everywhere.
    #[default]
    #[serde(rename = "chacha20")]
    ChaCha20,
    /// AES-256 in counter mode: faster where the processor has AES instructions.
    #[serde(rename = "aes-256-ctr")]
    Aes256Ctr,
}

/// How wide the words are that masks are added to. A federation fixes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WordWidth {
    /// 32 bits: half the bytes and half the masks, where the sum fits.
    Narrow,
    /// 64 bits.
    #[default]
    Wide,
}

impl WordWidth {
    /// Bits of a word.
    #[must_use]
    pub fn bits(self) -> u32 {
        match self {
            Self::Narrow => u32::BITS,
            Self::Wide => u64::BITS,
        }
    }
}

/// What an instruction to train says of masks. Thresholds and neighbours are not in it: each node
/// derives them from the size of the cohort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskingOrder {
    /// Which cipher.
    pub suite: MaskSuite,
    /// How wide masked words are.
    pub width: WordWidth,
    /// Which try at this round, from 0. Each has keys of its own.
    pub attempt: u32,
    /// Everybody asked, in ascending order.
    pub cohort: Vec<NodeId>,
    /// How many uploads the sum must hold at least.
    pub min_survivors: u32,
}

/// A node's fresh public keys for one session, signed with its identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyOffer {
    /// X25519 key under which shares are sealed for the node.
    pub channel: [u8; 32],
    /// X25519 key from which pairwise masks are agreed.
    pub mask: [u8; 32],
    /// SHA-256 of the node's part in drawing the neighbour graph; zeros where everybody is
    /// everybody's neighbour.
    pub draw: [u8; 32],
    /// Ed25519 signature.
    pub signature: [u8; 64],
}

/// A node's part in drawing the neighbour graph, which it has committed to in its [`KeyOffer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawOpening(pub [u8; 32]);

/// Bytes of two sealed shares: for each its x and 32 bytes, and the tag of the cipher.
pub const SEALED_SHARES: usize = 2 * 33 + 16;

/// One node's shares of another's two secrets, sealed for it alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    /// In a [`ShareOffer`] whom it is for; in [`SharesForYou`] whom it is from.
    pub node: NodeId,
    /// The sealed shares.
    pub sealed: [u8; SEALED_SHARES],
    /// What the shares are held against.
    pub commitments: Commitments,
}

/// SHA-256 of a holder's share of each of two secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Commitments {
    /// Of its share of the secret mask key.
    pub mask_key: [u8; 32],
    /// Of its share of the self-mask's seed.
    pub self_seed: [u8; 32],
}

/// A node's shares for all its neighbours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareOffer {
    /// SHA-256 of the self-mask's seed.
    pub self_seed: [u8; 32],
    /// Of the shares that the node keeps itself.
    pub own: Commitments,
    /// One for each neighbour, in ascending order.
    pub envelopes: Vec<Envelope>,
    /// Ed25519 signature.
    pub signature: [u8; 64],
}

/// The shares that others have for one node, and who is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharesForYou {
    /// One from each neighbour that is still there, in ascending order.
    pub envelopes: Vec<Envelope>,
    /// Everybody whose shares arrived (U2), in ascending order.
    pub sharers: Vec<NodeId>,
}

/// Words under masks, as wide as the session says.
#[derive(Debug, Clone, PartialEq)]
pub enum MaskedWords {
    /// Modulo 2^32.
    Narrow(Vec<u32>),
    /// Modulo 2^64.
    Wide(Vec<u64>),
}

impl MaskedWords {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Narrow(words) => words.len(),
            Self::Wide(words) => words.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How wide they are.
    #[must_use]
    pub fn width(&self) -> WordWidth {
        match self {
            Self::Narrow(_) => WordWidth::Narrow,
            Self::Wide(_) => WordWidth::Wide,
        }
    }
}

/// An upload under masks. Behind its words come its weight and its weighted loss, masked too.
#[derive(Debug, Clone, PartialEq)]
pub struct MaskedUpload {
    /// The words, uniform to whoever does not know the masks.
    pub words: MaskedWords,
    /// SHA-256 of the words.
    pub digest: [u8; 32],
    /// Digest of the sharers with whom the node has masks.
    pub sharers: [u8; 32],
    /// Ed25519 signature.
    pub signature: [u8; 64],
}

/// A node's word that these sharers and these survivors, and no others, were shown to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Consent {
    /// Ed25519 signature over the digests of both.
    pub signature: [u8; 64],
}

/// Which of a node's two secrets a share is of. Nobody reveals both kinds of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShareKind {
    /// The secret mask key: of a node whose upload did not arrive.
    MaskKey,
    /// The self-mask's seed: of a node whose upload is in the sum.
    SelfSeed,
}

/// One share, in the clear.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevealedShare {
    /// Whose secret.
    pub of: NodeId,
    /// Which.
    pub kind: ShareKind,
    /// The share.
    pub share: [u8; 32],
}

/// What a node reveals so that the sum, and the sum alone, can be unmasked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revelation {
    /// In ascending order of whose they are.
    pub shares: Vec<RevealedShare>,
}
