//! One hospital's update beside the masked words that hide it, in counts.

use ward_core::secagg::MaskedWords;
use ward_core::sighting::{CLASSES, Sighting};
use ward_core::{RingSpec, Upload};

use crate::ring;

/// Holds an update against the masked words that its hospital sent of it: the words of `masked` behind
/// the update's own are those of its weight and loss, and are left out. `None` where there is no word.
#[must_use]
pub fn sighting(clear: &Upload, ring: &RingSpec, masked: &MaskedWords) -> Option<Sighting> {
    let numbers = ring::decode(clear, ring).0;
    if numbers.is_empty() || masked.len() < numbers.len() {
        return None;
    }
    let word_bits = masked.width().bits();
    // Narrow words are moved up, so that the ring is the same for both.
    let masked: Vec<u64> = match masked {
        MaskedWords::Narrow(words) => words.iter().map(|w| u64::from(*w) << 32).collect(),
        MaskedWords::Wide(words) => words.clone(),
    };
    let masked = &masked[..numbers.len()];
    let numbers: Vec<f64> = numbers.into_iter().map(f64::from).collect();
    let largest = numbers.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
    let unit = if largest > 0.0 { largest } else { 1.0 };
    let class = |x: &f64| ((x / unit + 1.0) / 2.0 * CLASSES as f64) as usize;
    // The lowest word comes first.
    let shift = u64::BITS - CLASSES.ilog2();
    let part = |word: &u64| ((word ^ (1 << 63)) >> shift) as usize;
    let values: Vec<f64> = masked.iter().map(|w| w.cast_signed() as f64).collect();
    Some(Sighting {
        words: numbers.len() as u64,
        largest,
        clear: counts(numbers.iter().map(class)),
        word_bits,
        masked: counts(masked.iter().map(part)),
        correlation: correlation(&numbers, &values),
    })
}

fn counts(classes: impl Iterator<Item = usize>) -> Vec<u64> {
    let mut counts = vec![0; CLASSES];
    classes.for_each(|class| counts[class.min(CLASSES - 1)] += 1);
    counts
}

/// Pearson's correlation; 0 where one side does not vary.
fn correlation(xs: &[f64], ys: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (mean_x, mean_y) = (mean(xs), mean(ys));
    let (mut xx, mut yy, mut xy) = (0.0, 0.0, 0.0);
    for (x, y) in xs.iter().zip(ys) {
        let (x, y) = (x - mean_x, y - mean_y);
        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    match xx > 0.0 && yy > 0.0 {
        true => (xy / (xx.sqrt() * yy.sqrt())).clamp(-1.0, 1.0),
        false => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RING: RingSpec = RingSpec {
        fraction_bits: 20,
        range: 8.0,
        most_weight: 100,
    };

    fn upload(values: &[f32], weight: u64) -> Upload {
        Upload {
            words: ring::encode(values, weight, &RING).unwrap().into(),
            weight,
            loss: 0.0,
        }
    }

    fn wide(words: Vec<u64>) -> MaskedWords {
        MaskedWords::Wide(words)
    }

    #[test]
    fn an_update_beside_itself_is_wholly_correlated_and_beside_its_opposite_too() {
        let clear = upload(&[-2.0, -0.5, 0.0, 0.25, 2.0], 7);
        let seen = sighting(&clear, &RING, &wide(clear.words.to_vec())).unwrap();
        assert!((seen.correlation - 1.0).abs() < 1e-12);
        let opposite: Vec<u64> = clear.words.iter().map(|w| w.wrapping_neg()).collect();
        let seen = sighting(&clear, &RING, &wide(opposite)).unwrap();
        assert!((seen.correlation + 1.0).abs() < 1e-12);
    }

    #[test]
    fn numbers_fall_into_the_parts_of_their_range_and_words_into_those_of_the_ring() {
        let clear = upload(&[-2.0, -0.01, 0.01, 2.0], 3);
        // The lowest word, the one below 0, 0, the highest; and two that belong to weight and loss.
        let masked = [1 << 63, u64::MAX, 0, (1 << 63) - 1, 5, 5];
        let narrow = masked.map(|word: u64| (word >> 32) as u32);
        let seen = sighting(&clear, &RING, &MaskedWords::Narrow(narrow.to_vec())).unwrap();
        let both = (seen.masked, seen.word_bits);
        let seen = sighting(&clear, &RING, &wide(masked.to_vec())).unwrap();
        assert_eq!(both, (seen.masked.clone(), 32));
        let mut expected = vec![0; CLASSES];
        for class in [0, 15, 16, 31] {
            expected[class] = 1;
        }
        assert_eq!((&seen.clear, &seen.masked), (&expected, &expected));
        assert_eq!((seen.words, seen.largest), (4, 2.0));
    }

    #[test]
    fn what_does_not_vary_is_correlated_with_nothing() {
        let clear = upload(&[0.0, 0.0], 1);
        let seen = sighting(&clear, &RING, &wide(vec![1, 2])).unwrap();
        assert_eq!((seen.correlation, seen.largest), (0.0, 0.0));
        assert_eq!(sighting(&clear, &RING, &wide(vec![1])), None);
    }
}
