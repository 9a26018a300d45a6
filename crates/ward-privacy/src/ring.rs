//! Fixed-point values modulo 2^64: addition is exact, so the order of arrival cannot change a sum.
//!
//! A coordinate `x` of an update with weight `w` becomes the word `w * round(x * 2^f)`, in two's
//! complement. The sum of words decodes to the weighted mean as long as it does not wrap:
//! `total weight * range * 2^f < 2^63`, which the plan checks ([`fits`]). Where masked words are narrow,
//! the sum travels modulo 2^32 and is below 2^31, so that its low half tells it all.

mod sum;
mod words;

use ward_core::{Delta, Malformed, RingSpec, Upload, WordWidth};

pub use sum::RingSum;
pub(crate) use words::{add, encode, subtract, within};

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

/// Checks that `upload` is one that [`seal`](crate::seal()) could have made for a model of `len`
/// parameters.
///
/// # Errors
/// [`Malformed`] names the first thing that is wrong.
pub fn check(upload: &Upload, len: usize, ring: &RingSpec) -> Result<(), Malformed> {
    check_frame(upload, len, ring)?;
    match checked_entry(upload, len, ring) {
        true => Ok(()),
        false => within(&upload.words, upload.weight, ring),
    }
}

/// [`check`]s an upload for a model of as many parameters as there are `sums`, and adds its words to them
/// on the same way through memory. The sums of one that is malformed are as before.
pub(crate) fn accept(sums: &mut [u64], upload: &Upload, ring: &RingSpec) -> Result<(), Malformed> {
    check_frame(upload, sums.len(), ring)?;
    words::add_within(sums, &upload.words, upload.weight, ring)
}

/// Checks all but the words.
fn check_frame(upload: &Upload, len: usize, ring: &RingSpec) -> Result<(), Malformed> {
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
    Ok(())
}

/// Whether the words were checked, with this weight, by a sum that they are entered in.
fn checked_entry(upload: &Upload, len: usize, ring: &RingSpec) -> bool {
    let entry = upload.words.entry();
    entry.is_some_and(|entry| entry.weight == upload.weight && entry.sum.checked(len, ring))
}

/// One upload's update, without its weight: what an aggregator that sees each of them reads.
/// The upload has passed [`check`], or is a sum of such.
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
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The ring that uploads are tried in.
    pub(crate) const RING: RingSpec = RingSpec {
        fraction_bits: 32,
        range: 128.0,
        most_weight: 1 << 16,
    };

    /// What a hospital would send.
    pub(crate) fn upload(values: &[f32], weight: u64) -> Upload {
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
