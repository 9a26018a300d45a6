//! Who is who: each node's long-term Ed25519 key (RFC 8032), and the roster that lists them, signed by
//! the federation's root.
//!
//! ```compile_fail
//! fn printed(identity: &ward_privacy::secagg::Identity) -> String { format!("{identity:?}") }
//! ```
//! ```compile_fail
//! fn copied(i: &ward_privacy::secagg::Identity) -> ward_privacy::secagg::Identity { i.clone() }
//! ```

use std::collections::{BTreeMap, BTreeSet};

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use ward_core::NodeId;
use zeroize::ZeroizeOnDrop;

use super::secret::{Secret, SecretRng};

/// A node's long-term secret key, or the root's. Wiped when dropped; it neither prints nor copies.
pub struct Identity(Box<SigningKey>);

impl ZeroizeOnDrop for Identity {}

/// The public half of an [`Identity`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdentityKey(pub [u8; 32]);

impl Identity {
    /// A new one.
    #[must_use]
    pub fn draw(rng: &mut SecretRng) -> Self {
        Self(Box::new(SigningKey::from_bytes(Secret::draw(rng).bytes())))
    }

    /// The one with this secret seed, as RFC 8032 has it. The caller wipes its own copy.
    #[must_use]
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        Self(Box::new(SigningKey::from_bytes(seed)))
    }

    /// Its public half.
    #[must_use]
    pub fn key(&self) -> IdentityKey {
        IdentityKey(self.0.verifying_key().to_bytes())
    }

    /// Signs `statement`.
    #[must_use]
    pub(crate) fn sign(&self, statement: &[u8]) -> [u8; 64] {
        self.0.sign(statement).to_bytes()
    }
}

impl IdentityKey {
    /// Whether the owner of this key signed `statement`. Keys of low order sign nothing.
    #[must_use]
    pub(crate) fn signed(&self, statement: &[u8], signature: &[u8; 64]) -> bool {
        VerifyingKey::from_bytes(&self.0).is_ok_and(|key| {
            key.verify_strict(statement, &Signature::from_bytes(signature))
                .is_ok()
        })
    }
}

/// What the roster says of one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Its identity.
    pub key: IdentityKey,
    /// SHA-256 of its TLS certificate; zeros where there is none, as in a simulation.
    pub certificate: [u8; 32],
}

/// Everybody in a federation. Nodes keep its digest, and believe no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    federation: String,
    epoch: u32,
    members: BTreeMap<NodeId, Member>,
}

/// Two nodes of a roster have the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("two nodes of the roster have the same key")]
pub struct SharedKey;

impl Roster {
    /// The roster of a federation in its `epoch`, which is raised whenever the roster changes or a
    /// node has lost its journal.
    ///
    /// # Errors
    /// [`SharedKey`]: one party may not pose as two.
    pub fn new(
        federation: String,
        epoch: u32,
        members: BTreeMap<NodeId, Member>,
    ) -> Result<Self, SharedKey> {
        let keys: BTreeSet<IdentityKey> = members.values().map(|member| member.key).collect();
        if keys.len() < members.len() {
            return Err(SharedKey);
        }
        Ok(Self {
            federation,
            epoch,
            members,
        })
    }

    /// The federation's name.
    #[must_use]
    pub fn federation(&self) -> &str {
        &self.federation
    }

    /// Which roster of the federation it is.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// What it says of `node`.
    #[must_use]
    pub fn member(&self, node: NodeId) -> Option<&Member> {
        self.members.get(&node)
    }

    /// Whether `node` signed `statement`.
    pub(crate) fn signed(&self, node: NodeId, statement: &[u8], signature: &[u8; 64]) -> bool {
        self.member(node)
            .is_some_and(|member| member.key.signed(statement, signature))
    }

    /// SHA-256 of all of it.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(b"fl-secagg/1/roster");
        hash.update((self.federation.len() as u64).to_le_bytes());
        hash.update(&self.federation);
        hash.update(self.epoch.to_le_bytes());
        hash.update((self.members.len() as u32).to_le_bytes());
        for (node, member) in &self.members {
            hash.update(node.0.to_le_bytes());
            hash.update(member.key.0);
            hash.update(member.certificate);
        }
        hash.finalize().into()
    }

    /// Signs it as the federation's root.
    #[must_use]
    pub fn sign(&self, root: &Identity) -> [u8; 64] {
        root.sign(&self.statement())
    }

    /// Whether the federation's root signed it.
    #[must_use]
    pub fn verify(&self, root: &IdentityKey, signature: &[u8; 64]) -> bool {
        root.signed(&self.statement(), signature)
    }

    fn statement(&self) -> Vec<u8> {
        let mut bytes = b"fl-secagg/1/root".to_vec();
        bytes.extend(self.digest());
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use static_assertions::{assert_impl_all, assert_not_impl_any};

    assert_impl_all!(SigningKey: ZeroizeOnDrop);
    assert_not_impl_any!(Identity: std::fmt::Debug, Clone, serde::Serialize);

    fn member(seed: u8) -> Member {
        Member {
            key: Identity::from_bytes(&[seed; 32]).key(),
            certificate: [seed; 32],
        }
    }

    fn roster() -> Roster {
        let members = (0..4).map(|n| (NodeId(n), member(n as u8)));
        Roster::new("west".into(), 1, members.collect()).unwrap()
    }

    #[test]
    fn a_root_signs_its_roster_and_no_other() {
        let root = Identity::from_bytes(&[9; 32]);
        let signature = roster().sign(&root);
        assert!(roster().verify(&root.key(), &signature));
        assert!(!roster().verify(&member(1).key, &signature));
        let mut other = roster();
        other.epoch = 2;
        assert!(!other.verify(&root.key(), &signature));
        other = roster();
        other.members.insert(NodeId(2), member(8));
        assert!(!other.verify(&root.key(), &signature));
    }

    #[test]
    fn one_party_cannot_pose_as_two() {
        let members = [(NodeId(0), member(1)), (NodeId(1), member(1))];
        let roster = Roster::new("west".into(), 1, members.into());
        assert_eq!(roster, Err(SharedKey));
    }

    /// The identity point: with it as key, everybody could sign everything.
    #[test]
    fn a_key_of_low_order_signs_nothing() {
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        assert!(!IdentityKey(neutral).signed(b"anything", &signature));
    }
}
