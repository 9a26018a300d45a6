//! The 31 signs: products of cosines, orthonormal, so that no two diseases are alike.

use super::{CLASSES, SIDE};

/// Frequencies along each axis.
const FREQUENCIES: usize = 6;

/// One image for each class: the cosines (v, u) with u, v in 0..5, row by row in u, without (0, 0).
#[must_use]
pub(super) fn patterns() -> Vec<Vec<f64>> {
    let frequencies = (0..FREQUENCIES).flat_map(|u| (0..FREQUENCIES).map(move |v| (u, v)));
    frequencies
        .skip(1)
        .take(CLASSES)
        .map(|(u, v)| {
            let (down, across) = (cosine(u), cosine(v));
            down.iter()
                .flat_map(|d| across.iter().map(move |a| d * a))
                .collect()
        })
        .collect()
}

/// The cosine of frequency `u` along one axis (DCT-II), of norm 1.
fn cosine(u: usize) -> [f64; SIDE] {
    let side = SIDE as f64;
    let norm = (if u == 0 { 1.0 } else { 2.0 } / side).sqrt();
    std::array::from_fn(|x| {
        let angle = std::f64::consts::PI * (2 * x + 1) as f64 * u as f64 / (2.0 * side);
        norm * angle.cos()
    })
}
