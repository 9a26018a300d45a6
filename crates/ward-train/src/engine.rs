//! Two engines, one definition: the fused trainer and burn's own.

use std::fmt;

use burn::tensor::Device;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fit::Differentiate;
use crate::fused;
use crate::model::{Body, ModelSpec};
use crate::network::Network;
use crate::reference::{BurnModel, Reference};

/// Which engine is to train.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum TrainingEngine {
    /// The fused trainer where it can: built-in models on the CPU; else burn.
    #[default]
    Auto,
    /// The fused trainer: flat parameters, no autodiff.
    Fused,
    /// burn's autodiff: the reference, and the way to GPUs.
    Burn,
}

/// Where burn trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum TrainingDevice {
    /// The CPU.
    #[default]
    Cpu,
    /// The best GPU that wgpu finds; needs a program built with the feature `wgpu`.
    Gpu,
}

/// An engine chosen for a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The fused trainer.
    Fused,
    /// burn on a device.
    Burn(TrainingDevice),
}

/// Why an engine cannot train a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// The model is not made of layers that are fused.
    #[error("the fused trainer knows the built-in models; a module of one's own needs `burn`")]
    CannotFuse,
    /// The fused trainer was asked onto a GPU.
    #[error("the fused trainer works on the CPU; a GPU needs `burn`")]
    FusedOnGpu,
    /// The program knows no GPU.
    #[error("this program was built without GPUs; build it with `--features wgpu`")]
    WithoutGpus,
    /// The machine has none, or no driver for it.
    #[error("wgpu finds no GPU on this machine, or no driver for one")]
    NoGpu,
}

impl TrainingEngine {
    /// The engine that trains `spec` on `device`.
    ///
    /// # Errors
    /// [`EngineError`] when it cannot.
    pub fn resolve(self, device: TrainingDevice, spec: &ModelSpec) -> Result<Engine, EngineError> {
        if device == TrainingDevice::Gpu {
            find_gpu()?;
        }
        match (self, device, spec.layers()) {
            (Self::Auto | Self::Fused, TrainingDevice::Cpu, Some(_)) => Ok(Engine::Fused),
            (Self::Fused, TrainingDevice::Gpu, _) => Err(EngineError::FusedOnGpu),
            (Self::Fused, _, None) => Err(EngineError::CannotFuse),
            (Self::Auto | Self::Burn, device, _) => Ok(Engine::Burn(device)),
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fused => "fused",
            Self::Burn(TrainingDevice::Cpu) => "burn",
            Self::Burn(TrainingDevice::Gpu) => "burn on gpu",
        })
    }
}

#[cfg(feature = "wgpu")]
fn find_gpu() -> Result<(), EngineError> {
    let found = Device::enumerate(burn::tensor::DeviceType::Wgpu);
    let none = found.into_vec().is_empty();
    if none {
        Err(EngineError::NoGpu)
    } else {
        Ok(())
    }
}

#[cfg(not(feature = "wgpu"))]
fn find_gpu() -> Result<(), EngineError> {
    Err(EngineError::WithoutGpus)
}

/// A device by its word.
fn open(device: TrainingDevice) -> Device {
    match device {
        #[cfg(feature = "wgpu")]
        TrainingDevice::Gpu => Device::wgpu(burn::tensor::DeviceKind::DefaultDevice),
        // Without the feature no engine is resolved for a GPU.
        _ => Device::flex(),
    }
}

/// A model under one of the engines.
#[derive(Debug)]
pub(crate) enum Model {
    Fused(Box<fused::Network>),
    Burn(Box<dyn BurnModel>),
}

impl Model {
    pub(crate) fn new(spec: &ModelSpec, engine: Engine) -> Self {
        match (engine, &spec.body) {
            (Engine::Fused, Body::Layers(layers)) => {
                Self::Fused(Box::new(fused::Network::new(layers.clone())))
            }
            // No module of one's own resolves to the fused trainer.
            (Engine::Fused, _) => Self::burn(spec, TrainingDevice::Cpu),
            (Engine::Burn(device), _) => Self::burn(spec, device),
        }
    }

    fn burn(spec: &ModelSpec, device: TrainingDevice) -> Self {
        let device = open(device);
        Self::Burn(match &spec.body {
            Body::Layers(layers) => Box::new(Reference::new(Network::new(layers, &device), device)),
            Body::Own(own) => own.make(&spec.input_shape, spec.classes, &device),
        })
    }

    pub(crate) fn forward(&mut self, params: &[f32], rows: &[f32], batch: usize) -> Vec<f32> {
        match self {
            Self::Fused(network) => network.forward(params, rows, batch).to_vec(),
            Self::Burn(model) => model.forward(params, rows, batch),
        }
    }

    /// What tells loss and gradient.
    pub(crate) fn differentiable(&mut self) -> &mut dyn Differentiate {
        match self {
            Self::Fused(network) => network.as_mut(),
            Self::Burn(model) => model.as_mut(),
        }
    }
}
