//! Keys of one session: agreed by X25519 (RFC 7748), derived by HKDF-SHA-256 (RFC 5869), and the
//! sealing of shares by ChaCha20-Poly1305 (RFC 8439).

use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use hkdf::Hkdf;
use sha2::Sha256;
use ward_core::NodeId;
use ward_core::secagg::SEALED_SHARES;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::mask::MaskKey;
use super::secret::{Secret, SecretRng};
use super::session::SessionId;

const PAIR_MASK: &[u8] = b"fl-secagg/1/pair-mask";
const SHARE_AEAD: &[u8] = b"fl-secagg/1/share-aead";
const SELF_MASK: &[u8] = b"fl-secagg/1/self-mask";

/// Two shares and their xs, before they are sealed.
pub(crate) const OPEN_SHARES: usize = 66;
const TAG: usize = SEALED_SHARES - OPEN_SHARES;

/// A fresh X25519 key.
pub(crate) struct SecretKey(Secret);

/// The key that one node's shares for another are sealed with.
pub(crate) struct ChannelKey(Secret);

/// The seed of a node's own mask.
pub(crate) struct SelfSeed(pub(crate) Secret);

impl SecretKey {
    pub(crate) fn draw(rng: &mut SecretRng) -> Self {
        Self(Secret::draw(rng))
    }

    pub(crate) fn from_secret(secret: Secret) -> Self {
        Self(secret)
    }

    pub(crate) fn secret(&self) -> &Secret {
        &self.0
    }

    /// The public half.
    pub(crate) fn public(&self) -> [u8; 32] {
        PublicKey::from(&self.dalek()).to_bytes()
    }

    fn dalek(&self) -> StaticSecret {
        StaticSecret::from(*self.0.bytes())
    }

    /// What both ends agree on; `None` where the other's key is of low order, so that the agreement
    /// would be known to everybody.
    fn agree(&self, other: &[u8; 32]) -> Option<x25519_dalek::SharedSecret> {
        let shared = self.dalek().diffie_hellman(&PublicKey::from(*other));
        shared.was_contributory().then_some(shared)
    }

    /// The key of the mask between `a`, whose secret this is, and `b`.
    pub(crate) fn pair_mask(
        &self,
        other: &[u8; 32],
        sid: &SessionId,
        a: NodeId,
        b: NodeId,
    ) -> Option<MaskKey> {
        let shared = self.agree(other)?;
        let ids = [a.min(b), a.max(b)];
        Some(MaskKey(derive(sid, shared.as_bytes(), PAIR_MASK, &ids)))
    }

    /// The key with which shares between `a`, whose secret this is, and `b` are sealed.
    pub(crate) fn channel(
        &self,
        other: &[u8; 32],
        sid: &SessionId,
        a: NodeId,
        b: NodeId,
    ) -> Option<ChannelKey> {
        let shared = self.agree(other)?;
        let ids = [a.min(b), a.max(b)];
        Some(ChannelKey(derive(sid, shared.as_bytes(), SHARE_AEAD, &ids)))
    }
}

/// Whether everybody could know what this public key agrees on.
pub(crate) fn low_order(key: &[u8; 32]) -> bool {
    let any = StaticSecret::from([1; 32]);
    !any.diffie_hellman(&PublicKey::from(*key))
        .was_contributory()
}

impl SelfSeed {
    /// The key of the mask that `node` puts on its own words.
    pub(crate) fn mask(&self, sid: &SessionId, node: NodeId) -> MaskKey {
        MaskKey(derive(sid, self.0.bytes(), SELF_MASK, &[node]))
    }
}

fn derive(sid: &SessionId, secret: &[u8; 32], label: &[u8], ids: &[NodeId]) -> Secret {
    let mut info = label.to_vec();
    for id in ids {
        info.extend(id.0.to_le_bytes());
    }
    let mut key = Secret::zeros();
    // 32 bytes are far below HKDF's limit of 255 * 32, so this cannot fail.
    if Hkdf::<Sha256>::new(Some(&sid.0), secret)
        .expand(&info, key.bytes_mut())
        .is_err()
    {
        unreachable!("HKDF-SHA-256 gives 32 bytes");
    }
    key
}

impl ChannelKey {
    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new(self.0.bytes().into())
    }

    /// Seals both shares of `from` for `to`.
    pub(crate) fn seal(
        &self,
        sid: &SessionId,
        from: NodeId,
        to: NodeId,
        shares: &[u8; OPEN_SHARES],
    ) -> [u8; SEALED_SHARES] {
        let mut sealed = [0; SEALED_SHARES];
        let (body, tag) = sealed.split_at_mut(OPEN_SHARES);
        body.copy_from_slice(shares);
        let made = self.cipher().encrypt_inout_detached(
            &nonce(from, to).into(),
            &additional(sid, from, to),
            body.into(),
        );
        match made {
            Ok(made) => tag.copy_from_slice(&made),
            Err(_) => unreachable!("66 bytes are below the cipher's limit"),
        }
        sealed
    }

    /// Opens what `from` sealed for `to`; `None` where it did not.
    pub(crate) fn open(
        &self,
        sid: &SessionId,
        from: NodeId,
        to: NodeId,
        sealed: &[u8; SEALED_SHARES],
    ) -> Option<Zeroizing<[u8; OPEN_SHARES]>> {
        let mut shares = Zeroizing::new([0; OPEN_SHARES]);
        shares.copy_from_slice(&sealed[..OPEN_SHARES]);
        let mut tag = [0; TAG];
        tag.copy_from_slice(&sealed[OPEN_SHARES..]);
        let opened = self.cipher().decrypt_inout_detached(
            &nonce(from, to).into(),
            &additional(sid, from, to),
            shares.as_mut_slice().into(),
            &tag.into(),
        );
        opened.ok().map(|()| shares)
    }
}

fn nonce(from: NodeId, to: NodeId) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[..4].copy_from_slice(&from.0.to_le_bytes());
    nonce[4..8].copy_from_slice(&to.0.to_le_bytes());
    nonce
}

fn additional(sid: &SessionId, from: NodeId, to: NodeId) -> Vec<u8> {
    let mut data = sid.0.to_vec();
    data.extend(from.0.to_le_bytes());
    data.extend(to.0.to_le_bytes());
    data
}
