//! Forward, loss and backward of a model on flat parameters, in one workspace.

use super::conv::Conv;
use super::gemm::{self, View};
use crate::spec::ModelSpec;

/// A model's workspace: grown once to the largest batch, then nothing is allocated.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    spec: ModelSpec,
    convs: Vec<Conv>,
    /// The batch's images, channels innermost.
    images: Vec<f32>,
    /// Outputs of each convolution for the whole batch, channels innermost, and which positions won.
    pooled: Vec<Vec<f32>>,
    chosen: Vec<Vec<u8>>,
    /// The last convolution's outputs, channel by channel.
    flat: Vec<f32>,
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
            images: Vec::new(),
            flat: Vec::new(),
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
        pulp::Arch::new().dispatch(Forward {
            network: self,
            params,
            rows,
            batch,
        });
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
        pulp::Arch::new().dispatch(Gradient {
            network: self,
            params,
            rows,
            labels,
            gradient,
        })
    }

    #[inline(always)]
    fn forward_inline(&mut self, params: &[f32], rows: &[f32], batch: usize) {
        let mut rest = params;
        if let Some(first) = self.convs.first() {
            let length = first.input_len();
            let channels = first.spec.channels_in;
            grow(&mut self.images, batch * length);
            for (from, to) in rows
                .chunks_exact(length)
                .zip(self.images.chunks_exact_mut(length))
                .take(batch)
            {
                gemm::transpose(channels, length / channels, from, to);
            }
        }
        for (index, conv) in self.convs.iter_mut().enumerate() {
            let weight = take(&mut rest, conv.spec.channels_out * conv.spec.patch());
            let bias = take(&mut rest, conv.spec.channels_out);
            let length = batch * conv.output_len();
            let (done, here) = self.pooled.split_at_mut(index);
            let input = &done.last().unwrap_or(&self.images)[..batch * conv.input_len()];
            grow(&mut here[0], length);
            let chosen = &mut self.chosen[index];
            chosen.resize(length.max(chosen.len()), 0);
            let (output, chosen) = (&mut here[0][..length], &mut chosen[..length]);
            conv.forward(weight, bias, input, output, chosen);
        }
        if let (Some(last), Some(pooled)) = (self.convs.last(), self.pooled.last()) {
            // Dense layers read channel by channel, as burn flattens.
            let (length, channels) = (last.output_len(), last.spec.channels_out);
            grow(&mut self.flat, batch * length);
            for (from, to) in pooled
                .chunks_exact(length)
                .zip(self.flat.chunks_exact_mut(length))
                .take(batch)
            {
                gemm::transpose(length / channels, channels, from, to);
            }
        }
        let last = self.spec.dense.len() - 1;
        for (index, layer) in self.spec.dense.iter().enumerate() {
            let weight = take(&mut rest, layer.inputs * layer.outputs);
            let bias = take(&mut rest, layer.outputs);
            let (done, here) = self.outputs.split_at_mut(index);
            let input = match done.last() {
                Some(below) => below,
                None if self.convs.is_empty() => rows,
                None => &self.flat,
            };
            let output = &mut here[0];
            grow(output, batch * layer.outputs);
            let output = &mut output[..batch * layer.outputs];
            for row in output.chunks_exact_mut(layer.outputs) {
                row.copy_from_slice(bias);
            }
            let a = View::stored(input, batch, layer.inputs);
            gemm::accumulate(layer.outputs, a, weight, output);
            if index < last {
                output
                    .iter_mut()
                    .for_each(|v| *v = gemm::gate(*v > 0.0, *v));
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
                None if self.convs.is_empty() => rows,
                None => &self.flat,
            };
            let a = View::stored(input, batch, layer.inputs).transposed();
            gemm::accumulate(layer.outputs, a, above, weight_gradient);
            if index == 0 && self.convs.is_empty() {
                return;
            }
            let weights = layer.inputs * layer.outputs;
            grow(&mut self.transposed, weights);
            let transposed = &mut self.transposed[..weights];
            gemm::transpose(layer.inputs, layer.outputs, weight, transposed);
            grow(&mut self.below, batch * layer.inputs);
            let below = &mut self.below[..batch * layer.inputs];
            below.fill(0.0);
            let a = View::stored(above, batch, layer.outputs);
            gemm::accumulate(layer.inputs, a, transposed, below);
            if index > 0 {
                // ReLU: nothing flows where nothing came through.
                below
                    .iter_mut()
                    .zip(input)
                    .for_each(|(g, v)| *g = gemm::gate(*v > 0.0, *g));
            }
            std::mem::swap(&mut self.above, &mut self.below);
        }
        self.backward_convs(batch, gradient, end);
    }

    #[inline(always)]
    fn backward_convs(&mut self, batch: usize, gradient: &mut [f32], mut end: usize) {
        if let Some(last) = self.convs.last() {
            let (length, channels) = (last.output_len(), last.spec.channels_out);
            grow(&mut self.below, batch * length);
            for (from, to) in self
                .above
                .chunks_exact(length)
                .zip(self.below.chunks_exact_mut(length))
                .take(batch)
            {
                gemm::transpose(channels, length / channels, from, to);
            }
            std::mem::swap(&mut self.above, &mut self.below);
        }
        for (index, conv) in self.convs.iter_mut().enumerate().rev() {
            let spec = conv.spec;
            let (input_len, length) = (batch * conv.input_len(), batch * conv.output_len());
            let start = end - spec.channels_out - spec.channels_out * spec.patch();
            let (weight_gradient, bias_gradient) =
                gradient[start..end].split_at_mut(spec.channels_out * spec.patch());
            end = start;
            let input = match index.checked_sub(1) {
                Some(below) => &self.pooled[below],
                None => &self.images,
            };
            grow(&mut self.below, input_len);
            conv.backward(
                &input[..input_len],
                &self.chosen[index][..length],
                &self.above[..length],
                weight_gradient,
                bias_gradient,
                (index > 0).then_some(&mut self.below[..input_len]),
            );
            std::mem::swap(&mut self.above, &mut self.below);
        }
    }
}

/// [`Network::forward`] as the processor's widest vectors run it. A plain closure would not be
/// inlined where those vectors are switched on.
struct Forward<'a> {
    network: &'a mut Network,
    params: &'a [f32],
    rows: &'a [f32],
    batch: usize,
}

impl pulp::NullaryFnOnce for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.network
            .forward_inline(self.params, self.rows, self.batch);
    }
}

/// [`Network::gradient`], likewise.
struct Gradient<'a> {
    network: &'a mut Network,
    params: &'a [f32],
    rows: &'a [f32],
    labels: &'a [u8],
    gradient: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Gradient<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let batch = self.labels.len();
        self.network.forward_inline(self.params, self.rows, batch);
        let loss = self.network.loss(self.labels);
        self.network
            .backward(self.params, self.rows, batch, self.gradient);
        loss
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
