//! Where privacy noise comes from.
//!
//! [`NoiseRng::from_os`] asks the operating system. A simulation, in which nothing is secret and everything
//! repeats, has [`NoiseRng::simulated`], by way of a [`NoiseSource`](crate::NoiseSource) alone: a test holds
//! that no other crate names it.

use std::convert::Infallible;

use ward_core::Seed;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::secagg::{NoRandomness, SecretRng};

/// Words that are made at a time.
const WORDS: usize = 128;
/// Blocks after which a source takes a new key from itself: far below what one nonce of ChaCha20 gives.
const BLOCKS: u32 = 1 << 20;

/// A source of noise: ChaCha20. It neither prints nor copies, and is wiped.
///
/// ```compile_fail
/// fn copied(rng: &ward_privacy::dp::NoiseRng) -> ward_privacy::dp::NoiseRng { rng.clone() }
/// ```
pub struct NoiseRng {
    source: SecretRng,
    words: Box<[u64; WORDS]>,
    next: usize,
    blocks: u32,
}

impl Drop for NoiseRng {
    fn drop(&mut self) {
        self.words.zeroize();
    }
}

impl ZeroizeOnDrop for NoiseRng {}

impl NoiseRng {
    /// A source that the operating system has seeded.
    ///
    /// # Errors
    /// [`NoRandomness`] where it has nothing to seed with: then there is no noise, and no release.
    pub fn from_os() -> Result<Self, NoRandomness> {
        Ok(Self::new(SecretRng::from_os()?))
    }

    /// A source that repeats: for simulations and tests only.
    #[must_use]
    pub fn simulated(place: Seed) -> Self {
        Self::new(SecretRng::from_seed(place.to_bytes()))
    }

    fn new(source: SecretRng) -> Self {
        Self {
            source,
            words: Box::new([0; WORDS]),
            next: WORDS,
            blocks: 0,
        }
    }

    /// 64 random bits.
    #[inline]
    pub(super) fn word(&mut self) -> u64 {
        if self.next == WORDS {
            self.refill();
        }
        let word = self.words[self.next];
        self.next += 1;
        word
    }

    #[cold]
    fn refill(&mut self) {
        if self.blocks == BLOCKS {
            let mut key = [0; 32];
            self.source.fill(&mut key);
            self.source = SecretRng::from_seed(key);
            key.zeroize();
            self.blocks = 0;
        }
        let mut bytes = [0; 8 * WORDS];
        self.source.fill(&mut bytes);
        for (word, eight) in self.words.iter_mut().zip(bytes.as_chunks().0) {
            *word = u64::from_le_bytes(*eight);
        }
        bytes.zeroize();
        self.next = 0;
        self.blocks += 1;
    }

    /// A number from 0 to below `n`, which is above 0, each with the same probability.
    #[inline]
    pub(super) fn below(&mut self, n: u64) -> u64 {
        // Lemire 2019, arXiv:1805.10941: the high half of a product, its biased low ends drawn again.
        loop {
            let product = u128::from(self.word()) * u128::from(n);
            let low = product as u64;
            if low >= n || low >= n.wrapping_neg() % n {
                return (product >> 64) as u64;
            }
        }
    }
}

impl rand::TryRng for NoiseRng {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.word() as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.word())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for eight in bytes.chunks_mut(8) {
            let word = self.word().to_le_bytes();
            eight.copy_from_slice(&word[..eight.len()]);
        }
        Ok(())
    }
}
