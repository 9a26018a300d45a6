//! Train orders on the wire.

use std::sync::Arc;

use bytes::Bytes;
use ward_core::{
    Batches, LocalWork, OptimizerSpec, RingSpec, RunId, Scaling, Seed, TrainOrder, Weighting,
};

use crate::algorithm::{algorithm_message, read_algorithm};
use crate::personalisation::{personalisation_message, read_personalisation};
use crate::protection::{protection_message, read_protection};
use crate::proto::{self, train_order};
use crate::unreadable::{Unreadable, array, finite, finite32};

/// The most fraction bits a ring may have: a word still holds a sign and one bit.
const MOST_FRACTION_BITS: u32 = 62;

impl From<&TrainOrder> for proto::TrainOrder {
    fn from(order: &TrainOrder) -> Self {
        Self {
            work: Some(match order.work {
                LocalWork::Epochs(n) => train_order::Work::Epochs(n),
                LocalWork::Steps(n) => train_order::Work::Steps(n),
            }),
            batch_size: order.batch_size,
            batches: batches_message(order.batches).into(),
            optimizer: Some(optimizer_message(order.optimizer)),
            proximal_mu: order.proximal_mu,
            l2: order.l2,
            example_clip_norm: order.example_clip_norm,
            gradient_clip_norm: order.gradient_clip_norm,
            protection: protection_message(&order.protection),
            algorithm: algorithm_message(order.algorithm),
            personalisation: personalisation_message(&order.personalisation),
            scaling: order.scaling.as_deref().map(Into::into),
            weighting: match order.weighting {
                Weighting::Examples => proto::Weighting::Examples,
                Weighting::Uniform => proto::Weighting::Uniform,
            }
            .into(),
            ring: Some(proto::Ring {
                fraction_bits: order.ring.fraction_bits,
                range: order.ring.range,
                most_weight: order.ring.most_weight,
            }),
            seed: Bytes::copy_from_slice(&order.seed.to_bytes()),
            run: order.run.0,
        }
    }
}

impl TryFrom<proto::TrainOrder> for TrainOrder {
    type Error = Unreadable;

    fn try_from(message: proto::TrainOrder) -> Result<Self, Unreadable> {
        let batches = read_batches(&message)?;
        let weighting = match message.weighting() {
            proto::Weighting::Examples => Weighting::Examples,
            proto::Weighting::Uniform => Weighting::Uniform,
            proto::Weighting::Unspecified => {
                return Err(Unreadable::Unknown {
                    field: "order.weighting",
                    got: message.weighting,
                });
            }
        };
        Ok(Self {
            work: match message.work.ok_or(Unreadable::Missing("order.work"))? {
                train_order::Work::Epochs(n) => LocalWork::Epochs(n),
                train_order::Work::Steps(n) => LocalWork::Steps(n),
            },
            batch_size: message.batch_size,
            batches,
            optimizer: message
                .optimizer
                .ok_or(Unreadable::Missing("order.optimizer"))
                .and_then(read_optimizer)?,
            proximal_mu: penalty("order.proximal_mu", message.proximal_mu)?,
            l2: penalty("order.l2", message.l2)?,
            example_clip_norm: penalty("order.example_clip_norm", message.example_clip_norm)?,
            gradient_clip_norm: penalty("order.gradient_clip_norm", message.gradient_clip_norm)?,
            protection: read_protection(message.protection)?,
            algorithm: read_algorithm(message.algorithm)?,
            personalisation: read_personalisation(message.personalisation)?,
            scaling: message
                .scaling
                .map(Scaling::try_from)
                .transpose()?
                .map(Arc::new),
            weighting,
            ring: message
                .ring
                .ok_or(Unreadable::Missing("order.ring"))
                .and_then(RingSpec::try_from)?,
            seed: Seed::from_bytes(array("order.seed", &message.seed)?),
            run: RunId(message.run),
        })
    }
}

fn batches_message(batches: Batches) -> proto::Batches {
    match batches {
        Batches::Shuffled => proto::Batches::Shuffled,
        Batches::Stream => proto::Batches::Stream,
        Batches::Replacement => proto::Batches::Replacement,
        Batches::InOrder => proto::Batches::InOrder,
    }
}

fn read_batches(message: &proto::TrainOrder) -> Result<Batches, Unreadable> {
    match message.batches() {
        proto::Batches::Shuffled => Ok(Batches::Shuffled),
        proto::Batches::Stream => Ok(Batches::Stream),
        proto::Batches::Replacement => Ok(Batches::Replacement),
        proto::Batches::InOrder => Ok(Batches::InOrder),
        proto::Batches::Unspecified => Err(Unreadable::Unknown {
            field: "order.batches",
            got: message.batches,
        }),
    }
}

fn optimizer_message(optimizer: OptimizerSpec) -> train_order::Optimizer {
    match optimizer {
        OptimizerSpec::Sgd {
            learning_rate,
            momentum,
        } => train_order::Optimizer::Sgd(proto::Sgd {
            learning_rate,
            momentum,
        }),
        OptimizerSpec::Adam {
            learning_rate,
            beta1,
            beta2,
            epsilon,
        } => train_order::Optimizer::Adam(proto::Adam {
            learning_rate,
            beta1,
            beta2,
            epsilon,
        }),
    }
}

fn read_optimizer(message: train_order::Optimizer) -> Result<OptimizerSpec, Unreadable> {
    Ok(match message {
        train_order::Optimizer::Sgd(sgd) => OptimizerSpec::Sgd {
            learning_rate: finite32("sgd.learning_rate", sgd.learning_rate)?,
            momentum: finite32("sgd.momentum", sgd.momentum)?,
        },
        train_order::Optimizer::Adam(adam) => OptimizerSpec::Adam {
            learning_rate: finite32("adam.learning_rate", adam.learning_rate)?,
            beta1: finite32("adam.beta1", adam.beta1)?,
            beta2: finite32("adam.beta2", adam.beta2)?,
            epsilon: finite32("adam.epsilon", adam.epsilon)?,
        },
    })
}

/// A strength that pulls or does nothing.
pub(crate) fn penalty(field: &'static str, value: f32) -> Result<f32, Unreadable> {
    let value = finite32(field, value)?;
    if value < 0.0 {
        return Err(Unreadable::OutOfRange {
            field,
            got: value.to_string(),
            range: "0 or more",
        });
    }
    Ok(value)
}

impl TryFrom<proto::Ring> for RingSpec {
    type Error = Unreadable;

    fn try_from(message: proto::Ring) -> Result<Self, Unreadable> {
        let refuse = |field, got: String, range| Err(Unreadable::OutOfRange { field, got, range });
        if message.fraction_bits > MOST_FRACTION_BITS {
            let got = message.fraction_bits.to_string();
            return refuse("ring.fraction_bits", got, "62 or less");
        }
        if finite32("ring.range", message.range)? <= 0.0 {
            return refuse("ring.range", message.range.to_string(), "above 0");
        }
        if message.most_weight == 0 {
            return refuse("ring.most_weight", "0".to_owned(), "1 or more");
        }
        Ok(Self {
            fraction_bits: message.fraction_bits,
            range: message.range,
            most_weight: message.most_weight,
        })
    }
}

impl From<&Scaling> for proto::Scaling {
    fn from(scaling: &Scaling) -> Self {
        Self {
            means: scaling.means.clone(),
            deviations: scaling.deviations.clone(),
        }
    }
}

impl TryFrom<proto::Scaling> for Scaling {
    type Error = Unreadable;

    fn try_from(message: proto::Scaling) -> Result<Self, Unreadable> {
        let (one, other) = (message.means.len(), message.deviations.len());
        if one != other {
            return Err(Unreadable::Unequal {
                first: "scaling.means",
                one,
                second: "scaling.deviations",
                other,
            });
        }
        for &mean in &message.means {
            finite("scaling.means", mean)?;
        }
        for &deviation in &message.deviations {
            if finite("scaling.deviations", deviation)? <= 0.0 {
                return Err(Unreadable::OutOfRange {
                    field: "scaling.deviations",
                    got: deviation.to_string(),
                    range: "above 0",
                });
            }
        }
        Ok(Self {
            means: message.means,
            deviations: message.deviations,
        })
    }
}
