//! The ideal observer: the exact likelihood ratio, quadratic in the image.
//!
//!   ln LR(g) = sum over k of |G_k|^2 (1 / P0 - 1 / P1) / 2 - ln(P1 / P0) / 2
//!
//! G is the image's Fourier transform over 32, P the power of each texture with the noise.

use super::texture::Texture;
use super::{NOISE, SIDE};
use crate::image::fourier;
use crate::synthetic::Scanner;

/// The observer before one scanner.
#[derive(Debug, Clone)]
pub(super) struct Observer {
    scanner: Scanner,
    /// (1 / P0 - 1 / P1) / 2 at each frequency, for the transform as it is.
    weights: Vec<f64>,
    /// The sum of ln(P1 / P0) / 2.
    constant: f64,
}

impl Observer {
    /// The observer of `normal` against `lesion` behind `scanner`.
    #[must_use]
    pub(super) fn new(scanner: Scanner, [normal, lesion]: &[Texture; 2]) -> Self {
        let noise = scanner.noise_factor * NOISE;
        let (p0, p1) = (normal.power(noise), lesion.power(noise));
        let both = || p0.iter().zip(&p1);
        let pixels = (SIDE * SIDE) as f64;
        Self {
            scanner,
            weights: both()
                .map(|(p0, p1)| (1.0 / p0 - 1.0 / p1) / 2.0 / pixels)
                .collect(),
            constant: both().map(|(p0, p1)| (p1 / p0).ln() / 2.0).sum(),
        }
    }

    /// The logarithm of the likelihood ratio of one stored image.
    #[must_use]
    pub(super) fn score(&self, stored: &[f32]) -> f32 {
        let seen = self.scanner.read(stored);
        let (real, imaginary) = fourier(&seen);
        let powers = real
            .iter()
            .zip(&imaginary)
            .map(|(re, im)| re * re + im * im);
        let sum: f64 = powers.zip(&self.weights).map(|(p, w)| p * w).sum();
        (sum - self.constant) as f32
    }
}
