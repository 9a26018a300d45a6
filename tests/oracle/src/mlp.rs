//! A network of dense layers with ReLU between them, its softmax loss and its gradient.

/// Layer widths from the inputs to the classes; parameters are each layer's weights, input by
/// input, then its biases.
#[derive(Debug, Clone)]
pub struct Mlp {
    /// Widths, at least two.
    pub widths: Vec<usize>,
}

/// Local SGD.
#[derive(Debug, Clone, Copy)]
pub struct Sgd {
    /// Step size.
    pub rate: f64,
    /// Momentum: `v <- momentum v + g`, `w <- w - rate v`.
    pub momentum: f64,
    /// Penalty `l2 / 2 |w|^2`, not on biases.
    pub l2: f64,
    /// Pull `mu / 2 |w - w0|^2` to the first parameters.
    pub mu: f64,
}

impl Mlp {
    /// Numbers in all layers.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.widths
            .windows(2)
            .map(|pair| (pair[0] + 1) * pair[1])
            .sum()
    }

    /// Trains on rows in order, in batches of `batch`, `epochs` times.
    pub fn train(
        &self,
        w: &mut [f64],
        rows: &[(Vec<f64>, usize)],
        batch: usize,
        epochs: u32,
        sgd: Sgd,
    ) {
        let first = w.to_vec();
        let mut velocity = vec![0.0; w.len()];
        for _ in 0..epochs {
            for rows in rows.chunks(batch) {
                let mut gradient = vec![0.0; w.len()];
                for (x, y) in rows {
                    self.backward(w, x, *y, 1.0 / rows.len() as f64, &mut gradient);
                }
                for i in 0..w.len() {
                    let l2 = if self.is_bias(i) { 0.0 } else { sgd.l2 };
                    let g = gradient[i] + l2 * w[i] + sgd.mu * (w[i] - first[i]);
                    velocity[i] = sgd.momentum * velocity[i] + g;
                    w[i] -= sgd.rate * velocity[i];
                }
            }
        }
    }

    fn is_bias(&self, index: usize) -> bool {
        let mut start = 0;
        for pair in self.widths.windows(2) {
            let (weights, all) = (pair[0] * pair[1], (pair[0] + 1) * pair[1]);
            if index < start + all {
                return index >= start + weights;
            }
            start += all;
        }
        false
    }

    /// Adds `scale` times the gradient of one row's loss.
    fn backward(&self, w: &[f64], x: &[f64], y: usize, scale: f64, gradient: &mut [f64]) {
        let mut starts = vec![0];
        let mut layers = vec![x.to_vec()];
        for pair in self.widths.windows(2) {
            let (start, input) = (starts[starts.len() - 1], &layers[layers.len() - 1]);
            let last = layers.len() + 1 == self.widths.len();
            let output = (0..pair[1])
                .map(|o| {
                    let bias = w[start + pair[0] * pair[1] + o];
                    let z = bias
                        + (0..pair[0])
                            .map(|i| input[i] * w[start + i * pair[1] + o])
                            .sum::<f64>();
                    if last { z } else { z.max(0.0) }
                })
                .collect();
            layers.push(output);
            starts.push(start + (pair[0] + 1) * pair[1]);
        }
        let logits = &layers[layers.len() - 1];
        let total: f64 = logits.iter().map(|z| z.exp()).sum();
        let mut error: Vec<f64> = logits
            .iter()
            .enumerate()
            .map(|(class, z)| scale * (z.exp() / total - f64::from(class == y)))
            .collect();
        for (layer, pair) in self.widths.windows(2).enumerate().rev() {
            let (start, input) = (starts[layer], &layers[layer]);
            let mut below = vec![0.0; pair[0]];
            for o in 0..pair[1] {
                gradient[start + pair[0] * pair[1] + o] += error[o];
                for i in 0..pair[0] {
                    gradient[start + i * pair[1] + o] += error[o] * input[i];
                    below[i] += error[o] * w[start + i * pair[1] + o];
                }
            }
            // ReLU: what was cut off learns nothing. The inputs of the network are not cut off.
            error = below
                .iter()
                .zip(input)
                .map(|(e, a)| if *a > 0.0 { *e } else { 0.0 })
                .collect();
        }
    }
}
