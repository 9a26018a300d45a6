//! Cross-entropy and its gradient. `exp` and `ln` are those of the `libm` crate, so that they round
//! alike on every machine.

/// The loss of one row, and for two classes the positive one's probability. One logit means two
/// classes; so do two, of which only the difference counts.
pub(crate) fn cross_entropy(logits: &[f32], label: u8, scratch: &mut [f32]) -> (f64, Option<f32>) {
    let z = match *logits {
        [z] => z,
        [negative, positive] => positive - negative,
        _ => return (softmax(logits, label, scratch), None),
    };
    let small = libm::expf(-z.abs());
    let target = if label > 0 { 1.0 } else { 0.0 };
    let loss = z.max(0.0) + libm::log1pf(small) - target * z;
    (f64::from(loss), Some(share(z, small)))
}

/// The sum of the losses of some rows, each of `outputs` logits; the gradients by the logits are
/// those of the sum times `scale`.
#[inline(always)]
pub(super) fn cross_entropies(
    outputs: usize,
    logits: &[f32],
    labels: &[u8],
    scale: f32,
    gradient: &mut [f32],
) -> f64 {
    let rows = logits
        .chunks_exact(outputs)
        .zip(gradient.chunks_exact_mut(outputs));
    if outputs > 2 {
        let mut total = 0.0;
        for ((row, error), &label) in rows.zip(labels) {
            total += softmax(row, label, error);
            error.iter_mut().for_each(|e| *e *= scale);
        }
        return total;
    }
    // ln(1 + exp(-|z|)) summed over rows is the logarithm of a product, which lies between 1 and
    // 2^rows: one logarithm does for many rows.
    let (mut total, mut product, mut factors) = (0.0, 1.0, 0);
    for ((row, error), &label) in rows.zip(labels) {
        let z = row[outputs - 1] - if outputs == 2 { row[0] } else { 0.0 };
        let target = if label > 0 { 1.0 } else { 0.0 };
        let small = libm::expf(-z.abs());
        total += f64::from(z.max(0.0) - target * z);
        product *= 1.0 + f64::from(small);
        factors += 1;
        if factors == MOST_FACTORS {
            total += libm::log(product);
            (product, factors) = (1.0, 0);
        }
        let slope = (share(z, small) - target) * scale;
        error[0] = -slope;
        error[outputs - 1] = slope;
    }
    total + libm::log(product)
}

/// Factors of at most 2 whose product an `f64` holds with room to spare.
const MOST_FACTORS: u32 = 512;

#[inline(always)]
fn softmax(logits: &[f32], label: u8, gradient: &mut [f32]) -> f64 {
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

/// 1 / (1 + exp(-z)), where `small` is exp(-|z|).
#[inline(always)]
fn share(z: f32, small: f32) -> f32 {
    let numerator = if z >= 0.0 { 1.0 } else { small };
    numerator / (1.0 + small)
}
