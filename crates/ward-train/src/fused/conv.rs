//! A convolution without padding, its ReLU and its 2 x 2 max-pooling, forward and backward.
//!
//! One image at a time: patches are laid out as the columns of a matrix (im2col), so both passes
//! are [`gemm::accumulate`].

use super::gemm::{self, View};
use crate::spec::ConvSpec;

/// What a layer keeps of one image for its backward pass, and its scratch space.
#[derive(Debug, Clone)]
pub(super) struct Conv {
    pub(super) spec: ConvSpec,
    /// Patches as columns: patch x positions.
    columns: Vec<f32>,
    /// The same, transposed.
    rows: Vec<f32>,
    /// Before the pooling; in the backward pass its gradient: channels x positions.
    plane: Vec<f32>,
    /// Gradient of the patches.
    patches: Vec<f32>,
}

impl Conv {
    pub(super) fn new(spec: ConvSpec) -> Self {
        let positions: usize = spec.size_out().iter().product();
        Self {
            spec,
            columns: vec![0.0; spec.patch() * positions],
            rows: vec![0.0; spec.patch() * positions],
            plane: vec![0.0; spec.channels_out * positions],
            patches: vec![0.0; spec.patch() * positions],
        }
    }

    /// Numbers in one pooled output.
    pub(super) fn output_len(&self) -> usize {
        self.spec.channels_out * self.spec.size_pooled().iter().product::<usize>()
    }

    /// One image: `image` to the pooled `output`; `chosen` remembers which of each four won, or
    /// that none was above 0.
    #[inline(always)]
    pub(super) fn forward(
        &mut self,
        weight: &[f32],
        bias: &[f32],
        image: &[f32],
        output: &mut [f32],
        chosen: &mut [u8],
    ) {
        let spec = self.spec;
        let positions: usize = spec.size_out().iter().product();
        self.unfold(image);
        for (channel, b) in self.plane.chunks_exact_mut(positions).zip(bias) {
            channel.fill(*b);
        }
        let a = View {
            values: weight,
            row: spec.patch(),
            column: 1,
        };
        gemm::accumulate(
            spec.channels_out,
            positions,
            spec.patch(),
            a,
            &self.columns,
            &mut self.plane,
        );
        self.pool(output, chosen);
    }

    /// Lays the patches of `image` out as columns.
    #[inline(always)]
    fn unfold(&mut self, image: &[f32]) {
        let ConvSpec {
            kernel,
            size_in: [height, width],
            ..
        } = self.spec;
        let [height_out, width_out] = self.spec.size_out();
        let mut columns = self.columns.chunks_exact_mut(height_out * width_out);
        for channel in image.chunks_exact(height * width) {
            for dy in 0..kernel {
                for dx in 0..kernel {
                    let Some(column) = columns.next() else { return };
                    for (y, line) in column.chunks_exact_mut(width_out).enumerate() {
                        line.copy_from_slice(&channel[(y + dy) * width + dx..][..width_out]);
                    }
                }
            }
        }
    }

    /// ReLU and pooling of the plane. Of equal values the first wins.
    #[inline(always)]
    fn pool(&self, output: &mut [f32], chosen: &mut [u8]) {
        let [height, width] = self.spec.size_out();
        let [height_pooled, width_pooled] = self.spec.size_pooled();
        let pooled = height_pooled * width_pooled;
        for (channel, (out, which)) in self.plane.chunks_exact(height * width).zip(
            output
                .chunks_exact_mut(pooled)
                .zip(chosen.chunks_exact_mut(pooled)),
        ) {
            for y in 0..height_pooled {
                let above = &channel[2 * y * width..][..width];
                let below = &channel[(2 * y + 1) * width..][..width];
                for x in 0..width_pooled {
                    let four = [
                        above[2 * x],
                        above[2 * x + 1],
                        below[2 * x],
                        below[2 * x + 1],
                    ];
                    let (mut best, mut index) = (four[0], 0);
                    for (i, &value) in four.iter().enumerate().skip(1) {
                        if value > best {
                            (best, index) = (value, i as u8);
                        }
                    }
                    let open = best > 0.0;
                    out[y * width_pooled + x] = if open { best } else { 0.0 };
                    which[y * width_pooled + x] = if open { index } else { CLOSED };
                }
            }
        }
    }

    /// Adds one image's gradients. `output_gradient` is that of the pooled output; the image's own
    /// gradient is written to `image_gradient` where the layer below needs it.
    #[inline(always)]
    #[expect(clippy::too_many_arguments, reason = "the operands of one formula")]
    pub(super) fn backward(
        &mut self,
        weight: &[f32],
        image: &[f32],
        chosen: &[u8],
        output_gradient: &[f32],
        weight_gradient: &mut [f32],
        bias_gradient: &mut [f32],
        image_gradient: Option<&mut [f32]>,
    ) {
        let spec = self.spec;
        let positions: usize = spec.size_out().iter().product();
        self.unpool(chosen, output_gradient);
        for (channel, gradient) in self.plane.chunks_exact(positions).zip(bias_gradient) {
            *gradient += channel.iter().sum::<f32>();
        }
        self.unfold(image);
        gemm::transpose(spec.patch(), positions, &self.columns, &mut self.rows);
        let a = View {
            values: &self.plane,
            row: positions,
            column: 1,
        };
        gemm::accumulate(
            spec.channels_out,
            spec.patch(),
            positions,
            a,
            &self.rows,
            weight_gradient,
        );
        if let Some(image_gradient) = image_gradient {
            self.patches.fill(0.0);
            let a = View {
                values: weight,
                row: 1,
                column: spec.patch(),
            };
            let (planes, patches) = (&self.plane, &mut self.patches);
            gemm::accumulate(
                spec.patch(),
                positions,
                spec.channels_out,
                a,
                planes,
                patches,
            );
            self.fold(image_gradient);
        }
    }

    /// Sends each pooled gradient to the position that won.
    #[inline(always)]
    fn unpool(&mut self, chosen: &[u8], output_gradient: &[f32]) {
        let [height, width] = self.spec.size_out();
        let [height_pooled, width_pooled] = self.spec.size_pooled();
        let pooled = height_pooled * width_pooled;
        self.plane.fill(0.0);
        for (channel, (gradient, which)) in self.plane.chunks_exact_mut(height * width).zip(
            output_gradient
                .chunks_exact(pooled)
                .zip(chosen.chunks_exact(pooled)),
        ) {
            for y in 0..height_pooled {
                for x in 0..width_pooled {
                    let index = usize::from(which[y * width_pooled + x]);
                    if index != usize::from(CLOSED) {
                        let at = (2 * y + index / 2) * width + 2 * x + index % 2;
                        channel[at] = gradient[y * width_pooled + x];
                    }
                }
            }
        }
    }

    /// Adds the patches' gradients up where they came from.
    #[inline(always)]
    fn fold(&self, image_gradient: &mut [f32]) {
        let ConvSpec {
            kernel,
            size_in: [height, width],
            ..
        } = self.spec;
        let [height_out, width_out] = self.spec.size_out();
        image_gradient.fill(0.0);
        let mut patches = self.patches.chunks_exact(height_out * width_out);
        for channel in image_gradient.chunks_exact_mut(height * width) {
            for dy in 0..kernel {
                for dx in 0..kernel {
                    let Some(patch) = patches.next() else { return };
                    for (y, line) in patch.chunks_exact(width_out).enumerate() {
                        let target = &mut channel[(y + dy) * width + dx..][..width_out];
                        for (sum, value) in target.iter_mut().zip(line) {
                            *sum += value;
                        }
                    }
                }
            }
        }
    }
}

/// Marks a pooled position where ReLU let nothing through.
const CLOSED: u8 = u8::MAX;
