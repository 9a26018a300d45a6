//! One straight line out of the hospital.
//!
//! Weigh, then encode. The order is fixed here and nowhere configurable; later steps (clipping,
//! noise, masks) take their places in this function.

use ward_core::{LocalUpdate, RingSpec, Upload, Weighting};

use crate::ring;

/// Why an update may not leave.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SealError {
    /// It rests on no rows.
    #[error("the update rests on no training rows")]
    NoExamples,
    /// A coordinate cannot be represented.
    #[error(
        "coordinate {index} of the update is outside the ring's range of {range}, or not a number; \
         lower the learning rate or raise ring.range"
    )]
    OutOfRange {
        /// Which coordinate.
        index: usize,
        /// The plan's limit.
        range: f32,
    },
    /// The training loss is not a number.
    #[error("the training loss is not finite; lower the learning rate")]
    Loss,
}

/// The only way a hospital's numbers become something that may leave it.
///
/// # Errors
/// [`SealError`] when the update rests on nothing or does not fit the ring. Nothing wraps silently.
pub fn seal(
    update: LocalUpdate,
    weighting: Weighting,
    ring: &RingSpec,
) -> Result<Upload, SealError> {
    if update.examples == 0 {
        return Err(SealError::NoExamples);
    }
    if !update.loss.is_finite() {
        return Err(SealError::Loss);
    }
    let weight = match weighting {
        Weighting::Examples => update.examples.min(ring.most_weight),
        Weighting::Uniform => 1,
    };
    let LocalUpdate {
        delta,
        extras,
        loss,
        ..
    } = update;
    let mut numbers = delta.0;
    numbers.extend(extras);
    let words = ring::encode(&numbers, weight, ring).map_err(|index| SealError::OutOfRange {
        index,
        range: ring.range,
    })?;
    Ok(Upload {
        words: words.into(),
        weight,
        loss,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::Delta;

    const RING: RingSpec = RingSpec {
        fraction_bits: 8,
        range: 4.0,
        most_weight: 100,
    };

    fn update(delta: &[f32], examples: u64) -> LocalUpdate {
        LocalUpdate {
            delta: Delta(delta.to_vec()),
            extras: Vec::new(),
            examples,
            loss: 0.5,
        }
    }

    #[test]
    fn the_weight_is_the_rows_up_to_the_cap_or_one() {
        let weight = |examples, weighting| {
            seal(update(&[1.0], examples), weighting, &RING)
                .unwrap()
                .weight
        };
        assert_eq!(weight(80, Weighting::Examples), 80);
        assert_eq!(weight(800, Weighting::Examples), 100);
        assert_eq!(weight(800, Weighting::Uniform), 1);
    }

    #[test]
    fn words_are_weight_times_fixed_point() {
        let upload = seal(update(&[0.5, -1.0], 3), Weighting::Examples, &RING).unwrap();
        assert_eq!(*upload.words, [3 * 128, (-3_i64 * 256).cast_unsigned()]);
    }

    #[test]
    fn extras_follow_the_update_and_are_weighed_with_it() {
        let update = LocalUpdate {
            extras: vec![2.0],
            ..update(&[0.5], 3)
        };
        let upload = seal(update, Weighting::Examples, &RING).unwrap();
        assert_eq!(*upload.words, [3 * 128, 3 * 512]);
    }

    #[test]
    fn what_cannot_be_represented_stays_in_the_hospital() {
        let refuse = |delta: &[f32], examples| {
            seal(update(delta, examples), Weighting::Examples, &RING).unwrap_err()
        };
        assert_eq!(refuse(&[1.0], 0), SealError::NoExamples);
        assert_eq!(
            refuse(&[0.0, 5.0], 1),
            SealError::OutOfRange {
                index: 1,
                range: 4.0
            }
        );
        assert_eq!(
            refuse(&[f32::NAN], 1),
            SealError::OutOfRange {
                index: 0,
                range: 4.0
            }
        );
        let lossless = LocalUpdate {
            loss: f64::NAN,
            ..update(&[0.0], 1)
        };
        assert_eq!(
            seal(lossless, Weighting::Examples, &RING),
            Err(SealError::Loss)
        );
    }
}
