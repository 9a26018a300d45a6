//! Standard normal numbers, many at a time.
//!
//! They are those of `rand_distr`'s [`StandardNormal`], bit for bit, and the generator is left where it
//! would leave it, if its bytes are those of its words in a row, as ChaCha's are. Its ziggurat (Doornik 2005) accepts 98 of 100 numbers at first sight: a word of random
//! bits names a layer and a place in it, and the place is within the next, narrower layer. Here that is
//! done over a run of words in a row; all others are left to the library, which is given their words anew.

use std::convert::Infallible;
use std::sync::LazyLock;

use rand::{Rng, TryRng};
use rand_distr::{Distribution, StandardNormal};

/// Words that are drawn in a row.
const RUN: usize = 64;
/// Bits of a word that name its layer; what is above the lowest twelve tells the place in it.
const LAYER: u64 = 0xff;
const LAYERS: usize = LAYER as usize + 1;
const UNUSED: u32 = 12;
/// The exponent of numbers from 2 to 4, where a place stands before 3 is taken from it.
const FROM_TWO: u64 = 0x400 << 52;

/// Half the width of each layer, from the lowest; behind the last there is none.
static WIDTHS: LazyLock<[f64; LAYERS + 1]> = LazyLock::new(|| {
    // The place -1/2 of each layer lies within the next. In the last it is looked at with a second word.
    let half = 1 << 62;
    std::array::from_fn(|layer| match layer {
        LAYERS => 0.0,
        _ => {
            let words = [(half | layer as u64).to_le_bytes(), [u8::MAX; 8]].concat();
            let mut none = Ahead {
                words: &words,
                rng: &mut Nothing,
            };
            let number: f64 = StandardNormal.sample(&mut none);
            -2.0 * number
        }
    })
});

/// Fills `numbers`.
pub(crate) fn fill(rng: &mut impl Rng, numbers: &mut [f64]) {
    let mut words = [0; 8 * RUN];
    for run in numbers.chunks_mut(RUN) {
        let mut left = run;
        while !left.is_empty() {
            // Each number takes a word at least.
            let mut words = &mut words[..8 * left.len()];
            rng.fill_bytes(words);
            while !words.is_empty() {
                let found = at_first_sight(words, left);
                words = &mut words[8 * found..];
                left = &mut left[found..];
                if let (Some(number), false) = (left.first_mut(), words.is_empty()) {
                    let used;
                    (*number, used) = with_more_words(words, rng);
                    words = &mut words[used..];
                    left = &mut left[1..];
                }
            }
        }
    }
}

/// Makes numbers of words, up to the first word that is not enough; tells how many.
#[inline(always)]
fn at_first_sight(words: &[u8], numbers: &mut [f64]) -> usize {
    let widths = &*WIDTHS;
    let words = words.as_chunks().0;
    for (i, (word, number)) in words.iter().zip(numbers).enumerate() {
        let word = u64::from_le_bytes(*word);
        let layer = (word & LAYER) as usize;
        let place = f64::from_bits(FROM_TWO | word >> UNUSED) - 3.0;
        *number = place * widths[layer];
        if number.abs() >= widths[layer + 1] {
            return i;
        }
    }
    words.len()
}

/// The library's number of the words that follow and, where these do not do, of the generator's next ones;
/// and how many bytes of those that follow it took.
#[cold]
fn with_more_words(words: &[u8], rng: &mut impl Rng) -> (f64, usize) {
    let mut ahead = Ahead { words, rng };
    let number = StandardNormal.sample(&mut ahead);
    (number, words.len() - ahead.words.len())
}

/// A generator of which some words were drawn ahead.
struct Ahead<'words, 'rng, R> {
    words: &'words [u8],
    rng: &'rng mut R,
}

impl<R: Rng> TryRng for Ahead<'_, '_, R> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut word = [0; 4];
        self.try_fill_bytes(&mut word)?;
        Ok(u32::from_le_bytes(word))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut word = [0; 8];
        self.try_fill_bytes(&mut word)?;
        Ok(u64::from_le_bytes(word))
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        let (known, more) = to.split_at_mut(to.len().min(self.words.len()));
        let (words, after) = self.words.split_at(known.len());
        known.copy_from_slice(words);
        self.words = after;
        self.rng.fill_bytes(more);
        Ok(())
    }
}

/// No generator: whoever gave words ahead has given enough.
struct Nothing;

impl TryRng for Nothing {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }

    fn try_fill_bytes(&mut self, to: &mut [u8]) -> Result<(), Infallible> {
        to.fill(0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::Seed;

    #[test]
    fn they_are_the_library_s_and_so_is_what_is_drawn_after_them() {
        for (case, length) in [0, 1, 2, 63, 64, 65, 784, 1_024, 100_001]
            .into_iter()
            .enumerate()
        {
            let mut rng = Seed::run(3).stream_of(case as u64);
            let mut other = rng.clone();
            // Not from the beginning of a block.
            for _ in 0..case {
                assert_eq!(rng.next_u32(), other.next_u32());
            }
            let mut numbers = vec![f64::NAN; length];
            fill(&mut rng, &mut numbers);
            for (i, number) in numbers.iter().enumerate() {
                let one: f64 = StandardNormal.sample(&mut other);
                assert_eq!(number.to_bits(), one.to_bits(), "number {i} of {length}");
            }
            assert_eq!(rng.next_u64(), other.next_u64(), "after {length}");
        }
    }

    #[test]
    fn layers_grow_narrower_and_nearly_all_numbers_are_found_in_the_next() {
        assert!(WIDTHS.is_sorted_by(|wide, narrow| wide > narrow));
        // The bottom layer is as wide as its area wants, and the next ends where the tail begins.
        assert!((WIDTHS[1] - 3.654_152_885_361_009).abs() < 1e-12);
        let kept = WIDTHS.windows(2).map(|pair| pair[1] / pair[0]);
        let share = kept.sum::<f64>() / LAYERS as f64;
        assert!((0.98..0.99).contains(&share), "{share}");
    }
}
