//! The reference: burn's own forward and backward, behind the same door as the fused trainer, for
//! any module.
//!
//! Each step loads the flat parameters into a copy of the module, so at most one autodiff module is
//! alive on a thread (burn's graph table is global, and grows with every live one).

use std::fmt::Debug;

use burn::nn::loss::{BinaryCrossEntropyLossConfig, CrossEntropyLossConfig};
use burn::tensor::{Device, Int, Tensor, TensorData};
use ward_core::Layout;

use crate::fit::Differentiate;
use crate::flat;
use crate::model::Classifier;

/// A module behind a pointer: what learners train with burn.
pub(crate) trait BurnModel: Differentiate + Debug + Send {
    /// The logits of `batch` rows, on the plain module: nothing is recorded.
    fn forward(&self, params: &[f32], rows: &[f32], batch: usize) -> Vec<f32>;

    /// The module's own parameters, flat, in visiting order.
    fn params(&self) -> Vec<f32>;

    /// Names and shapes of its parameters.
    fn layout(&self) -> Layout;

    /// The first tensor on which the last gradient's loss did not depend.
    fn untrained(&self) -> Option<usize>;
}

/// A module whose gradients burn computes.
#[derive(Debug)]
pub(crate) struct Reference<M> {
    module: M,
    device: Device,
    untrained: Option<usize>,
}

impl<M: Classifier> Reference<M> {
    /// The reference of `module`, which is on `device`.
    pub(crate) fn new(module: M, device: Device) -> Self {
        Self {
            module,
            device,
            untrained: None,
        }
    }
}

fn tensor_of(rows: &[f32], batch: usize, device: &Device) -> Tensor<2> {
    let width = rows.len() / batch.max(1);
    Tensor::from_data(TensorData::new(rows.to_vec(), [batch, width]), device)
}

/// Mean cross-entropy; one logit means two classes.
fn cross_entropy(logits: Tensor<2>, labels: &[u8], device: &Device) -> Tensor<1> {
    if logits.dims()[1] == 1 {
        let targets: Vec<i32> = labels.iter().map(|&l| i32::from(l > 0)).collect();
        let shape = [labels.len(), 1];
        let targets = Tensor::<2, Int>::from_data(TensorData::new(targets, shape), device);
        return BinaryCrossEntropyLossConfig::new()
            .with_logits(true)
            .init(device)
            .forward(logits, targets);
    }
    let labels: Vec<i32> = labels.iter().map(|&l| i32::from(l)).collect();
    let count = labels.len();
    let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [count]), device);
    CrossEntropyLossConfig::new()
        .init(device)
        .forward(logits, labels)
}

impl<M: Classifier> BurnModel for Reference<M> {
    fn forward(&self, params: &[f32], rows: &[f32], batch: usize) -> Vec<f32> {
        let module = flat::load(self.module.clone(), params, &self.device);
        flat::numbers(module.forward(tensor_of(rows, batch, &self.device)))
    }

    fn params(&self) -> Vec<f32> {
        flat::params(&self.module)
    }

    fn layout(&self) -> Layout {
        flat::layout(&self.module)
    }

    fn untrained(&self) -> Option<usize> {
        self.untrained
    }
}

impl<M: Classifier> Differentiate for Reference<M> {
    fn gradient(&mut self, params: &[f32], rows: &[f32], labels: &[u8], out: &mut [f32]) -> f64 {
        let device = self.device.clone().autodiff();
        let module = flat::load(self.module.clone(), params, &device);
        let logits = module.forward(tensor_of(rows, labels.len(), &device));
        let loss = cross_entropy(logits, labels, &device);
        let value = flat::numbers(loss.clone().inner());
        let gradients = loss.backward();
        self.untrained = flat::gradients(&module, &gradients, out);
        value.first().map_or(f64::NAN, |&v| f64::from(v))
    }
}
