//! Fits a model on one hospital's rows.
//!
//! Start with [`HospitalTrainer`]. A [`ModelSpec`] describes a model once; burn's [`Network`]
//! module and the fused trainer are both made from it, and tests hold their gradients equal.
//!
//! **Invariants.** The only crate that knows burn. A result depends on parameters, order, address
//! and rows: never on threads, and never on burn's global generator.

mod batches;
mod engine;
mod fit;
mod fused;
mod hospital;
mod learner;
mod learners;
mod network;
mod recalled;
mod reference;
mod score;
mod spec;

#[cfg(test)]
mod agreement;

pub use engine::TrainingEngine;
pub use hospital::HospitalTrainer;
pub use learner::{Fitted, Learner};
pub use learners::Learners;
pub use network::Network;
pub use score::Scores;
pub use spec::{
    CnnConfig, ConvSpec, DenseSpec, LogisticConfig, MlpConfig, ModelConfig, ModelError, ModelSpec,
};
