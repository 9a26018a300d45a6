//! Expanding keys into masks and adding them: blocks of the vector outside, masks inside.
//!
//! A mask is the keystream of a cipher under its key, with a zero nonce and the counter from 0, read
//! as little-endian words. A block of 16 KiB stays in the first-level cache while all masks are added
//! to it, which is worth a factor of five over one mask after another.

use std::num::NonZeroUsize;
use std::thread;

use aes::Aes256;
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use ctr::Ctr64LE;
use ward_core::MaskSuite;

use super::secret::Secret;

/// Bytes of keystream made at a time.
const BLOCK: usize = 16 * 1_024;

/// The key of one mask.
pub(crate) struct MaskKey(pub(crate) Secret);

/// Whether a mask is added or taken away.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sign {
    Plus,
    Minus,
}

/// Words of a ring: 64 bits wide, or 32.
pub(crate) trait MaskWord: Copy + Send {
    /// Adds a keystream to `words`, or takes it away.
    fn mask(words: &mut [Self], keystream: &[u8], sign: Sign);
}

macro_rules! mask_word {
    ($word:ty) => {
        impl MaskWord for $word {
            #[inline(always)]
            fn mask(words: &mut [Self], keystream: &[u8], sign: Sign) {
                let (masks, _) = keystream.as_chunks::<{ size_of::<$word>() }>();
                let both = words.iter_mut().zip(masks);
                match sign {
                    Sign::Plus => both.for_each(|(word, mask)| {
                        *word = word.wrapping_add(<$word>::from_le_bytes(*mask));
                    }),
                    Sign::Minus => both.for_each(|(word, mask)| {
                        *word = word.wrapping_sub(<$word>::from_le_bytes(*mask));
                    }),
                }
            }
        }
    };
}
mask_word!(u32);
mask_word!(u64);

/// A keystream at some place in it.
enum Stream {
    ChaCha20(Box<ChaCha20>),
    Aes256Ctr(Box<Ctr64LE<Aes256>>),
}

impl Stream {
    fn at(suite: MaskSuite, key: &MaskKey, byte: u64) -> Self {
        let key = key.0.bytes();
        match suite {
            MaskSuite::ChaCha20 => {
                let mut stream = Box::new(ChaCha20::new(key.into(), &[0; 12].into()));
                stream.seek(byte);
                Self::ChaCha20(stream)
            }
            MaskSuite::Aes256Ctr => {
                let mut stream = Box::new(Ctr64LE::<Aes256>::new(key.into(), &[0; 16].into()));
                stream.seek(byte);
                Self::Aes256Ctr(stream)
            }
        }
    }

    fn write(&mut self, bytes: &mut [u8]) {
        match self {
            Self::ChaCha20(stream) => stream.write_keystream(bytes),
            Self::Aes256Ctr(stream) => stream.write_keystream(bytes),
        }
    }
}

/// Adds masks to `words`, which begin at word `first` of the whole vector.
///
/// The vector has at most 2^35 words, so that the 32-bit counter of ChaCha20 is enough.
pub(crate) fn add_masks<W: MaskWord>(
    words: &mut [W],
    first: u64,
    suite: MaskSuite,
    masks: &[(&MaskKey, Sign)],
) {
    let width = size_of::<W>();
    let mut streams: Vec<(Stream, Sign)> = masks
        .iter()
        .map(|&(key, sign)| (Stream::at(suite, key, first * width as u64), sign))
        .collect();
    let mut keystream = zeroize::Zeroizing::new([0; BLOCK]);
    for block in words.chunks_mut(BLOCK / width) {
        let bytes = &mut keystream[..size_of_val(block)];
        for (stream, sign) in &mut streams {
            stream.write(bytes);
            pulp::Arch::new().dispatch(Mask {
                words: block,
                keystream: bytes,
                sign: *sign,
            });
        }
    }
}

/// [`add_masks`] over the whole vector, in as many parts as there are threads.
pub(crate) fn add_masks_on<W: MaskWord>(
    words: &mut [W],
    suite: MaskSuite,
    masks: &[(&MaskKey, Sign)],
    threads: NonZeroUsize,
) {
    let per_block = BLOCK / size_of::<W>();
    let blocks = words.len().div_ceil(per_block);
    let per_thread = blocks.div_ceil(threads.get()).max(1) * per_block;
    if threads.get() == 1 || words.len() <= per_thread {
        return add_masks(words, 0, suite, masks);
    }
    thread::scope(|scope| {
        for (part, words) in words.chunks_mut(per_thread).enumerate() {
            let first = (part * per_thread) as u64;
            scope.spawn(move || add_masks(words, first, suite, masks));
        }
    });
}

/// [`MaskWord::mask`] with the processor's widest vectors.
struct Mask<'a, W> {
    words: &'a mut [W],
    keystream: &'a [u8],
    sign: Sign,
}

impl<W: MaskWord> pulp::NullaryFnOnce for Mask<'_, W> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        W::mask(self.words, self.keystream, self.sign);
    }
}
