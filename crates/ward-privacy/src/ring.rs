//! Fixed-point values modulo 2^64: addition is exact, so the order of arrival cannot change a sum.
//!
//! A coordinate `x` of an update with weight `w` becomes the word `w * round(x * 2^f)`, in two's
//! complement. The sum of words decodes to the weighted mean as long as it does not wrap:
//! `total weight * range * 2^f < 2^63`, which the plan checks ([`fits`]). Where masked words are narrow,
//! the sum travels modulo 2^32 and is below 2^31, so that its low half tells it all.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use ward_core::words::PartSum;
use ward_core::{Delta, Malformed, RingSpec, Upload, WordWidth};

/// The finest resolution offered: steps of 2^-32.
pub const MOST_FRACTION_BITS: u32 = 32;
/// The coarsest resolution that is chosen for words of a width. In wide words it still averages to `f32`
/// precision, steps of 2^-20; in narrow ones steps are 2^-16.
#[must_use]
pub fn fewest_fraction_bits(width: WordWidth) -> u32 {
    match width {
        WordWidth::Narrow => 16,
        WordWidth::Wide => 20,
    }
}

/// 1.5 * 2^52: added to a number below 2^51, it leaves the rounded integer in the low bits.
const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// Bits between the largest sum of updates whose weights add up to `total_weight`, and the one at which
/// words of a width would wrap, 2^63 or 2^31; below 0 where there is none.
#[must_use]
pub fn headroom_bits(ring: &RingSpec, total_weight: u64, width: WordWidth) -> f64 {
    let largest = (total_weight as f64 * f64::from(ring.range)).log2();
    f64::from(width.bits() - 1) - largest - f64::from(ring.fraction_bits)
}

/// Whether no sum of updates whose weights add up to `total_weight` can wrap.
#[must_use]
pub fn fits(ring: &RingSpec, total_weight: u64, width: WordWidth) -> bool {
    headroom_bits(ring, total_weight, width) > 0.0
}

/// The most fraction bits that leave room for `total_weight * range`; `None` below
/// [`fewest_fraction_bits`].
#[must_use]
pub fn finest(
    range: f32,
    most_weight: u64,
    total_weight: u64,
    width: WordWidth,
) -> Option<RingSpec> {
    (fewest_fraction_bits(width)..=MOST_FRACTION_BITS)
        .rev()
        .map(|fraction_bits| RingSpec {
            fraction_bits,
            range,
            most_weight,
        })
        .find(|ring| fits(ring, total_weight, width))
}

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

/// Checks that `upload` is one that [`seal`](crate::seal()) could have made for a model of `len`
/// parameters.
///
/// # Errors
/// [`Malformed`] names the first thing that is wrong.
pub fn check(upload: &Upload, len: usize, ring: &RingSpec) -> Result<(), Malformed> {
    if upload.words.len() != len {
        return Err(Malformed::WrongLength {
            got: upload.words.len() as u64,
            expected: len as u64,
        });
    }
    if upload.weight == 0 || upload.weight > ring.most_weight {
        return Err(Malformed::Weight {
            got: upload.weight,
            most: ring.most_weight,
        });
    }
    // Weighted sums of losses must stay finite too.
    if upload.loss.is_nan() || upload.loss.abs() > f64::from(f32::MAX) {
        return Err(Malformed::NotFinite);
    }
    if let Some(entry) = upload.words.entry()
        && entry.weight == upload.weight
        && entry.sum.checked(len, ring)
    {
        return Ok(());
    }
    within(&upload.words, upload.weight, ring)
}

/// Checks that words are those of numbers within the ring's range, times `weight`.
pub(crate) fn within(words: &[u64], weight: u64, ring: &RingSpec) -> Result<(), Malformed> {
    let most = f64::from(ring.range) * (1u64 << ring.fraction_bits) as f64 * weight as f64;
    let most = most as u64;
    if most < 1 << 62 && pulp::Arch::new().dispatch(Within { words, most }) {
        return Ok(());
    }
    let without = |word: &u64| word.cast_signed().unsigned_abs() > most;
    match words.iter().position(without) {
        Some(index) => Err(Malformed::OutOfRange {
            index: index as u64,
        }),
        None => Ok(()),
    }
}

/// Whether all words are within +-most, which is below 2^62; as [`Encode`], several at a time.
struct Within<'a> {
    words: &'a [u64],
    most: u64,
}

impl pulp::NullaryFnOnce for Within<'_> {
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        let most = self.most;
        // A word below -most turns the one negative, a word above it the other.
        let signs = |&word: &u64| word.wrapping_add(most) | most.wrapping_sub(word);
        let all = self.words.iter().map(signs).fold(0, |all, next| all | next);
        all.cast_signed() >= 0
    }
}

/// A running sum of uploads. It holds one vector, and one for each [`Part`](crate::Part) that some
/// were entered in, whatever the number of hospitals.
pub struct RingSum {
    len: usize,
    /// Empty until something is added: the first words are copied, so that no page of zeros is read
    /// before it is written.
    words: Vec<u64>,
    parts: Vec<Arc<dyn PartSum>>,
    weight: u64,
    ring: RingSpec,
}

impl fmt::Debug for RingSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingSum")
            .field("weight", &self.weight)
            .field("ring", &self.ring)
            .finish_non_exhaustive()
    }
}

impl RingSum {
    /// The empty sum for models of `len` parameters.
    #[must_use]
    pub fn new(len: usize, ring: RingSpec) -> Self {
        Self {
            len,
            words: Vec::new(),
            parts: Vec::new(),
            weight: 0,
            ring,
        }
    }

    /// Adds one upload that [`check`] has passed.
    pub fn add(&mut self, upload: &Upload) {
        self.weight = self.weight.wrapping_add(upload.weight);
        match upload.words.entry() {
            Some(entry) if entry.sum.count(entry.number) => {
                let known = |part: &Arc<dyn PartSum>| Arc::ptr_eq(part, &entry.sum);
                if !self.parts.iter().any(known) {
                    self.parts.push(entry.sum.clone());
                }
            }
            _ if self.words.is_empty() => self.words.clone_from(&upload.words),
            _ => add(&mut self.words, &upload.words),
        }
    }

    /// The weights added so far.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.weight
    }

    /// The weighted mean of everything added; zeros when nothing was.
    #[must_use]
    pub fn mean(&self) -> Delta {
        let mut words = if self.words.is_empty() {
            Cow::Owned(vec![0; self.len])
        } else {
            Cow::Borrowed(&self.words)
        };
        for part in &self.parts {
            part.add_to(words.to_mut());
        }
        mean(&words, self.weight, &self.ring)
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

/// Takes `words` from `sums`.
pub(crate) fn subtract(sums: &mut [u64], words: &[u64]) {
    for (sum, word) in sums.iter_mut().zip(words) {
        *sum = sum.wrapping_sub(*word);
    }
}

/// One upload's update, without its weight: what an aggregator that sees each of them reads.
/// The upload has passed [`check`].
#[must_use]
pub fn decode(upload: &Upload, ring: &RingSpec) -> Delta {
    mean(&upload.words, upload.weight, ring)
}

fn mean(words: &[u64], weight: u64, ring: &RingSpec) -> Delta {
    let unit = (1u64 << ring.fraction_bits) as f64 * weight.max(1) as f64;
    let value = |w: &u64| (w.cast_signed() as f64 / unit) as f32;
    Delta(words.iter().map(value).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RING: RingSpec = RingSpec {
        fraction_bits: 32,
        range: 128.0,
        most_weight: 1 << 16,
    };

    fn upload(values: &[f32], weight: u64) -> Upload {
        Upload {
            words: encode(values, weight, &RING).unwrap().into(),
            weight,
            loss: 0.0,
        }
    }

    proptest! {
        #[test]
        fn the_order_of_uploads_cannot_change_the_sum(
            updates in prop::collection::vec((prop::collection::vec(-128.0_f32..=128.0, 5), 1_u64..60_000), 1..9),
            rotation in 0_usize..9,
        ) {
            let mut forward = RingSum::new(5, RING);
            updates.iter().for_each(|(v, w)| forward.add(&upload(v, *w)));
            let mut turned = updates.clone();
            turned.rotate_left(rotation % updates.len());
            let mut other = RingSum::new(5, RING);
            turned.iter().rev().for_each(|(v, w)| other.add(&upload(v, *w)));
            prop_assert_eq!(forward.mean(), other.mean());
            // And it is the weighted mean, to the resolution of the ring.
            let total: u64 = updates.iter().map(|(_, w)| w).sum();
            for (j, got) in forward.mean().0.iter().enumerate() {
                let exact: f64 =
                    updates.iter().map(|(v, w)| f64::from(v[j]) * *w as f64).sum::<f64>() / total as f64;
                prop_assert!((f64::from(*got) - exact).abs() <= 2e-10 + exact.abs() * 1e-7);
            }
        }

        #[test]
        fn whatever_encode_makes_passes_the_check(
            values in prop::collection::vec(-128.0_f32..=128.0, 0..20), weight in 1_u64..=65_536,
        ) {
            prop_assert_eq!(check(&upload(&values, weight), values.len(), &RING), Ok(()));
        }
    }

    proptest! {
        #[test]
        fn an_upload_decodes_to_its_update_whatever_its_weight(
            values in prop::collection::vec(-128.0_f32..=128.0, 0..20), weight in 1_u64..=65_536,
        ) {
            let decoded = decode(&upload(&values, weight), &RING);
            for (got, value) in decoded.0.iter().zip(&values) {
                prop_assert!((got - value).abs() <= 2.0_f32.powi(-33) + value.abs() * f32::EPSILON);
            }
            prop_assert_eq!(decoded, decode(&upload(&values, 1), &RING));
        }
    }

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

    #[test]
    fn forged_uploads_are_refused_by_name() {
        let good = upload(&[1.0, 2.0], 3);
        let forged = |change: fn(&mut Upload)| {
            let mut upload = good.clone();
            change(&mut upload);
            check(&upload, 2, &RING)
        };
        assert_eq!(forged(|_| ()), Ok(()));
        assert_eq!(
            forged(|u| u.words.truncate(1)),
            Err(Malformed::WrongLength {
                got: 1,
                expected: 2
            })
        );
        assert_eq!(
            forged(|u| u.weight = 0),
            Err(Malformed::Weight {
                got: 0,
                most: 65_536
            })
        );
        assert_eq!(
            forged(|u| u.weight = 70_000),
            Err(Malformed::Weight {
                got: 70_000,
                most: 65_536
            })
        );
        assert_eq!(
            forged(|u| u.words[1] = 1 << 62),
            Err(Malformed::OutOfRange { index: 1 })
        );
        assert_eq!(
            forged(|u| u.words[0] = 1 << 63),
            Err(Malformed::OutOfRange { index: 0 })
        );
        assert_eq!(forged(|u| u.loss = f64::NAN), Err(Malformed::NotFinite));
    }

    #[test]
    fn headroom_is_the_largest_sum_that_cannot_wrap() {
        use WordWidth::{Narrow, Wide};
        assert!(fits(&RING, (1 << 24) - 1, Wide));
        assert!(!fits(&RING, 1 << 24, Wide));
        let bits = |range, total, width| {
            finest(range, 65_536, total, width).map(|ring| ring.fraction_bits)
        };
        assert_eq!(bits(128.0, 1 << 24, Wide), Some(31));
        assert_eq!(bits(128.0, 8_000, Wide), Some(32));
        assert_eq!(bits(1e9, 1 << 24, Wide), None);
        // 2^31 = 2^4 hospitals x 2^7 x 2^20, which would just wrap.
        assert_eq!(bits(128.0, 16, Narrow), Some(19));
        assert_eq!(bits(128.0, 15, Narrow), Some(20));
        assert_eq!(bits(128.0, 256, Narrow), None);
    }
}
