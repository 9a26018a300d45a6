//! Two engines, one definition: the fused trainer and burn's own.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fit::Differentiate;
use crate::fused;
use crate::reference::Reference;
use crate::spec::ModelSpec;

/// Which engine trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum TrainingEngine {
    /// The fused trainer for every built-in model.
    #[default]
    Auto,
    /// The fused trainer: flat parameters, no autodiff.
    Fused,
    /// burn's autodiff: the reference, and the way to GPUs.
    Burn,
}

impl TrainingEngine {
    /// What it comes to, in a word: all built-in models can be fused.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto | Self::Fused => "fused",
            Self::Burn => "burn",
        }
    }
}

impl fmt::Display for TrainingEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A model under one of the engines.
#[derive(Debug, Clone)]
pub(crate) enum Model {
    Fused(Box<fused::Network>),
    Burn(Reference),
}

impl Model {
    pub(crate) fn new(spec: &ModelSpec, engine: TrainingEngine) -> Self {
        match engine {
            TrainingEngine::Auto | TrainingEngine::Fused => {
                Self::Fused(Box::new(fused::Network::new(spec.clone())))
            }
            TrainingEngine::Burn => Self::Burn(Reference::new(spec.clone())),
        }
    }

    pub(crate) fn forward(&mut self, params: &[f32], rows: &[f32], batch: usize) -> Vec<f32> {
        match self {
            Self::Fused(network) => network.forward(params, rows, batch).to_vec(),
            Self::Burn(reference) => reference.forward(params, rows, batch),
        }
    }

    pub(crate) fn differentiable(&mut self) -> &mut dyn Differentiate {
        match self {
            Self::Fused(network) => network.as_mut(),
            Self::Burn(reference) => reference,
        }
    }
}
