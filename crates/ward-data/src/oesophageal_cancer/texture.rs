//! Two textures on a torus: Gaussian fields of equal mean and variance and unequal length of grain.
//!
//!   P_l(k) = exp(-|k|^2 (2 pi l / 32)^2), scaled to mean 1,  k integer in -16..15 on each axis
//!
//! A field is white noise filtered by the root of P_l, which is a product of one factor for each axis.
//! A scanner's blur wraps around like everything else here, and filters along each axis too.

use rand::Rng;

use super::SIDE;
use crate::normals;
use crate::synthetic::Scanner;
use crate::synthetic::transpose;

/// Half a turn: the last frequency.
const HALF: usize = SIDE / 2;

/// The pixels of one field.
type Field = [f32; SIDE * SIDE];

/// A texture as one scanner's optics give it.
#[derive(Debug, Clone)]
pub(super) struct Texture {
    /// The filter along one axis at offsets 0..=16; it is symmetric, and 16 is half a turn.
    filter: [f32; HALF + 1],
    /// What the filter weighs from here on, but for half a turn, is below a `f32`'s last digit of what it
    /// weighs in its middle.
    reach: usize,
    /// Its response at frequencies 0..=16.
    response: [f64; HALF + 1],
}

impl Texture {
    /// Grain of length `length` behind `scanner`.
    #[must_use]
    pub(super) fn new(length: f64, scanner: &Scanner) -> Self {
        let sharp = |k: usize| {
            let turn = 2.0 * std::f64::consts::PI * length / SIDE as f64 * k as f64;
            (-turn * turn / 2.0).exp()
        };
        let power: f64 = even(|k| sharp(k).powi(2));
        let norm = (power / SIDE as f64).sqrt();
        let spread = scanner.spread();
        let optics = |k: usize| {
            let taps = spread.iter().enumerate().skip(1);
            spread[0] + taps.map(|(j, tap)| 2.0 * tap * cosine(j * k)).sum::<f64>()
        };
        let response: [f64; HALF + 1] = std::array::from_fn(|k| sharp(k) / norm * optics(k));
        let filter: [f32; HALF + 1] =
            std::array::from_fn(|x| (even(|k| response[k] * cosine(k * x)) / SIDE as f64) as f32);
        let counts = |by: &usize| filter[*by].abs() > filter[0] * f32::EPSILON / 4.0;
        let reach = (1..HALF).rev().find(counts).map_or(1, |last| last + 1);
        Self {
            filter,
            reach,
            response,
        }
    }

    /// The power of the field with white noise of `deviation` added, at each frequency.
    #[must_use]
    pub(super) fn power(&self, deviation: f64) -> Vec<f64> {
        let fold = |k: usize| k.min(SIDE - k);
        let along = |k: usize| self.response[fold(k)].powi(2);
        (0..SIDE * SIDE)
            .map(|i| along(i % SIDE) * along(i / SIDE) + deviation * deviation)
            .collect()
    }

    /// One field without noise.
    #[must_use]
    pub(super) fn draw(&self, rng: &mut impl Rng) -> Field {
        let mut white = [0.0; SIDE * SIDE];
        normals::fill(rng, &mut white);
        let (mut field, mut filtered) = ([0.0; SIDE * SIDE], [0.0; SIDE * SIDE]);
        for (to, white) in field.iter_mut().zip(white) {
            *to = white as f32;
        }
        self.filter_columns(&field, &mut filtered);
        transpose(&mut filtered, SIDE);
        // The other axis. White noise has no up and no left, so nothing is transposed back.
        self.filter_columns(&filtered, &mut field);
        field
    }

    fn filter_columns(&self, field: &Field, filtered: &mut Field) {
        pulp::Arch::new().dispatch(FilterColumns {
            texture: self,
            field,
            filtered,
        });
    }
}

/// Filters every column, wrapping around, with the processor's widest vectors.
struct FilterColumns<'a> {
    texture: &'a Texture,
    field: &'a Field,
    filtered: &'a mut Field,
}

impl pulp::NullaryFnOnce for FilterColumns<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let filter = &self.texture.filter;
        let lines = self.field.as_chunks::<SIDE>().0;
        let line = |y: usize| &lines[y % SIDE];
        for (y, to) in self
            .filtered
            .as_chunks_mut::<SIDE>()
            .0
            .iter_mut()
            .enumerate()
        {
            let (near, far) = (line(y), line(y + HALF));
            let mut sums = [0.0; SIDE];
            for x in 0..SIDE {
                sums[x] = filter[0] * near[x] + filter[HALF] * far[x];
            }
            for (by, tap) in filter.iter().enumerate().take(self.texture.reach).skip(1) {
                let (above, below) = (line(y + SIDE - by), line(y + by));
                for x in 0..SIDE {
                    sums[x] = tap.mul_add(above[x] + below[x], sums[x]);
                }
            }
            *to = sums;
        }
    }
}

/// The sum over all frequencies of an even function.
fn even(of: impl Fn(usize) -> f64) -> f64 {
    of(0) + of(HALF) + 2.0 * (1..HALF).map(&of).sum::<f64>()
}

/// The cosine of `steps` of 32 to a turn.
fn cosine(steps: usize) -> f64 {
    (2.0 * std::f64::consts::PI * (steps % SIDE) as f64 / SIDE as f64).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::fourier;
    use ward_core::Seed;

    #[test]
    fn both_textures_have_variance_one() {
        for length in [1.0, 1.08, 1.2] {
            let power = Texture::new(length, &Scanner::REFERENCE).power(0.0);
            let mean = power.iter().sum::<f64>() / power.len() as f64;
            assert!((mean - 1.0).abs() < 1e-12);
            // By the formula: the ratio of two powers, frequencies (3, -5) and (0, 0).
            let turn = 2.0 * std::f64::consts::PI * length / 32.0;
            let ratio = power[27 * SIDE + 3] / power[0];
            assert!((ratio - (-34.0 * turn * turn).exp()).abs() < 1e-12);
        }
    }

    #[test]
    fn fields_have_the_power_that_they_should() {
        let scanner = Scanner {
            blur: 0.5,
            ..Scanner::REFERENCE
        };
        let texture = Texture::new(1.2, &scanner);
        let known = texture.power(0.0);
        let fields = 400;
        let mut found = vec![0.0; SIDE * SIDE];
        let place = Seed::run(2);
        for case in 0..fields {
            let field = texture.draw(&mut place.stream_of(case));
            let field: Vec<f64> = field.iter().map(|v| f64::from(*v)).collect();
            let (real, imaginary) = fourier(&field);
            for ((sum, re), im) in found.iter_mut().zip(real).zip(imaginary) {
                *sum += (re * re + im * im) / (SIDE * SIDE) as f64 / fields as f64;
            }
        }
        // A mean of 400 exponential powers is right to a twentieth; all 1,024 within five of those.
        for (k, (found, known)) in found.iter().zip(known).enumerate() {
            let own_mirror = [0, HALF].contains(&(k % SIDE)) && [0, HALF].contains(&(k / SIDE));
            let error = known * (if own_mirror { 2.0 } else { 1.0 } / fields as f64).sqrt();
            assert!(
                (found - known).abs() < 5.0 * error + 1e-9,
                "{k}: {found} is not {known}"
            );
        }
    }
}
