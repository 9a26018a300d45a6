//! Fits a model on one hospital's rows.
//!
//! Start with [`HospitalTrainer`]. A [`ModelSpec`] describes a model once: a built-in model's layers,
//! from which burn's [`Network`] module and the fused trainer are both made, and tests hold their
//! gradients equal; or any burn module, [`register`]ed under a name.
//!
//! **Invariants.** The only crate that knows burn. A result depends on parameters, order, address
//! and rows: never on threads, and never on burn's global generator.

mod algorithm;
mod batches;
mod engine;
mod fit;
mod flat;
mod fused;
mod hospital;
mod learner;
mod learners;
mod model;
mod network;
mod personal;
mod private;
mod quantised;
mod recalled;
mod reference;
mod score;
mod trunk;

#[cfg(test)]
mod agreement;

/// The tensor library that models of one's own are written with.
pub use burn;

pub use engine::{Engine, EngineError, TrainingDevice, TrainingEngine};
pub use hospital::HospitalTrainer;
pub use learner::{Fitted, Learner};
pub use learners::Learners;
pub use model::{
    Classifier, CnnConfig, ConvSpec, DenseSpec, Layers, LogisticConfig, MlpConfig, ModelConfig,
    ModelError, ModelSpec, OwnConfig, register,
};
pub use network::Network;
pub use quantised::Precision;
pub use score::Scores;
pub use trunk::Trunk;
