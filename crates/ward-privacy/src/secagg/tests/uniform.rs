//! Masked words look like noise.

use ward_core::secagg::MaskedWords;

use super::table::Table;
use super::*;
use crate::secagg::mask::{MaskKey, Sign, add_masks, add_masks_on};
use crate::secagg::secret::Secret;

/// Chi-square of each of the eight bytes of words; 255 degrees of freedom, so 255 +- 22.6.
fn chi_squares(words: &[u64]) -> [f64; 8] {
    let mut counts = [[0_u32; 256]; 8];
    for word in words {
        for (byte, counts) in word.to_le_bytes().into_iter().zip(&mut counts) {
            counts[usize::from(byte)] += 1;
        }
    }
    let expected = words.len() as f64 / 256.0;
    counts.map(|counts| {
        let squares = counts.iter().map(|&n| (f64::from(n) - expected).powi(2));
        squares.sum::<f64>() / expected
    })
}

fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let product = |x: &[f64], mx: f64, y: &[f64], my: f64| -> f64 {
        x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum()
    };
    product(a, ma, b, mb) / (product(a, ma, a, ma) * product(b, mb, b, mb)).sqrt()
}

/// Six standard deviations: the secrets are fixed, so what holds once holds always.
#[test]
fn masked_words_are_uniform_and_do_not_tell_the_update() {
    let world = World::new(3, 1_000_000);
    let (_, uploads) = Table::new(&world).masked();
    for (node, upload) in &uploads {
        let MaskedWords::Wide(words) = &upload.words else {
            panic!("the session's words are wide");
        };
        for chi in chi_squares(words) {
            assert!((chi - 255.0).abs() < 6.0 * 22.6, "{node}: {chi}");
        }
        let plain = world.upload(world.index(*node));
        let numbers = |words: &[u64]| -> Vec<f64> {
            words.iter().map(|word| word.cast_signed() as f64).collect()
        };
        let masked = numbers(&words[..plain.words.len()]);
        let r = correlation(&masked, &numbers(&plain.words));
        assert!(
            r.abs() < 5.0 / (plain.words.len() as f64).sqrt(),
            "{node}: {r}"
        );
    }
}

/// Flower 1.42 folds a 256-bit key to 32 bits by exclusive or before it makes a mask of it.
#[test]
fn keys_that_agree_in_their_folded_bits_have_different_masks() {
    let one: [u8; 32] = std::array::from_fn(|i| (7 * i + 1) as u8);
    let mut other = one;
    // The same bit in two of the eight words: the exclusive or of all words stays.
    other[3] ^= 0x10;
    other[19] ^= 0x10;
    let fold = |key: [u8; 32]| {
        let words = key.as_chunks::<4>().0.iter();
        words.fold(0, |sum, word| sum ^ u32::from_le_bytes(*word))
    };
    assert_eq!(fold(one), fold(other));
    let masks = [one, other].map(|key| {
        let mut words = vec![0_u64; 1_000];
        let key = MaskKey(Secret::of(&key));
        add_masks(&mut words, 0, MaskSuite::ChaCha20, &[(&key, Sign::Plus)]);
        words
    });
    let same = masks[0].iter().zip(&masks[1]).filter(|(a, b)| a == b);
    assert_eq!(same.count(), 0);
    assert!(
        masks[0]
            .iter()
            .any(|word| *word > u64::MAX - u64::MAX / 100)
    );
}

fn masks_cancel_on_any_number_of_threads<W>(one: W)
where
    W: crate::secagg::mask::MaskWord + Copy + PartialEq + std::fmt::Debug,
{
    let keys: Vec<MaskKey> = (0..5).map(|i| MaskKey(Secret::of(&[i; 32]))).collect();
    for suite in [MaskSuite::ChaCha20, MaskSuite::Aes256Ctr] {
        for length in [1, 2_048, 4_096, 10_000] {
            let (mut words, mut whole) = (vec![one; length], vec![one; length]);
            let plus: Vec<_> = keys.iter().map(|key| (key, Sign::Plus)).collect();
            let minus: Vec<_> = keys.iter().map(|key| (key, Sign::Minus)).collect();
            add_masks_on(&mut words, suite, &plus, NonZeroUsize::new(3).unwrap());
            add_masks(&mut whole, 0, suite, &plus);
            assert_eq!(words, whole);
            assert_ne!(words, vec![one; length]);
            add_masks(&mut words, 0, suite, &minus);
            assert_eq!(words, vec![one; length]);
        }
    }
}

#[test]
fn masks_of_both_widths_cancel_on_any_number_of_threads() {
    masks_cancel_on_any_number_of_threads(7_u64);
    masks_cancel_on_any_number_of_threads(7_u32);
}
