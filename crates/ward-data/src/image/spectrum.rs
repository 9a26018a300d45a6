//! The discrete Fourier transform of a square image on a torus, by its definition along each axis.

use super::side;
use crate::synthetic::transpose;

/// Real and imaginary part of an image or a spectrum.
type Complex = (Vec<f64>, Vec<f64>);

/// The transform with exp(-i ...), not normalised.
#[must_use]
pub(crate) fn fourier(image: &[f64]) -> Complex {
    transform((image.to_vec(), vec![0.0; image.len()]), -1.0)
}

/// `image` divided by a real, even spectrum.
#[must_use]
pub(crate) fn divide(image: &[f64], spectrum: &[f64]) -> Vec<f64> {
    let (mut real, mut imaginary) = fourier(image);
    for ((re, im), power) in real.iter_mut().zip(&mut imaginary).zip(spectrum) {
        *re /= power;
        *im /= power;
    }
    let (back, _) = transform((real, imaginary), 1.0);
    back.into_iter().map(|v| v / image.len() as f64).collect()
}

fn transform(mut field: Complex, sign: f64) -> Complex {
    for _ in 0..2 {
        field = along_lines(&field, sign);
        let side = side(&field.0);
        transpose(&mut field.0, side);
        transpose(&mut field.1, side);
    }
    field
}

fn along_lines((real, imaginary): &Complex, sign: f64) -> Complex {
    let side = side(real);
    let angle = sign * 2.0 * std::f64::consts::PI / side as f64;
    let waves: Vec<(f64, f64)> = (0..side)
        .map(|k| {
            let (sin, cos) = (angle * k as f64).sin_cos();
            (cos, sin)
        })
        .collect();
    let (mut re, mut im) = (vec![0.0; real.len()], vec![0.0; real.len()]);
    for y in 0..side {
        for u in 0..side {
            let (mut sum_re, mut sum_im) = (0.0, 0.0);
            for x in 0..side {
                let (cos, sin) = waves[u * x % side];
                let (a, b) = (real[y * side + x], imaginary[y * side + x]);
                sum_re += a * cos - b * sin;
                sum_im += a * sin + b * cos;
            }
            re[y * side + u] = sum_re;
            im[y * side + u] = sum_im;
        }
    }
    (re, im)
}
