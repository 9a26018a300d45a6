//! One straight line out of the hospital.
//!
//! Clip, weigh, encode, noise. The order is fixed here and nowhere configurable; later steps (masks)
//! come behind it. What is made here can be opened by a [ledger](crate::ledger) alone.

use ward_core::{
    Address, LocalUpdate, LocalWork, NodeId, NoisePlacement, OptimizerSpec, Protection, RingSpec,
    RoundId, Seed, TrainOrder, Upload, Weighting,
};

use crate::charge::Charge;
use crate::dp::Invalid;
use crate::dp::matrix::NoisePast;
use crate::hospital_noise::HospitalMechanism;
use crate::ledger::Released;
use crate::noise::NoiseSource;
use crate::ring;
use crate::secagg::NoRandomness;

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
    /// What training did cannot be accounted for.
    #[error("the noise of training cannot be accounted for: {0}")]
    Unaccountable(#[from] Invalid),
    /// The order noises whole updates that it does not count alike, or that have something behind
    /// them.
    #[error("noise on whole updates covers updates that count 1 each and have no extras")]
    Uncovered,
    /// There is no noise to be had.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// The only way a hospital's numbers become something that may leave it, once a ledger has admitted
/// it. Noise on the update as a whole is drawn from `noise`; that of local training is in it already.
/// Where anything is protected, the training loss stays behind: 0 is told.
///
/// # Errors
/// [`SealError`] when the update rests on nothing or does not fit the ring. Nothing wraps silently.
pub fn seal(
    update: LocalUpdate,
    order: &TrainOrder,
    noise: NoiseSource,
    address: Address,
) -> Result<Released<Upload>, SealError> {
    if update.examples == 0 {
        return Err(SealError::NoExamples);
    }
    if !update.loss.is_finite() {
        return Err(SealError::Loss);
    }
    let ring = &order.ring;
    let weight = match order.weighting {
        Weighting::Examples => update.examples.min(ring.most_weight),
        Weighting::Uniform => 1,
    };
    let LocalUpdate {
        delta,
        extras,
        examples,
        noised,
        loss,
    } = update;
    let mut numbers = delta.0;
    let (mechanism, charge) = match order.protection {
        Protection::Hospital(_) if weight != 1 || !extras.is_empty() => {
            return Err(SealError::Uncovered);
        }
        Protection::Hospital(asked) => {
            let mechanism = HospitalMechanism::new(&asked, ring, numbers.len())?;
            let drawn = match asked.placement {
                NoisePlacement::Coordinator => Vec::new(),
                NoisePlacement::Node | NoisePlacement::Shared { .. } => {
                    mechanism.draw(&mut noise.rng(order.seed, address)?)
                }
            };
            let within = mechanism.clip(&mut numbers);
            (
                Some((mechanism, drawn, within)),
                Charge::of(order, examples)?,
            )
        }
        Protection::None | Protection::Patient(_) => (None, Charge::of_training(noised, examples)?),
    };
    numbers.extend(extras);
    let mut words =
        ring::encode(&numbers, weight, ring).map_err(|index| SealError::OutOfRange {
            index,
            range: ring.range,
        })?;
    if let Some((mechanism, drawn, within)) = mechanism {
        words.extend(mechanism.bit(within));
        if !drawn.is_empty() {
            mechanism.add(&mut words, &drawn);
        }
    }
    let upload = Upload {
        words: words.into(),
        weight,
        loss: if order.protection.tells_loss() {
            loss
        } else {
            0.0
        },
    };
    Ok(Released::new(upload, charge))
}

/// The sealed form of an update that is nobody's: in trials of rules and measurements of speed. No
/// ledger remembers it.
///
/// # Errors
/// As [`seal`].
pub fn trial(update: LocalUpdate, order: &TrainOrder) -> Result<Upload, SealError> {
    let address = Address {
        round: RoundId(0),
        node: NodeId(0),
    };
    Ok(seal(update, order, NoiseSource::System, address)?.into_trial())
}

/// The order of a [`trial`]: one step without noise.
#[must_use]
pub fn trial_order(weighting: Weighting, ring: RingSpec) -> TrainOrder {
    let optimizer = OptimizerSpec::Sgd {
        learning_rate: 1.0,
        momentum: 0.0,
    };
    TrainOrder {
        weighting,
        ..TrainOrder::new(LocalWork::Steps(1), 0, optimizer, ring, Seed::run(0))
    }
}

/// The noise that a coordinator is to add to a sum of `length` words, as an upload of no weight; `None`
/// where hospitals add it, or nobody does. `past` is the noise of earlier rounds, and learns this one's.
///
/// # Errors
/// [`SealError`] where there is no such noise to be had.
pub fn noise_on_sum(
    order: &TrainOrder,
    length: usize,
    noise: NoiseSource,
    address: Address,
    past: &mut NoisePast,
) -> Result<Option<Upload>, SealError> {
    match order.protection {
        Protection::Hospital(asked) if asked.placement == NoisePlacement::Coordinator => {
            let length = length.saturating_sub(order.protection.bits());
            let mechanism = HospitalMechanism::new(&asked, &order.ring, length)?;
            let mut rng = noise.rng(order.seed, address)?;
            Ok(Some(mechanism.on_sum(&mut rng, address.round, past)))
        }
        _ => Ok(None),
    }
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
            noised: None,
            loss: 0.5,
        }
    }

    #[test]
    fn the_weight_is_the_rows_up_to_the_cap_or_one() {
        let weight = |examples, weighting| {
            trial(update(&[1.0], examples), &trial_order(weighting, RING))
                .unwrap()
                .weight
        };
        assert_eq!(weight(80, Weighting::Examples), 80);
        assert_eq!(weight(800, Weighting::Examples), 100);
        assert_eq!(weight(800, Weighting::Uniform), 1);
    }

    #[test]
    fn words_are_weight_times_fixed_point() {
        let upload = trial(
            update(&[0.5, -1.0], 3),
            &trial_order(Weighting::Examples, RING),
        )
        .unwrap();
        assert_eq!(*upload.words, [3 * 128, (-3_i64 * 256).cast_unsigned()]);
    }

    #[test]
    fn extras_follow_the_update_and_are_weighed_with_it() {
        let update = LocalUpdate {
            extras: vec![2.0],
            ..update(&[0.5], 3)
        };
        let upload = trial(update, &trial_order(Weighting::Examples, RING)).unwrap();
        assert_eq!(*upload.words, [3 * 128, 3 * 512]);
    }

    #[test]
    fn what_cannot_be_represented_stays_in_the_hospital() {
        let refuse = |delta: &[f32], examples| {
            trial(
                update(delta, examples),
                &trial_order(Weighting::Examples, RING),
            )
            .unwrap_err()
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
            trial(lossless, &trial_order(Weighting::Examples, RING)),
            Err(SealError::Loss)
        );
    }
}
