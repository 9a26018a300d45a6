//! A hospital's scanner: blur, noise, then an invertible change of brightness.
//!
//! anatomy -> point spread function -> + noise_factor * noise -> signed power -> gain * x + offset.
//! Blur and noise lower the ceiling; gamma, gain and offset do not.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::image::signed_powers;
use crate::normals;
use crate::place::Place;
use crate::tier::TierProfile;

/// Whose scanners the images come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Scanners {
    /// Every hospital has the same sharp scanner.
    Reference,
    /// Each hospital has its tier's blur and noise, and all have the same brightness.
    Optics,
    /// Each hospital has its tier's blur and noise, and a brightness of its own.
    #[default]
    Tier,
}

impl Scanners {
    /// The scanner of a hospital of `tier` at `place`.
    pub(crate) fn at(self, place: Place, tier: &str) -> Scanner {
        match (self, TierProfile::of(tier)) {
            (Self::Tier, Some(tier)) => Scanner::draw(place, tier),
            (Self::Optics, Some(tier)) => Scanner {
                blur: tier.scanner_blur,
                noise_factor: tier.scanner_noise,
                ..Scanner::REFERENCE
            },
            _ => Scanner::REFERENCE,
        }
    }
}

/// Pixels that are noised and stored together.
const LINE: usize = 64;

/// One scanner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scanner {
    /// Deviation of the point spread function in pixels; 0 is sharp.
    pub blur: f64,
    /// Factor on the noise.
    pub noise_factor: f64,
    /// Exponent of the signed power.
    pub gamma: f64,
    /// Factor on the brightness.
    pub gain: f64,
    /// Added to the brightness.
    pub offset: f64,
}

impl Scanner {
    /// The reference condition: sharp, plain noise, brightness as it is.
    pub const REFERENCE: Self = Self {
        blur: 0.0,
        noise_factor: 1.0,
        gamma: 1.0,
        gain: 1.0,
        offset: 0.0,
    };

    /// The scanner of a hospital of `tier` at `place`, drawn from the tier's spreads.
    fn draw(place: Place, tier: &TierProfile) -> Self {
        let mut rng = place.hospital("scanner");
        let gain: f64 = StandardNormal.sample(&mut rng);
        let offset: f64 = StandardNormal.sample(&mut rng);
        let [low, high] = tier.scanner_gamma;
        Self {
            blur: tier.scanner_blur,
            noise_factor: tier.scanner_noise,
            gamma: low + (high - low) * rng.random::<f64>(),
            gain: (tier.scanner_gain * gain).exp(),
            offset: tier.scanner_offset * offset,
        }
    }

    /// The point spread function along one axis, from its middle outwards: a sampled Gaussian cut
    /// at four deviations, normalised.
    pub(crate) fn spread(&self) -> Vec<f64> {
        if self.blur <= 0.0 {
            return vec![1.0];
        }
        let reach = (4.0 * self.blur + 0.5) as usize;
        let tap = |j: usize| (-((j * j) as f64) / (2.0 * self.blur * self.blur)).exp();
        let total = tap(0) + 2.0 * (1..=reach).map(tap).sum::<f64>();
        (0..=reach).map(|j| tap(j) / total).collect()
    }

    /// What the optics make of the anatomy: the point spread function, with a reflecting border. The
    /// image is a square of `side` pixels, row by row.
    pub fn blur(&self, image: &mut [f64], side: usize) {
        let taps = self.spread();
        if taps.len() > 1 {
            let mut turned = vec![0.0; image.len()];
            for _ in 0..2 {
                for (x, column) in turned.chunks_exact_mut(side).enumerate() {
                    let pixels = image[x..].iter().step_by(side);
                    column
                        .iter_mut()
                        .zip(pixels)
                        .for_each(|(to, pixel)| *to = *pixel);
                }
                filter_columns(&turned, image, side, &taps);
            }
        }
    }

    /// Writes what the hospital stores of blurred `anatomy` under white noise, which has `deviation`
    /// at a reference scanner.
    pub(crate) fn photograph(
        &self,
        anatomy: impl IntoIterator<Item = impl Into<f64>>,
        deviation: f64,
        rng: &mut impl Rng,
        stored: &mut [f32],
    ) {
        let deviation = self.noise_factor * deviation;
        let mut anatomy = anatomy.into_iter();
        for stored in stored.chunks_mut(LINE) {
            let mut pixels = [0.0; LINE];
            let pixels = &mut pixels[..stored.len()];
            normals::fill(rng, pixels);
            for (pixel, anatomy) in pixels.iter_mut().zip(&mut anatomy) {
                *pixel = anatomy.into() + deviation * *pixel;
            }
            self.store(pixels, stored);
        }
    }

    /// The scanner as facts about the hospital.
    pub(crate) fn facts(&self) -> [(&'static str, String); 3] {
        let Self {
            gain,
            offset,
            gamma,
            ..
        } = self;
        [
            ("scanner blur (px)", format!("{:.1}", self.blur)),
            ("scanner noise", format!("x{:.2}", self.noise_factor)),
            (
                "brightness",
                format!("gain {gain:.2}, offset {offset:+.2}, gamma {gamma:.2}"),
            ),
        ]
    }

    /// Writes the brightness that the hospital stores of each pixel, which are powers afterwards.
    pub fn store(&self, pixels: &mut [f64], stored: &mut [f32]) {
        signed_powers(pixels, self.gamma);
        for (to, pixel) in stored.iter_mut().zip(pixels) {
            *to = (self.gain * *pixel + self.offset) as f32;
        }
    }

    /// The brightness of each pixel before [`Self::store`].
    #[must_use]
    pub fn read(&self, stored: &[f32]) -> Vec<f64> {
        let linear = |stored: &f32| (f64::from(*stored) - self.offset) / self.gain;
        let mut pixels: Vec<f64> = stored.iter().map(linear).collect();
        signed_powers(&mut pixels, 1.0 / self.gamma);
        pixels
    }
}

/// Writes to `square` every column of `before` filtered with a symmetric kernel, given from its middle
/// outwards.
fn filter_columns(before: &[f64], square: &mut [f64], side: usize, taps: &[f64]) {
    pulp::Arch::new().dispatch(FilterColumns {
        before,
        square,
        side,
        taps,
    });
}

/// [`filter_columns`] with the processor's widest vectors.
struct FilterColumns<'a> {
    before: &'a [f64],
    square: &'a mut [f64],
    side: usize,
    taps: &'a [f64],
}

impl pulp::NullaryFnOnce for FilterColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let row = |y: isize| {
            let y = reflect(y, self.side);
            &self.before[y * self.side..(y + 1) * self.side]
        };
        for (to, y) in self.square.chunks_exact_mut(self.side).zip(0..) {
            to.fill(0.0);
            for (tap, by) in self.taps.iter().zip(0..).skip(1) {
                let pairs = row(y - by).iter().zip(row(y + by));
                for (sum, (above, below)) in to.iter_mut().zip(pairs) {
                    *sum += tap * (above + below);
                }
            }
            for (sum, middle) in to.iter_mut().zip(row(y)) {
                *sum += self.taps[0] * middle;
            }
        }
    }
}

/// Index `i` in a line of `side` mirrored at its edges: c b a | a b c ... x y z | z y x.
fn reflect(i: isize, side: usize) -> usize {
    let i = i.rem_euclid(2 * side as isize) as usize;
    i.min(2 * side - 1 - i)
}

/// Swaps x and y in a square of `side`.
pub(crate) fn transpose<T>(square: &mut [T], side: usize) {
    for y in 0..side {
        for x in 0..y {
            square.swap(y * side + x, x * side + y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 28;

    #[test]
    fn brightness_can_be_put_back() {
        let scanner = Scanner {
            blur: 0.9,
            noise_factor: 1.6,
            gamma: 0.8,
            gain: 1.3,
            offset: -0.2,
        };
        let pixels = [-0.7, -0.01, 0.0, 0.3, 1.4];
        let mut stored = [0.0; 5];
        scanner.store(&mut pixels.clone(), &mut stored);
        assert!((stored[4] - (1.3 * 1.4_f32.powf(0.8) - 0.2)).abs() < 1e-6);
        for (read, pixel) in scanner.read(&stored).iter().zip(pixels) {
            assert!((read - pixel).abs() < 1e-6, "{read}, not {pixel}");
        }
    }

    #[test]
    fn a_blur_keeps_a_flat_image_flat_and_the_sum_of_any() {
        let scanner = Scanner {
            blur: 0.9,
            ..Scanner::REFERENCE
        };
        let mut flat = [0.4; SIDE * SIDE];
        scanner.blur(&mut flat, SIDE);
        assert!(flat.iter().all(|v| (v - 0.4).abs() < 1e-12));
        let mut dot = [0.0; SIDE * SIDE];
        dot[5 * SIDE + 1] = 1.0;
        scanner.blur(&mut dot, SIDE);
        assert!((dot.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert!(dot[5 * SIDE + 1] < 0.5);
    }
}
