//! What is done with every word of an update, with the processor's widest vectors.

use ward_core::{Malformed, RingSpec};

/// 1.5 * 2^52: added to a number below 2^51, it leaves the rounded integer in the low bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// Whole numbers up to here survive [`ROUNDER`].
const EXACT: f64 = (1u64 << 51) as f64;

/// The whole number nearest to `value * factor`, in two's complement; half goes to even. The product
/// must be within +-[`EXACT`].
#[inline(always)]
fn integer(value: f64, factor: f64) -> u64 {
    let rounded = value.mul_add(factor, ROUNDER);
    rounded.to_bits().wrapping_sub(ROUNDER.to_bits())
}

/// Ring words of `values`, each times `weight`. The first coordinate that does not fit is the error.
pub(crate) fn encode(values: &[f32], weight: u64, ring: &RingSpec) -> Result<Vec<u64>, usize> {
    pulp::Arch::new().dispatch(Encode {
        values,
        weight,
        ring,
    })
}

/// [`encode`] with the processor's widest vectors. Without an early exit it looks at several values
/// at a time.
struct Encode<'a> {
    values: &'a [f32],
    weight: u64,
    ring: &'a RingSpec,
}

impl pulp::NullaryFnOnce for Encode<'_> {
    type Output = Result<Vec<u64>, usize>;

    #[inline(always)]
    fn call(self) -> Self::Output {
        let Self {
            values,
            weight,
            ring,
        } = self;
        let scale = (1u64 << ring.fraction_bits) as f64;
        let exact = scale * f64::from(ring.range) * weight as f64 <= EXACT;
        let times = weight as f64;
        let mut words = Vec::with_capacity(values.len());
        // Magnitudes are in the order of their bits, and a NaN is above them all.
        let mut most = 0;
        let scaled = values.iter().map(|&value| {
            most = value.abs().to_bits().max(most);
            (f64::from(value), scale)
        });
        // Few processors multiply integers of 64 bits several at a time.
        if exact {
            let whole = scaled.map(|(value, scale)| value.mul_add(scale, ROUNDER) - ROUNDER);
            words.extend(whole.map(|whole| integer(whole, times)));
        } else {
            let fixed = scaled.map(|(value, scale)| integer(value, scale));
            words.extend(fixed.map(|word| word.wrapping_mul(weight)));
        }
        if most > ring.range.to_bits() {
            let fits = |value: &f32| value.abs() <= ring.range;
            return Err(values.iter().position(|v| !fits(v)).unwrap_or(0));
        }
        Ok(words)
    }
}

/// The largest magnitude of a word of a number within the ring's range, times `weight`.
fn most(weight: u64, ring: &RingSpec) -> u64 {
    (f64::from(ring.range) * (1u64 << ring.fraction_bits) as f64 * weight as f64) as u64
}

/// The quick test of many words: whether all are in `-half..half`, a power of two that is no more than the
/// largest magnitude. Words in the upper half of their range may fail it, and where the range is nothing but 0
/// all do; then each word is looked at.
#[derive(Clone, Copy)]
struct Quick {
    half: u64,
    seen: u64,
}

impl Quick {
    fn new(weight: u64, ring: &RingSpec) -> Self {
        let bits = most(weight, ring).checked_ilog2();
        let half = bits.map_or(0, |bits| 1 << bits.min(62));
        Self { half, seen: 0 }
    }

    /// A word that passes is below twice the half when the half is added, as is everything or'ed of such.
    #[inline(always)]
    fn see(&mut self, word: u64) {
        self.seen |= word.wrapping_add(self.half);
    }

    fn passed(self) -> bool {
        self.seen < 2 * self.half
    }
}

/// Checks that words are those of numbers within the ring's range, times `weight`.
pub(crate) fn within(words: &[u64], weight: u64, ring: &RingSpec) -> Result<(), Malformed> {
    let quick = Quick::new(weight, ring);
    match pulp::Arch::new().dispatch(Within { words, quick }) {
        true => Ok(()),
        false => each_within(words, weight, ring),
    }
}

fn each_within(words: &[u64], weight: u64, ring: &RingSpec) -> Result<(), Malformed> {
    let most = most(weight, ring);
    let without = |word: &u64| word.cast_signed().unsigned_abs() > most;
    match words.iter().position(without) {
        Some(index) => Err(Malformed::OutOfRange {
            index: index as u64,
        }),
        None => Ok(()),
    }
}

/// Whether all words pass the quick test; as [`Encode`], several at a time.
struct Within<'a> {
    words: &'a [u64],
    quick: Quick,
}

impl pulp::NullaryFnOnce for Within<'_> {
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        let mut quick = self.quick;
        self.words.iter().for_each(|word| quick.see(*word));
        quick.passed()
    }
}

/// Adds `words` to `sums`.
pub(crate) fn add(sums: &mut [u64], words: &[u64]) {
    pulp::Arch::new().dispatch(Add { sums, words });
}

/// Adds word by word; as [`Encode`], several at a time.
struct Add<'a> {
    sums: &'a mut [u64],
    words: &'a [u64],
}

impl pulp::NullaryFnOnce for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for (sum, word) in self.sums.iter_mut().zip(self.words) {
            *sum = sum.wrapping_add(*word);
        }
    }
}

/// Adds `words` to `sums` if they are [`within`] the range, and else changes nothing.
pub(super) fn add_within(
    sums: &mut [u64],
    words: &[u64],
    weight: u64,
    ring: &RingSpec,
) -> Result<(), Malformed> {
    let quick = Quick::new(weight, ring);
    let adding = AddWithin {
        sums: &mut *sums,
        words,
        quick,
    };
    if pulp::Arch::new().dispatch(adding) {
        return Ok(());
    }
    let checked = each_within(words, weight, ring);
    if checked.is_err() {
        subtract(sums, words);
    }
    checked
}

/// Adds word by word, and tells whether all pass the quick test; as [`Encode`], several at a time.
struct AddWithin<'a> {
    sums: &'a mut [u64],
    words: &'a [u64],
    quick: Quick,
}

impl pulp::NullaryFnOnce for AddWithin<'_> {
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        let mut quick = self.quick;
        for (sum, &word) in self.sums.iter_mut().zip(self.words) {
            *sum = sum.wrapping_add(word);
            quick.see(word);
        }
        quick.passed()
    }
}

/// Takes `words` from `sums`.
pub(crate) fn subtract(sums: &mut [u64], words: &[u64]) {
    for (sum, word) in sums.iter_mut().zip(words) {
        *sum = sum.wrapping_sub(*word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ring::tests::RING;
    use proptest::prelude::*;

    #[test]
    fn rounding_is_to_the_nearest_step() {
        let scale = (1u64 << 4) as f64;
        let steps = |value: f64| integer(value, scale).cast_signed();
        assert_eq!(steps(1.0), 16);
        assert_eq!(steps(-1.03), -16);
        assert_eq!(steps(-1.04), -17);
        assert_eq!(steps(0.0), 0);
    }

    proptest! {
        /// Weights are multiplied in floating point where that is exact, and as integers elsewhere.
        #[test]
        fn a_weight_multiplies_the_fixed_point(
            values in prop::collection::vec(-128.0_f32..=128.0, 1..20), weight in 1_u64..=1 << 20,
        ) {
            let one = encode(&values, 1, &RING).unwrap();
            let expected: Vec<u64> = one.iter().map(|word| word.wrapping_mul(weight)).collect();
            prop_assert_eq!(encode(&values, weight, &RING).unwrap(), expected);
        }
    }

    #[test]
    fn what_does_not_fit_the_range_is_named() {
        assert_eq!(encode(&[0.0, 128.5], 1, &RING), Err(1));
        assert_eq!(encode(&[f32::NAN], 1, &RING), Err(0));
        assert_eq!(encode(&[0.0, 0.0, f32::NEG_INFINITY], 1, &RING), Err(2));
    }

    proptest! {
        /// Whether they pass the quick test or not.
        #[test]
        fn words_are_added_where_all_are_within_the_range_and_else_none_is(
            numbers in prop::sample::select(vec![80_i64, 128, 129]).prop_flat_map(|most| {
                prop::collection::vec((any::<u64>(), -most..=most), 1..40)
            }),
            weight in prop::sample::select(vec![1_u64, 3, 1 << 20, 1 << 23]),
        ) {
            let sums: Vec<u64> = numbers.iter().map(|(sum, _)| *sum).collect();
            let word = |number: i64| (number.cast_unsigned() << 32).wrapping_mul(weight);
            let words: Vec<u64> = numbers.iter().map(|(_, number)| word(*number)).collect();
            let mut after = sums.clone();
            let told = add_within(&mut after, &words, weight, &RING);
            prop_assert_eq!(&told, &within(&words, weight, &RING));
            // A range of which no step is left: nothing is within it but 0.
            let nothing = RingSpec { range: 1e-12, ..RING };
            prop_assert_eq!(within(&words, 1, &nothing).is_ok(), words.iter().all(|word| *word == 0));
            let first = numbers.iter().position(|(_, number)| number.abs() > 128);
            prop_assert_eq!(told.is_ok(), first.is_none());
            let mut expected = sums;
            if told.is_ok() {
                add(&mut expected, &words);
            }
            prop_assert_eq!(after, expected);
        }
    }
}
