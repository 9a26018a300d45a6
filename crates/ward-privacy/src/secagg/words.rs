//! Words under masks, narrow or wide: from an upload, into a sum, and back.

use std::num::NonZeroUsize;

use ward_core::secagg::MaskedWords;
use ward_core::{MaskSuite, WordWidth};

use super::mask::{MaskKey, Sign, add_masks_on};
use crate::ring;

/// An upload's words, modulo 2^32 where they are to be narrow.
pub(crate) fn at_width(words: Vec<u64>, width: WordWidth) -> MaskedWords {
    match width {
        WordWidth::Narrow => MaskedWords::Narrow(words.into_iter().map(|w| w as u32).collect()),
        WordWidth::Wide => MaskedWords::Wide(words),
    }
}

/// So many zeros.
pub(crate) fn zeros(width: WordWidth, length: usize) -> MaskedWords {
    match width {
        WordWidth::Narrow => MaskedWords::Narrow(vec![0; length]),
        WordWidth::Wide => MaskedWords::Wide(vec![0; length]),
    }
}

/// Adds masks, or takes them away.
pub(crate) fn mask_words(
    words: &mut MaskedWords,
    suite: MaskSuite,
    masks: &[(&MaskKey, Sign)],
    threads: NonZeroUsize,
) {
    match words {
        MaskedWords::Narrow(words) => add_masks_on(words, suite, masks, threads),
        MaskedWords::Wide(words) => add_masks_on(words, suite, masks, threads),
    }
}

/// Adds an upload's words to a sum of the same width and length.
pub(crate) fn add_words(sum: &mut MaskedWords, words: &MaskedWords) {
    match (sum, words) {
        (MaskedWords::Narrow(sum), MaskedWords::Narrow(words)) => {
            let both = sum.iter_mut().zip(words);
            both.for_each(|(sum, word)| *sum = sum.wrapping_add(*word));
        }
        (MaskedWords::Wide(sum), MaskedWords::Wide(words)) => ring::add(sum, words),
        // Whoever adds has compared them.
        _ => {}
    }
}

/// The words of a sum without masks: narrow ones with their sign.
pub(crate) fn unmasked(sum: MaskedWords) -> Vec<u64> {
    match sum {
        MaskedWords::Narrow(words) => {
            let signed = words.into_iter().map(|w| i64::from(w.cast_signed()));
            signed.map(i64::cast_unsigned).collect()
        }
        MaskedWords::Wide(words) => words,
    }
}
