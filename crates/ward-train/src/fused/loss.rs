//! Cross-entropy and its gradient.

/// The loss of one row and its gradient by the logits. One logit means two classes; so do two, of
/// which only the difference counts.
///
/// `exp` and `ln` are those of the `libm` crate, so that they round alike on every machine.
#[inline(always)]
pub(crate) fn cross_entropy(logits: &[f32], label: u8, gradient: &mut [f32]) -> f64 {
    match (logits, &mut *gradient) {
        ([z], [g]) => {
            let (loss, error) = binary(*z, label > 0);
            *g = error;
            loss
        }
        ([negative, positive], [g, h]) => {
            let (loss, error) = binary(positive - negative, label > 0);
            (*g, *h) = (-error, error);
            loss
        }
        _ => softmax(logits, label, gradient),
    }
}

/// Loss and its slope for the logit `z` of the positive class: ln(1 + exp(z)) - target z.
#[inline(always)]
fn binary(z: f32, positive: bool) -> (f64, f32) {
    let target = if positive { 1.0 } else { 0.0 };
    let small = libm::expf(-z.abs());
    let softplus = z.max(0.0) + libm::log1pf(small);
    (f64::from(softplus - target * z), share(z, small) - target)
}

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

/// 1 / (1 + exp(-z)), without overflow.
#[inline(always)]
pub(crate) fn sigmoid(z: f32) -> f32 {
    share(z, libm::expf(-z.abs()))
}

/// 1 / (1 + exp(-z)), where `small` is exp(-|z|).
#[inline(always)]
fn share(z: f32, small: f32) -> f32 {
    let numerator = if z >= 0.0 { 1.0 } else { small };
    numerator / (1.0 + small)
}
