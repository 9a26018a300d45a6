//! Forward, loss and backward of a model on flat parameters, in one workspace.

use super::conv::Conv;
use super::gemm::{self, View};
use crate::spec::ModelSpec;

/// A model's workspace: grown once to the largest batch, then nothing is allocated.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    spec: ModelSpec,
    convs: Vec<Conv>,
    /// Outputs of each convolution for the whole batch, and which positions won.
    pooled: Vec<Vec<f32>>,
    chosen: Vec<Vec<u8>>,
    /// Outputs of each dense layer, after ReLU; the last one's are logits.
    outputs: Vec<Vec<f32>>,
    /// Gradients of a layer's output and of its input.
    above: Vec<f32>,
    below: Vec<f32>,
    /// A dense layer's weights, transposed.
    transposed: Vec<f32>,
}

impl Network {
    /// A workspace for `spec`.
    pub(crate) fn new(spec: ModelSpec) -> Self {
        let convs: Vec<Conv> = spec.convs.iter().map(|conv| Conv::new(*conv)).collect();
        Self {
            pooled: vec![Vec::new(); convs.len()],
            chosen: vec![Vec::new(); convs.len()],
            outputs: vec![Vec::new(); spec.dense.len()],
            above: Vec::new(),
            below: Vec::new(),
            transposed: Vec::new(),
            convs,
            spec,
        }
    }

    /// The logits of `batch` rows: `[batch, outputs]`.
    pub(crate) fn forward(&mut self, params: &[f32], rows: &[f32], batch: usize) -> &[f32] {
        pulp::Arch::new().dispatch(|| self.forward_inline(params, rows, batch));
        self.outputs
            .last()
            .map_or(&[], |logits| &logits[..batch * self.spec.outputs()])
    }

    /// Mean loss of a batch; its gradient replaces `gradient`.
    pub(crate) fn gradient(
        &mut self,
        params: &[f32],
        rows: &[f32],
        labels: &[u8],
        gradient: &mut [f32],
    ) -> f64 {
        pulp::Arch::new().dispatch(|| {
            self.forward_inline(params, rows, labels.len());
            let loss = self.loss(labels);
            self.backward(params, rows, labels.len(), gradient);
            loss
        })
    }

    #[inline(always)]
    fn forward_inline(&mut self, params: &[f32], rows: &[f32], batch: usize) {
        let mut rest = params;
        for index in 0..self.convs.len() {
            let spec = self.convs[index].spec;
            let weight = take(&mut rest, spec.channels_out * spec.patch());
            let bias = take(&mut rest, spec.channels_out);
            let length = self.convs[index].output_len();
            let (done, here) = self.pooled.split_at_mut(index);
            let input = done.last().map_or(rows, Vec::as_slice);
            let width = spec.channels_in * spec.size_in[0] * spec.size_in[1];
            grow(&mut here[0], batch * length);
            let chosen = &mut self.chosen[index];
            chosen.resize((batch * length).max(chosen.len()), 0);
            for ((image, output), chosen) in input
                .chunks_exact(width)
                .take(batch)
                .zip(here[0].chunks_exact_mut(length))
                .zip(chosen.chunks_exact_mut(length))
            {
                self.convs[index].forward(weight, bias, image, output, chosen);
            }
        }
        let last = self.spec.dense.len() - 1;
        for (index, layer) in self.spec.dense.iter().enumerate() {
            let weight = take(&mut rest, layer.inputs * layer.outputs);
            let bias = take(&mut rest, layer.outputs);
            let (done, here) = self.outputs.split_at_mut(index);
            let input = match done.last() {
                Some(below) => below,
                None => self.pooled.last().map_or(rows, Vec::as_slice),
            };
            let output = &mut here[0];
            grow(output, batch * layer.outputs);
            let output = &mut output[..batch * layer.outputs];
            for row in output.chunks_exact_mut(layer.outputs) {
                row.copy_from_slice(bias);
            }
            let a = View {
                values: input,
                row: layer.inputs,
                column: 1,
            };
            gemm::accumulate(batch, layer.outputs, layer.inputs, a, weight, output);
            if index < last {
                output
                    .iter_mut()
                    .for_each(|v| *v = if *v > 0.0 { *v } else { 0.0 });
            }
        }
    }

    /// Mean cross-entropy of the logits; their gradient goes to `above`.
    #[inline(always)]
    fn loss(&mut self, labels: &[u8]) -> f64 {
        let outputs = self.spec.outputs();
        let logits = &self.outputs[self.outputs.len() - 1];
        grow(&mut self.above, labels.len() * outputs);
        let scale = 1.0 / labels.len() as f32;
        let mut total = 0.0;
        for ((row, gradient), &label) in logits
            .chunks_exact(outputs)
            .zip(self.above.chunks_exact_mut(outputs))
            .zip(labels)
        {
            total += cross_entropy(row, label, gradient);
            gradient.iter_mut().for_each(|g| *g *= scale);
        }
        total / labels.len() as f64
    }

    #[inline(always)]
    fn backward(&mut self, params: &[f32], rows: &[f32], batch: usize, gradient: &mut [f32]) {
        gradient.fill(0.0);
        let mut end = params.len();
        for index in (0..self.spec.dense.len()).rev() {
            let layer = self.spec.dense[index];
            let start = end - layer.outputs - layer.inputs * layer.outputs;
            let weight = &params[start..end - layer.outputs];
            let (weight_gradient, bias_gradient) =
                gradient[start..end].split_at_mut(layer.inputs * layer.outputs);
            end = start;
            let above = &self.above[..batch * layer.outputs];
            for row in above.chunks_exact(layer.outputs) {
                bias_gradient
                    .iter_mut()
                    .zip(row)
                    .for_each(|(sum, value)| *sum += value);
            }
            let input: &[f32] = match index.checked_sub(1) {
                Some(below) => &self.outputs[below],
                None => self.pooled.last().map_or(rows, Vec::as_slice),
            };
            let a = View {
                values: input,
                row: 1,
                column: layer.inputs,
            };
            gemm::accumulate(
                layer.inputs,
                layer.outputs,
                batch,
                a,
                above,
                weight_gradient,
            );
            if index == 0 && self.convs.is_empty() {
                return;
            }
            grow(&mut self.transposed, layer.inputs * layer.outputs);
            gemm::transpose(layer.inputs, layer.outputs, weight, &mut self.transposed);
            grow(&mut self.below, batch * layer.inputs);
            let below = &mut self.below[..batch * layer.inputs];
            below.fill(0.0);
            let a = View {
                values: above,
                row: layer.outputs,
                column: 1,
            };
            let transposed = &self.transposed[..layer.inputs * layer.outputs];
            gemm::accumulate(batch, layer.inputs, layer.outputs, a, transposed, below);
            if index > 0 {
                // ReLU: nothing flows where nothing came through.
                below.iter_mut().zip(input).for_each(|(g, v)| {
                    *g = if *v > 0.0 { *g } else { 0.0 };
                });
            }
            std::mem::swap(&mut self.above, &mut self.below);
        }
        self.backward_convs(params, rows, batch, gradient, end);
    }

    #[inline(always)]
    fn backward_convs(
        &mut self,
        params: &[f32],
        rows: &[f32],
        batch: usize,
        gradient: &mut [f32],
        mut end: usize,
    ) {
        for index in (0..self.convs.len()).rev() {
            let spec = self.convs[index].spec;
            let start = end - spec.channels_out - spec.channels_out * spec.patch();
            let weight = &params[start..end - spec.channels_out];
            let (weight_gradient, bias_gradient) =
                gradient[start..end].split_at_mut(spec.channels_out * spec.patch());
            end = start;
            let width = spec.channels_in * spec.size_in[0] * spec.size_in[1];
            let length = self.convs[index].output_len();
            let input: &[f32] = match index.checked_sub(1) {
                Some(below) => &self.pooled[below],
                None => rows,
            };
            grow(&mut self.below, batch * width);
            for image in 0..batch {
                let below = &mut self.below[image * width..][..width];
                self.convs[index].backward(
                    weight,
                    &input[image * width..][..width],
                    &self.chosen[index][image * length..][..length],
                    &self.above[image * length..][..length],
                    weight_gradient,
                    bias_gradient,
                    (index > 0).then_some(below),
                );
            }
            std::mem::swap(&mut self.above, &mut self.below);
        }
    }
}

/// The loss of one row and its gradient by the logits. One logit means two classes.
///
/// `exp` and `ln` are those of the `libm` crate, so that they round alike on every machine.
#[inline(always)]
pub(crate) fn cross_entropy(logits: &[f32], label: u8, gradient: &mut [f32]) -> f64 {
    if let ([z], [g]) = (logits, &mut *gradient) {
        let target = if label > 0 { 1.0 } else { 0.0 };
        *g = sigmoid(*z) - target;
        let softplus = z.max(0.0) + libm::log1pf(libm::expf(-z.abs()));
        return f64::from(softplus - target * z);
    }
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for (g, z) in gradient.iter_mut().zip(logits) {
        *g = libm::expf(z - most);
        sum += *g;
    }
    gradient.iter_mut().for_each(|g| *g /= sum);
    let label = usize::from(label);
    gradient[label] -= 1.0;
    f64::from(libm::logf(sum) + most - logits[label])
}

/// 1 / (1 + exp(-z)), without overflow.
#[inline(always)]
pub(crate) fn sigmoid(z: f32) -> f32 {
    let small = libm::expf(-z.abs());
    if z >= 0.0 {
        1.0 / (1.0 + small)
    } else {
        small / (1.0 + small)
    }
}

fn take<'a>(rest: &mut &'a [f32], count: usize) -> &'a [f32] {
    let (head, tail) = rest.split_at(count);
    *rest = tail;
    head
}

fn grow(buffer: &mut Vec<f32>, length: usize) {
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
}
