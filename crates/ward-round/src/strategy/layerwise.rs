//! Steps as long as the tensors that they move.

use ward_core::Layout;

/// Moves each of `tensors` in `params` along its part of `direction`, by `rate` times its own norm;
/// by `rate` times the direction where one of the two has norm 0.
pub(super) fn layerwise(tensors: &Layout, params: &mut [f32], direction: &[f32], rate: f32) {
    let mut left = (params, direction);
    for tensor in &tensors.tensors {
        let (params, direction) = left;
        let count = tensor.count().min(params.len());
        let (here, after) = params.split_at_mut(count);
        let (along, direction) = direction.split_at(count);
        let ratio = match (norm(here), norm(along)) {
            (own, step) if own > 0.0 && step > 0.0 => own / step,
            _ => 1.0,
        };
        let step = (f64::from(rate) * ratio) as f32;
        for (w, u) in here.iter_mut().zip(along) {
            *w += step * u;
        }
        left = (after, direction);
    }
}

fn norm(numbers: &[f32]) -> f64 {
    let squares = numbers.iter().map(|&v| f64::from(v) * f64::from(v));
    squares.sum::<f64>().sqrt()
}
