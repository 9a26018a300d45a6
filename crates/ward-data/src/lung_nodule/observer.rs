//! The ideal observer: the exact likelihood ratio of "a nodule somewhere" against "none".
//!
//!   LR(g) = mean over (c, r) of exp(A s' K^-1 g - A^2 s' K^-1 s / 2)
//!
//! g is the image less the background, s the blurred unit nodule, K the covariance of the noise.
//! K is circulant, so K^-1 is a division in the Fourier domain.

use std::sync::Arc;

use super::phantom::{self, Image, PIXELS, RADII, SIDE};
use crate::image::{divide, dot};
use crate::synthetic::Scanner;

/// The observer of one scanner and one amplitude.
#[derive(Debug, Clone)]
pub struct Observer {
    scanner: Scanner,
    known: Arc<Known>,
}

/// What depends on blur, noise and amplitude alone, shared by scanners that differ in brightness.
#[derive(Debug)]
struct Known {
    background: Image,
    /// A K^-1 s of each of the 258 nodules.
    templates: Vec<Vec<f32>>,
    /// A^2 s' K^-1 s of each: the square of d' were it known to be there.
    squares: Vec<f64>,
}

impl Observer {
    /// The observer for nodules of `amplitude` seen through `scanner`.
    #[must_use]
    pub fn new(scanner: Scanner, amplitude: f64) -> Self {
        let spectrum = phantom::noise_spectrum(scanner.noise_factor);
        let mut background = phantom::background();
        scanner.blur(&mut background, SIDE);
        let (mut templates, mut squares) = (Vec::new(), Vec::new());
        for centre in phantom::centres() {
            for radius in RADII {
                let mut nodule = [0.0; PIXELS];
                phantom::add_blob(&mut nodule, centre, radius, amplitude);
                scanner.blur(&mut nodule, SIDE);
                let whitened = divide(&nodule, &spectrum);
                squares.push(nodule.iter().zip(&whitened).map(|(s, q)| s * q).sum());
                templates.push(whitened.iter().map(|v| *v as f32).collect());
            }
        }
        Self {
            scanner,
            known: Arc::new(Known {
                background,
                templates,
                squares,
            }),
        }
    }

    /// The same observer before a scanner that differs in brightness only.
    #[must_use]
    pub(super) fn with_scanner(&self, scanner: Scanner) -> Self {
        Self {
            scanner,
            known: self.known.clone(),
        }
    }

    /// The logarithm of the likelihood ratio of one stored image.
    #[must_use]
    pub fn score(&self, stored: &[f32]) -> f32 {
        let seen = self.scanner.read(stored);
        let seen = seen.iter().zip(&self.known.background);
        let seen: Vec<f32> = seen.map(|(pixel, b)| (pixel - b) as f32).collect();
        let exponents: Vec<f64> = self
            .known
            .templates
            .iter()
            .zip(&self.known.squares)
            .map(|(template, square)| f64::from(dot(template, &seen)) - square / 2.0)
            .collect();
        let most = exponents.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mean = exponents.iter().map(|e| (e - most).exp()).sum::<f64>() / exponents.len() as f64;
        (most + mean.ln()) as f32
    }

    /// d'^2 of each nodule, were its place and size known: centres outermost, radii innermost.
    #[must_use]
    pub fn squared_dprimes(&self) -> &[f64] {
        &self.known.squares
    }
}
