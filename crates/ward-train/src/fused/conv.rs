//! A convolution without padding, its ReLU and its 2 x 2 max-pooling, forward and backward.
//!
//! Inside, images are stored position by position with the channels innermost, so that a vector
//! holds output channels and a patch is a few contiguous runs: the convolution is a matrix product
//! whose left matrix, the patches, is the image itself read through a [`View`]. Rows and columns
//! that the pooling drops are never computed.

use super::backward::norm_square;
use super::gemm::{self, Axis, Start, View};
use crate::model::ConvSpec;

/// A convolution with its weights laid out for the passes, and scratch space for one image.
#[derive(Debug, Clone)]
pub(super) struct Conv {
    pub(super) spec: ConvSpec,
    /// Weights, one row per output channel: `[out][dy][dx][in]`.
    by_output: Vec<f32>,
    /// The same transposed: `[dy][dx][in][out]`.
    by_input: Vec<f32>,
    /// Before the pooling; in the backward pass its gradient: positions x channels.
    plane: Vec<f32>,
    /// The gradient of `by_input`.
    gradient: Vec<f32>,
    /// One image's gradient by the biases.
    biases: Vec<f32>,
}

impl Conv {
    pub(super) fn new(spec: ConvSpec) -> Self {
        let weights = spec.channels_out * spec.patch();
        let [height, width] = spec.size_pooled();
        Self {
            spec,
            by_output: vec![0.0; weights],
            by_input: vec![0.0; weights],
            plane: vec![0.0; 4 * height * width * spec.channels_out],
            gradient: vec![0.0; weights],
            biases: vec![0.0; spec.channels_out],
        }
    }

    /// Numbers in one input.
    pub(super) fn input_len(&self) -> usize {
        self.spec.channels_in * self.spec.size_in.iter().product::<usize>()
    }

    /// Numbers in one pooled output.
    pub(super) fn output_len(&self) -> usize {
        self.spec.channels_out * self.spec.size_pooled().iter().product::<usize>()
    }

    /// Images to the pooled `output`; `chosen` remembers which of each four won, or that none was
    /// above 0. The weights are kept for [`Self::scatter`].
    #[inline(always)]
    pub(super) fn forward(
        &mut self,
        weight: &[f32],
        bias: &[f32],
        images: &[f32],
        output: &mut [f32],
        chosen: &mut [u8],
    ) {
        self.load(weight);
        let length = self.output_len();
        let channels = self.spec.channels_out;
        for ((image, output), chosen) in images
            .chunks_exact(self.input_len())
            .zip(output.chunks_exact_mut(length))
            .zip(chosen.chunks_exact_mut(length))
        {
            let a = patches(&self.spec, image);
            let start = Start::Row(bias);
            gemm::accumulate(channels, start, a, &self.by_input, &mut self.plane);
            self.pool(output, chosen);
        }
    }

    /// Lays `[out][in][dy][dx]` out for the passes.
    #[inline(always)]
    fn load(&mut self, weight: &[f32]) {
        let (spec, patch) = (self.spec, self.spec.patch());
        let area = spec.kernel * spec.kernel;
        for (from, to) in weight
            .chunks_exact(patch)
            .zip(self.by_output.chunks_exact_mut(patch))
        {
            gemm::transpose(spec.channels_in, area, from, to);
        }
        gemm::transpose(
            spec.channels_out,
            patch,
            &self.by_output,
            &mut self.by_input,
        );
    }

    /// ReLU and pooling of the plane. Of equal values the first wins.
    #[inline(always)]
    fn pool(&self, output: &mut [f32], chosen: &mut [u8]) {
        let channels = self.spec.channels_out;
        let width = self.spec.size_pooled()[1];
        let lines = output
            .chunks_exact_mut(width * channels)
            .zip(chosen.chunks_exact_mut(width * channels));
        for (pair, (output, chosen)) in self.plane.chunks_exact(4 * width * channels).zip(lines) {
            let (above, below) = pair.split_at(2 * width * channels);
            let cells = output
                .chunks_exact_mut(channels)
                .zip(chosen.chunks_exact_mut(channels));
            let sources = above
                .chunks_exact(2 * channels)
                .zip(below.chunks_exact(2 * channels));
            for ((above, below), (output, chosen)) in sources.zip(cells) {
                let (first, second) = above.split_at(channels);
                let (third, fourth) = below.split_at(channels);
                highest([first, second, third, fourth], output, chosen);
            }
        }
    }

    /// A batch's gradient by the weights, and that by the biases added to what is there. `above` is
    /// that of the pooled outputs.
    #[inline(always)]
    pub(super) fn gradient(
        &mut self,
        images: &[f32],
        chosen: &[u8],
        above: &[f32],
        weight_gradient: &mut [f32],
        bias_gradient: &mut [f32],
    ) {
        self.gradient.fill(0.0);
        self.accumulate(images, chosen, above, bias_gradient);
        self.store(weight_gradient);
    }

    /// The squared norm of one image's own gradient by weights and biases.
    #[inline(always)]
    pub(super) fn gradient_square(&mut self, image: &[f32], chosen: &[u8], above: &[f32]) -> f32 {
        self.gradient.fill(0.0);
        let mut biases = std::mem::take(&mut self.biases);
        biases.fill(0.0);
        self.accumulate(image, chosen, above, &mut biases);
        let square = norm_square(&self.gradient) + norm_square(&biases);
        self.biases = biases;
        square
    }

    /// Adds some images' gradients to `self.gradient` and `bias_gradient`.
    #[inline(always)]
    fn accumulate(
        &mut self,
        images: &[f32],
        chosen: &[u8],
        above: &[f32],
        bias_gradient: &mut [f32],
    ) {
        let (spec, length) = (self.spec, self.output_len());
        for ((image, chosen), above) in images
            .chunks_exact(self.input_len())
            .zip(chosen.chunks_exact(length))
            .zip(above.chunks_exact(length))
        {
            self.unpool(chosen, above, bias_gradient);
            let a = patches(&spec, image).transposed();
            let (start, sums) = (Start::Kept, &mut self.gradient);
            gemm::accumulate(spec.channels_out, start, a, &self.plane, sums);
        }
    }

    /// Sends each pooled gradient to the position that won, and adds it to the bias's.
    #[inline(always)]
    fn unpool(&mut self, chosen: &[u8], above: &[f32], bias_gradient: &mut [f32]) {
        let channels = self.spec.channels_out;
        let width = self.spec.size_pooled()[1];
        let lines = above
            .chunks_exact(width * channels)
            .zip(chosen.chunks_exact(width * channels));
        for (pair, (above, chosen)) in self.plane.chunks_exact_mut(4 * width * channels).zip(lines)
        {
            let (upper, lower) = pair.split_at_mut(2 * width * channels);
            let cells = above
                .chunks_exact(channels)
                .zip(chosen.chunks_exact(channels));
            let targets = upper
                .chunks_exact_mut(2 * channels)
                .zip(lower.chunks_exact_mut(2 * channels));
            for ((upper, lower), (above, chosen)) in targets.zip(cells) {
                let (first, second) = upper.split_at_mut(channels);
                let (third, fourth) = lower.split_at_mut(channels);
                send(above, chosen, [first, second, third, fourth]);
                for ((sum, g), which) in bias_gradient.iter_mut().zip(above).zip(chosen) {
                    *sum += gemm::gate(*which != CLOSED, *g);
                }
            }
        }
    }

    /// The gradient by the images of a batch, for the layer under this one.
    #[inline(always)]
    pub(super) fn scatter(&self, chosen: &[u8], above: &[f32], below: &mut [f32]) {
        let length = self.output_len();
        for ((chosen, above), below) in chosen
            .chunks_exact(length)
            .zip(above.chunks_exact(length))
            .zip(below.chunks_exact_mut(self.input_len()))
        {
            self.scatter_one(chosen, above, below);
        }
    }

    /// The gradient by one image: each winner gives its patch the weights times its gradient.
    /// Three of four positions have no gradient, so this is a quarter of the full product.
    #[inline(always)]
    fn scatter_one(&self, chosen: &[u8], above: &[f32], below: &mut [f32]) {
        let ConvSpec {
            channels_in,
            channels_out,
            kernel,
            size_in: [_, width],
        } = self.spec;
        let width_pooled = self.spec.size_pooled()[1];
        let run = kernel * channels_in;
        below.fill(0.0);
        for (cell, (above, chosen)) in above
            .chunks_exact(channels_out)
            .zip(chosen.chunks_exact(channels_out))
            .enumerate()
        {
            let (y, x) = (2 * (cell / width_pooled), 2 * (cell % width_pooled));
            let weights = self.by_output.chunks_exact(kernel * run);
            for ((weights, g), which) in weights.zip(above).zip(chosen) {
                if *which == CLOSED {
                    continue;
                }
                let (y, x) = (y + usize::from(which / 2), x + usize::from(which % 2));
                let lines = below[(y * width + x) * channels_in..].chunks_mut(width * channels_in);
                for (line, weights) in lines.zip(weights.chunks_exact(run)) {
                    for (sum, w) in line[..run].iter_mut().zip(weights) {
                        *sum = g.mul_add(*w, *sum);
                    }
                }
            }
        }
    }

    /// Writes the gradient as `[out][in][dy][dx]`.
    #[inline(always)]
    fn store(&self, weight_gradient: &mut [f32]) {
        let ConvSpec {
            channels_in,
            channels_out,
            kernel,
            ..
        } = self.spec;
        let area = kernel * kernel;
        for (o, weights) in weight_gradient
            .chunks_exact_mut(channels_in * area)
            .enumerate()
        {
            for (c, weights) in weights.chunks_exact_mut(area).enumerate() {
                for (tap, sum) in weights.iter_mut().enumerate() {
                    *sum = self.gradient[(tap * channels_in + c) * channels_out + o];
                }
            }
        }
    }
}

/// The patches of `image` as a matrix: the positions that are pooled x `[dy][dx][in]`.
#[inline(always)]
fn patches<'a>(spec: &ConvSpec, image: &'a [f32]) -> View<'a> {
    let line = spec.size_in[1] * spec.channels_in;
    View {
        values: image,
        rows: Axis {
            run: 2 * spec.size_pooled()[1],
            step: spec.channels_in,
            jump: line,
        },
        columns: Axis {
            run: spec.kernel * spec.channels_in,
            step: 1,
            jump: line,
        },
    }
}

/// Channels that are pooled together.
const LANES: usize = 8;

/// Channel by channel the highest of four values above 0, and which it was.
#[inline(always)]
fn highest(four: [&[f32]; 4], output: &mut [f32], chosen: &mut [u8]) {
    let four = four.map(<[f32]>::as_chunks::<LANES>);
    let (output, output_rest) = output.as_chunks_mut::<LANES>();
    let (chosen, chosen_rest) = chosen.as_chunks_mut::<LANES>();
    for (i, (output, chosen)) in output.iter_mut().zip(chosen).enumerate() {
        highest_of(four.map(|(lanes, _)| &lanes[i]), output, chosen);
    }
    for (i, (output, chosen)) in output_rest.iter_mut().zip(chosen_rest).enumerate() {
        let four = four.map(|(_, rest)| [rest[i]]);
        let (mut value, mut which) = ([0.0], [0]);
        highest_of(four.each_ref(), &mut value, &mut which);
        (*output, *chosen) = (value[0], which[0]);
    }
}

#[inline(always)]
fn highest_of<const N: usize>(four: [&[f32; N]; 4], output: &mut [f32; N], chosen: &mut [u8; N]) {
    let mut best = [0.0_f32; N];
    let mut index = [u32::from(CLOSED); N];
    for (which, values) in four.into_iter().enumerate() {
        for lane in 0..N {
            let higher = values[lane] > best[lane];
            best[lane] = if higher { values[lane] } else { best[lane] };
            index[lane] = if higher { which as u32 } else { index[lane] };
        }
    }
    *output = best;
    *chosen = index.map(|index| index as u8);
}

/// Gives each gradient to the one of four that was chosen, and 0 to the others.
#[inline(always)]
fn send(gradient: &[f32], chosen: &[u8], four: [&mut [f32]; 4]) {
    for (which, target) in four.into_iter().enumerate() {
        let (target, target_rest) = target.as_chunks_mut::<LANES>();
        let (gradients, gradient_rest) = gradient.as_chunks::<LANES>();
        let (indices, chosen_rest) = chosen.as_chunks::<LANES>();
        for ((target, gradient), chosen) in target.iter_mut().zip(gradients).zip(indices) {
            for lane in 0..LANES {
                target[lane] = gemm::gate(chosen[lane] == which as u8, gradient[lane]);
            }
        }
        for ((target, g), chosen) in target_rest.iter_mut().zip(gradient_rest).zip(chosen_rest) {
            *target = gemm::gate(*chosen == which as u8, *g);
        }
    }
}

/// Marks a pooled position where ReLU let nothing through.
const CLOSED: u8 = u8::MAX;
