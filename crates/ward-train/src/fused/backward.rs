//! Loss and backward pass of a model on flat parameters.
//!
//! First the error of every layer's output is found, top to bottom; then the parameters' gradients
//! are products of inputs and errors. Between the two each row's errors can be scaled, and so each
//! row's own gradient be clipped without ever being made: a dense layer's is the outer product of
//! the row's input a and error e, of squared norm (|a|^2 + 1) |e|^2 with the bias (Goodfellow 2015,
//! arXiv:1510.01799); a convolution's is made one row at a time and only its norm is kept.

use super::gemm::{self, Start, View};
use super::loss::cross_entropies;
use super::network::{Network, grow};

impl Network {
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
            clip_norm: None,
            gradient,
        })
    }

    /// Mean loss of a batch; the mean of its rows' gradients, each clipped to an L2 norm of
    /// `clip_norm`, replaces `gradient` (Abadi et al. 2016, arXiv:1607.00133, Algorithm 1 without
    /// its noise).
    pub(crate) fn clipped_gradient(
        &mut self,
        params: &[f32],
        rows: &[f32],
        labels: &[u8],
        clip_norm: f32,
        gradient: &mut [f32],
    ) -> f64 {
        pulp::Arch::new().dispatch(Gradient {
            network: self,
            params,
            rows,
            labels,
            clip_norm: Some(clip_norm),
            gradient,
        })
    }

    /// Mean cross-entropy of the logits; the logits' errors are those of the sum times `scale`.
    #[inline(always)]
    fn loss(&mut self, labels: &[u8], scale: f32) -> f64 {
        let outputs = self.layers.outputs();
        let last = self.outputs.len() - 1;
        let (logits, errors) = (&self.outputs[last], &mut self.errors.outputs[last]);
        grow(errors, labels.len() * outputs);
        cross_entropies(outputs, logits, labels, scale, errors) / labels.len() as f64
    }

    /// The errors of all layers, from those of the logits.
    #[inline(always)]
    fn propagate(&mut self, params: &[f32], batch: usize) {
        let mut end = params.len();
        for index in (0..self.layers.dense.len()).rev() {
            let layer = self.layers.dense[index];
            let weights = layer.inputs * layer.outputs;
            let start = end - layer.outputs - weights;
            if index == 0 && self.convs.is_empty() {
                return;
            }
            grow(&mut self.errors.transposed, weights);
            let transposed = &mut self.errors.transposed[..weights];
            gemm::transpose(
                layer.inputs,
                layer.outputs,
                &params[start..start + weights],
                transposed,
            );
            end = start;
            let (done, above) = self.errors.outputs.split_at_mut(index);
            let below = done.last_mut().unwrap_or(&mut self.errors.flat);
            grow(below, batch * layer.inputs);
            let below = &mut below[..batch * layer.inputs];
            let a = View::stored(&above[0], batch, layer.outputs);
            gemm::accumulate(layer.inputs, Start::Zero, a, transposed, below);
            if let Some(under) = index.checked_sub(1) {
                // ReLU: nothing flows where nothing came through.
                below
                    .iter_mut()
                    .zip(&self.outputs[under])
                    .for_each(|(e, v)| *e = gemm::gate(*v > 0.0, *e));
            }
        }
        self.propagate_convs(batch);
    }

    #[inline(always)]
    fn propagate_convs(&mut self, batch: usize) {
        let (Some(last), Some(errors)) = (self.convs.last(), self.errors.pooled.last_mut()) else {
            return;
        };
        let (length, channels) = (last.output_len(), last.spec.channels_out);
        grow(errors, batch * length);
        for (from, to) in self
            .errors
            .flat
            .chunks_exact(length)
            .zip(errors.chunks_exact_mut(length))
            .take(batch)
        {
            gemm::transpose(channels, length / channels, from, to);
        }
        for (index, conv) in self.convs.iter().enumerate().skip(1).rev() {
            let (under, here) = self.errors.pooled.split_at_mut(index);
            let (input, output) = (batch * conv.input_len(), batch * conv.output_len());
            let below = &mut under[index - 1];
            grow(below, input);
            let chosen = &self.chosen[index][..output];
            conv.scatter(chosen, &here[0][..output], &mut below[..input]);
        }
    }

    /// The parameters' gradient, from every layer's input and errors.
    #[inline(always)]
    fn collect(&mut self, rows: &[f32], batch: usize, gradient: &mut [f32]) {
        let mut rest = gradient;
        for index in 0..self.convs.len() {
            let spec = self.convs[index].spec;
            let (weights, biases, after) =
                split(rest, spec.channels_out * spec.patch(), spec.channels_out);
            rest = after;
            let (conv, images, chosen, errors) = self.conv(index, 0..batch);
            conv.gradient(images, chosen, errors, weights, biases);
        }
        for (index, layer) in self.layers.dense.iter().enumerate() {
            let (weights, biases, after) = split(rest, layer.inputs * layer.outputs, layer.outputs);
            rest = after;
            let errors = &self.errors.outputs[index][..batch * layer.outputs];
            for row in errors.chunks_exact(layer.outputs) {
                biases
                    .iter_mut()
                    .zip(row)
                    .for_each(|(sum, value)| *sum += value);
            }
            let a = View::stored(self.dense_input(index, rows), batch, layer.inputs);
            gemm::accumulate(layer.outputs, Start::Zero, a.transposed(), errors, weights);
        }
    }

    /// What dense layer `index` read.
    #[inline(always)]
    fn dense_input<'a>(&'a self, index: usize, rows: &'a [f32]) -> &'a [f32] {
        match index.checked_sub(1) {
            Some(under) => &self.outputs[under],
            None if self.convs.is_empty() => rows,
            None => &self.flat,
        }
    }

    /// Convolution `index` with the inputs, winners and errors of some rows of the batch.
    #[inline(always)]
    fn conv(
        &mut self,
        index: usize,
        rows: std::ops::Range<usize>,
    ) -> (&mut super::conv::Conv, &[f32], &[u8], &[f32]) {
        let images = match index.checked_sub(1) {
            Some(under) => &self.pooled[under],
            None => &self.images,
        };
        let conv = &mut self.convs[index];
        let (input, output) = (conv.input_len(), conv.output_len());
        let outputs = rows.start * output..rows.end * output;
        (
            conv,
            &images[rows.start * input..rows.end * input],
            &self.chosen[index][outputs.clone()],
            &self.errors.pooled[index][outputs],
        )
    }

    /// Scales each row's errors so that its own gradient is at most `clip_norm` long and counts one
    /// in `batch`.
    #[inline(always)]
    fn clip(&mut self, rows: &[f32], batch: usize, clip_norm: f32) {
        let mut shares = std::mem::take(&mut self.errors.shares);
        shares.clear();
        shares.resize(batch, 0.0);
        for (index, layer) in self.layers.dense.iter().enumerate() {
            let inputs = self.dense_input(index, rows).chunks_exact(layer.inputs);
            let errors = self.errors.outputs[index].chunks_exact(layer.outputs);
            for ((square, input), error) in shares.iter_mut().zip(inputs).zip(errors) {
                *square += (norm_square(input) + 1.0) * norm_square(error);
            }
        }
        for index in 0..self.convs.len() {
            for (row, square) in shares.iter_mut().enumerate() {
                let (conv, image, chosen, errors) = self.conv(index, row..row + 1);
                *square += conv.gradient_square(image, chosen, errors);
            }
        }
        for share in &mut shares {
            *share = (clip_norm / share.sqrt()).min(1.0) / batch as f32;
        }
        for (layer, errors) in self.layers.dense.iter().zip(&mut self.errors.outputs) {
            scale_rows(errors, layer.outputs, &shares);
        }
        for (conv, errors) in self.convs.iter().zip(&mut self.errors.pooled) {
            scale_rows(errors, conv.output_len(), &shares);
        }
        self.errors.shares = shares;
    }
}

/// A loss and its gradient as the processor's widest vectors compute them.
struct Gradient<'a> {
    network: &'a mut Network,
    params: &'a [f32],
    rows: &'a [f32],
    labels: &'a [u8],
    clip_norm: Option<f32>,
    gradient: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Gradient<'_> {
    type Output = f64;

    #[inline(always)]
    fn call(self) -> f64 {
        let (network, batch) = (self.network, self.labels.len());
        network.forward_inline(self.params, self.rows, batch);
        let scale = match self.clip_norm {
            None => 1.0 / batch as f32,
            Some(_) => 1.0,
        };
        let loss = network.loss(self.labels, scale);
        network.propagate(self.params, batch);
        if let Some(clip_norm) = self.clip_norm {
            network.clip(self.rows, batch, clip_norm);
        }
        network.collect(self.rows, batch, self.gradient);
        loss
    }
}

/// Weights, biases, which are set to 0, and what comes behind them.
#[inline(always)]
fn split(rest: &mut [f32], weights: usize, biases: usize) -> (&mut [f32], &mut [f32], &mut [f32]) {
    let (weights, rest) = rest.split_at_mut(weights);
    let (biases, rest) = rest.split_at_mut(biases);
    biases.fill(0.0);
    (weights, biases, rest)
}

/// Multiplies row i by `factors[i]`.
#[inline(always)]
fn scale_rows(rows: &mut [f32], width: usize, factors: &[f32]) {
    for (row, factor) in rows.chunks_exact_mut(width).zip(factors) {
        row.iter_mut().for_each(|value| *value *= factor);
    }
}

/// Numbers that are added side by side: in the same order however wide the vectors are.
const LANES: usize = 16;

/// The sum of squares, in a fixed order.
#[inline(always)]
pub(super) fn norm_square(values: &[f32]) -> f32 {
    let (chunks, rest) = values.as_chunks::<LANES>();
    let mut sums = [0.0_f32; LANES];
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum = value.mul_add(*value, *sum);
        }
    }
    let total = rest.iter().fold(0.0, |sum, v| v.mul_add(*v, sum));
    sums.iter().fold(total, |sum, v| sum + v)
}
