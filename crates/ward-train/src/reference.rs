//! The reference: burn's own forward and backward, behind the same door as the fused trainer.
//!
//! Each step builds the module from the flat parameters, so at most one autodiff module is alive
//! on a thread (burn's graph table is global, and grows with every live one). burn's random
//! generator is never used.

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::tensor::{Device, Gradients, Int, Tensor, TensorData, activation};

use crate::fit::Differentiate;
use crate::network::Network;
use crate::spec::ModelSpec;

/// A model whose gradients burn computes.
#[derive(Debug, Clone)]
pub(crate) struct Reference {
    spec: ModelSpec,
    device: Device,
}

impl Reference {
    /// The reference of `spec` on burn's `flex` CPU backend.
    pub(crate) fn new(spec: ModelSpec) -> Self {
        Self {
            spec,
            device: Device::flex(),
        }
    }

    /// The logits of `batch` rows, on the plain module: nothing is recorded.
    pub(crate) fn forward(&self, params: &[f32], rows: &[f32], batch: usize) -> Vec<f32> {
        let network = Network::new(&self.spec, params, &self.device);
        let logits = network.forward(self.rows(rows, batch, &self.device), &self.spec);
        logits
            .into_data()
            .as_slice::<f32>()
            .unwrap_or_default()
            .to_vec()
    }

    fn rows(&self, rows: &[f32], batch: usize, device: &Device) -> Tensor<2> {
        let width = self.spec.input_shape.iter().product();
        Tensor::from_data(TensorData::new(rows.to_vec(), [batch, width]), device)
    }

    /// Mean cross-entropy; one logit means two classes.
    fn loss(&self, logits: Tensor<2>, labels: &[u8], device: &Device) -> Tensor<1> {
        if self.spec.single_logit() {
            let targets: Vec<f32> = labels.iter().map(|&l| f32::from(u8::from(l > 0))).collect();
            let shape = [labels.len(), 1];
            let targets = Tensor::<2>::from_data(TensorData::new(targets, shape), device);
            let softplus = activation::relu(logits.clone())
                + logits.clone().abs().neg().exp().add_scalar(1.0).log();
            return (softplus - targets * logits).mean();
        }
        let labels: Vec<i32> = labels.iter().map(|&l| i32::from(l)).collect();
        let count = labels.len();
        let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [count]), device);
        CrossEntropyLossConfig::new()
            .init(device)
            .forward(logits, labels)
    }
}

impl Differentiate for Reference {
    fn gradient(&mut self, params: &[f32], rows: &[f32], labels: &[u8], out: &mut [f32]) -> f64 {
        let device = self.device.clone().autodiff();
        let network = Network::new(&self.spec, params, &device);
        let logits = network.forward(self.rows(rows, labels.len(), &device), &self.spec);
        let loss = self.loss(logits, labels, &device);
        let value = loss.clone().inner().into_data();
        let gradients = loss.backward();
        network.visit(&mut Flatten {
            gradients: &gradients,
            out,
            at: 0,
        });
        value
            .as_slice::<f32>()
            .ok()
            .and_then(|v| v.first())
            .map_or(f64::NAN, |&v| f64::from(v))
    }
}

/// Writes a module's gradients out flat, in visiting order.
struct Flatten<'a> {
    gradients: &'a Gradients,
    out: &'a mut [f32],
    at: usize,
}

impl ModuleVisitor for Flatten<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let count = tensor.shape().num_elements();
        let target = &mut self.out[self.at..self.at + count];
        self.at += count;
        match tensor.grad(self.gradients) {
            Some(gradient) => {
                let data = gradient.into_data();
                target.copy_from_slice(data.as_slice::<f32>().unwrap_or(&vec![f32::NAN; count]));
            }
            None => target.fill(0.0),
        }
    }
}
