//! A model on flat parameters, in one workspace: what it holds, and its forward pass.
//!
//! The backward pass is in [`super::backward`].

use super::conv::Conv;
use super::gemm::{self, Start, View};
use crate::model::Layers;

/// A model's workspace: grown once to the largest batch, then nothing is allocated.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    pub(super) layers: Layers,
    pub(super) convs: Vec<Conv>,
    /// The batch's images, channels innermost.
    pub(super) images: Vec<f32>,
    /// Outputs of each convolution for the whole batch, channels innermost, and which positions won.
    pub(super) pooled: Vec<Vec<f32>>,
    pub(super) chosen: Vec<Vec<u8>>,
    /// The last convolution's outputs, channel by channel.
    pub(super) flat: Vec<f32>,
    /// Outputs of each dense layer, after ReLU; the last one's are logits.
    pub(super) outputs: Vec<Vec<f32>>,
    /// What the backward pass works in.
    pub(super) errors: Errors,
}

/// The gradients of the loss by each layer's output, and scratch space to make them.
#[derive(Debug, Clone, Default)]
pub(super) struct Errors {
    /// By the outputs of each convolution, channels innermost.
    pub(super) pooled: Vec<Vec<f32>>,
    /// By the last convolution's outputs, channel by channel.
    pub(super) flat: Vec<f32>,
    /// By each dense layer's output before its ReLU.
    pub(super) outputs: Vec<Vec<f32>>,
    /// A dense layer's weights, transposed.
    pub(super) transposed: Vec<f32>,
    /// Of each row, the square of its own gradient's norm, then its share in the batch's.
    pub(super) shares: Vec<f32>,
}

impl Network {
    /// A workspace for `layers`.
    pub(crate) fn new(layers: Layers) -> Self {
        let convs: Vec<Conv> = layers.convs.iter().map(|conv| Conv::new(*conv)).collect();
        Self {
            images: Vec::new(),
            flat: Vec::new(),
            pooled: vec![Vec::new(); convs.len()],
            chosen: vec![Vec::new(); convs.len()],
            outputs: vec![Vec::new(); layers.dense.len()],
            errors: Errors {
                pooled: vec![Vec::new(); convs.len()],
                outputs: vec![Vec::new(); layers.dense.len()],
                ..Errors::default()
            },
            convs,
            layers,
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
            .map_or(&[], |logits| &logits[..batch * self.layers.outputs()])
    }

    #[inline(always)]
    pub(super) fn forward_inline(&mut self, params: &[f32], rows: &[f32], batch: usize) {
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
        let last = self.layers.dense.len() - 1;
        for (index, layer) in self.layers.dense.iter().enumerate() {
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
            let a = View::stored(input, batch, layer.inputs);
            gemm::accumulate(layer.outputs, Start::Row(bias), a, weight, output);
            if index < last {
                output
                    .iter_mut()
                    .for_each(|v| *v = gemm::gate(*v > 0.0, *v));
            }
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

/// The first `count` of `rest`, which goes on behind them.
fn take<'a>(rest: &mut &'a [f32], count: usize) -> &'a [f32] {
    let (head, tail) = rest.split_at(count);
    *rest = tail;
    head
}

/// Makes room for `length` numbers.
pub(super) fn grow(buffer: &mut Vec<f32>, length: usize) {
    if buffer.len() < length {
        buffer.resize(length, 0.0);
    }
}
