//! The ideal observer: the exact likelihood ratio of "a nodule somewhere" against "none".
//!
//!   LR(g) = mean over (c, r) of exp(A s' K^-1 g - A^2 s' K^-1 s / 2)
//!
//! g is the image less the background, s the blurred unit nodule, K the covariance of the noise.
//! K is circulant, so K^-1 is a division in the Fourier domain.

use std::sync::Arc;

use super::phantom::{self, Image, PIXELS, RADII, SIDE};
use crate::synthetic::{Scanner, transpose};

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
    templates: Vec<[f32; PIXELS]>,
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
                templates.push(whitened.map(|v| v as f32));
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
        let seen: Vec<f32> = stored
            .iter()
            .zip(&self.known.background)
            .map(|(pixel, b)| (self.scanner.read(f64::from(*pixel)) - b) as f32)
            .collect();
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

/// A dot product in sixteen lanes.
fn dot(a: &[f32; PIXELS], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 16];
    for (x, y) in a.chunks_exact(16).zip(b.chunks_exact(16)) {
        for ((lane, x), y) in lanes.iter_mut().zip(x).zip(y) {
            *lane += x * y;
        }
    }
    lanes.iter().sum()
}

/// `image` divided by a real, even spectrum: K^-1 image.
fn divide(image: &Image, spectrum: &Image) -> Image {
    let zero = [0.0; PIXELS];
    let (mut real, mut imaginary) = fourier(image, &zero, -1.0);
    for ((re, im), power) in real.iter_mut().zip(&mut imaginary).zip(spectrum) {
        *re /= power;
        *im /= power;
    }
    let (back, _) = fourier(&real, &imaginary, 1.0);
    back.map(|v| v / PIXELS as f64)
}

/// The discrete Fourier transform in two dimensions, by its definition along each axis.
fn fourier(real: &Image, imaginary: &Image, sign: f64) -> (Image, Image) {
    let (mut re, mut im) = (*real, *imaginary);
    for _ in 0..2 {
        (re, im) = along_lines(&re, &im, sign);
        transpose(&mut re, SIDE);
        transpose(&mut im, SIDE);
    }
    (re, im)
}

fn along_lines(real: &Image, imaginary: &Image, sign: f64) -> (Image, Image) {
    let angle = sign * 2.0 * std::f64::consts::PI / SIDE as f64;
    let waves: [(f64, f64); SIDE] = std::array::from_fn(|k| {
        let (sin, cos) = (angle * k as f64).sin_cos();
        (cos, sin)
    });
    let (mut re, mut im) = ([0.0; PIXELS], [0.0; PIXELS]);
    for y in 0..SIDE {
        for u in 0..SIDE {
            let (mut sum_re, mut sum_im) = (0.0, 0.0);
            for x in 0..SIDE {
                let (cos, sin) = waves[u * x % SIDE];
                let (a, b) = (real[y * SIDE + x], imaginary[y * SIDE + x]);
                sum_re += a * cos - b * sin;
                sum_im += a * sin + b * cos;
            }
            re[y * SIDE + u] = sum_re;
            im[y * SIDE + u] = sum_im;
        }
    }
    (re, im)
}
