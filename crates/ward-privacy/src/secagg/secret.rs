//! Secrets: 32 bytes that are wiped when dropped, and the source that they are drawn from.
//!
//! A secret neither prints, copies nor serialises. It lives on the heap, so moving the value that
//! holds it leaves no copy behind.
//!
//! ```compile_fail
//! fn printed(secret: ward_privacy::secagg::SecretRng) -> String { format!("{secret:?}") }
//! ```
//! ```compile_fail
//! fn copied(secret: &ward_privacy::secagg::SecretRng) -> ward_privacy::secagg::SecretRng { secret.clone() }
//! ```

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// 32 secret bytes.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Secret(Box<[u8; 32]>);

impl Secret {
    /// All zeros, to be filled.
    pub(crate) fn zeros() -> Self {
        Self(Box::new([0; 32]))
    }

    /// These ones. The caller wipes its own copy.
    pub(crate) fn of(bytes: &[u8; 32]) -> Self {
        Self(Box::new(*bytes))
    }

    /// Fresh ones.
    pub(crate) fn draw(rng: &mut SecretRng) -> Self {
        let mut secret = Self::zeros();
        rng.fill(secret.bytes_mut());
        secret
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8; 32] {
        &mut self.0
    }
}

/// The operating system gave no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bytes")]
pub struct NoRandomness;

/// Where secrets come from. It has nothing to do with a run's public [`Seed`](ward_core::Seed), so no
/// mask can be drawn from that by accident.
pub struct SecretRng(ChaCha20);

impl ZeroizeOnDrop for SecretRng {}

impl SecretRng {
    /// A source that the operating system has seeded.
    ///
    /// # Errors
    /// [`NoRandomness`] where it has nothing to seed with.
    pub fn from_os() -> Result<Self, NoRandomness> {
        let mut seed = Secret::zeros();
        getrandom::fill(seed.bytes_mut()).map_err(|_| NoRandomness)?;
        Ok(Self::keyed(&seed))
    }

    /// The same secrets again and again: for simulations and known answers, where nothing is secret.
    #[must_use]
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self::keyed(&Secret::of(&seed))
    }

    fn keyed(seed: &Secret) -> Self {
        Self(ChaCha20::new(seed.bytes().into(), &[0; 12].into()))
    }

    /// Fills `bytes`: the keystream of ChaCha20 under the seed.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.write_keystream(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use static_assertions::{assert_impl_all, assert_not_impl_any};

    assert_impl_all!(Secret: ZeroizeOnDrop);
    assert_impl_all!(ChaCha20: ZeroizeOnDrop);
    assert_not_impl_any!(Secret: std::fmt::Debug, std::fmt::Display, Clone, serde::Serialize);
    assert_not_impl_any!(SecretRng: std::fmt::Debug, std::fmt::Display, Clone, serde::Serialize);

    #[test]
    fn wiping_leaves_zeros() {
        let mut secret = Secret::draw(&mut SecretRng::from_seed([1; 32]));
        assert_ne!(secret.bytes(), &[0; 32]);
        secret.zeroize();
        assert_eq!(secret.bytes(), &[0; 32]);
    }

    #[test]
    fn two_sources_of_the_system_differ() {
        let draw = || *Secret::draw(&mut SecretRng::from_os().unwrap()).bytes();
        assert_ne!(draw(), draw());
    }
}
