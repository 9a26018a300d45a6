//! Cross-entropy and its gradient.

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
