//! What image scenarios are drawn and judged with. An image is square and stored row by row from the
//! top: pixel (x, y) is at `y * side + x`.

mod blob;
mod count;
mod power;
mod site;
mod spectrum;

pub(crate) use blob::{Blob, Border};
pub(crate) use count::Counts;
pub(crate) use power::signed_powers;
pub(crate) use site::Site;
pub(crate) use spectrum::{divide, fourier};

/// The side of a square image.
fn side(image: &[f64]) -> usize {
    image.len().isqrt()
}

/// A dot product in sixteen lanes; the images have a multiple of sixteen pixels.
pub(crate) fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 16];
    for (x, y) in a.chunks_exact(16).zip(b.chunks_exact(16)) {
        for ((lane, x), y) in lanes.iter_mut().zip(x).zip(y) {
            *lane += x * y;
        }
    }
    lanes.iter().sum()
}
