//! The chest phantom, its lungs, the nodule and the correlated noise.

use crate::normals;

/// Side of the square image in pixels.
pub const SIDE: usize = 28;
/// Pixels in one image.
pub(super) const PIXELS: usize = SIDE * SIDE;
/// Deviations of the white and the correlated noise.
const WHITE: f64 = 0.15;
const CORRELATED: f64 = 0.15;
/// Radii of nodules in pixels.
pub(super) const RADII: [f64; 3] = [1.2, 1.7, 2.4];
/// Brightness inside and outside the lungs.
const INSIDE: f64 = 0.2;
const OUTSIDE: f64 = 0.6;
/// Centres (x, y) of the lungs and their half axes.
const LUNGS: [(f64, f64); 2] = [(8.0, 14.0), (19.0, 14.0)];
const HALF_AXES: (f64, f64) = (5.5, 10.0);

/// One image, row by row from the top: pixel (x, y) is at `y * SIDE + x`.
pub(super) type Image = [f64; PIXELS];

/// Whether pixel (x, y) lies in a lung.
#[must_use]
pub(super) fn in_lung(x: usize, y: usize) -> bool {
    LUNGS.iter().any(|(cx, cy)| {
        let (dx, dy) = ((x as f64 - cx) / HALF_AXES.0, (y as f64 - cy) / HALF_AXES.1);
        dx * dx + dy * dy <= 1.0
    })
}

/// The chest without a nodule.
#[must_use]
pub(super) fn background() -> Image {
    std::array::from_fn(|i| {
        if in_lung(i % SIDE, i / SIDE) {
            INSIDE
        } else {
            OUTSIDE
        }
    })
}

/// The 86 places where a nodule may be: every other pixel inside a lung.
#[must_use]
pub(super) fn centres() -> Vec<(usize, usize)> {
    let rows = (5..=23).step_by(2);
    rows.flat_map(|y| (3..=23).step_by(2).map(move |x| (x, y)))
        .filter(|&(x, y)| in_lung(x, y))
        .collect()
}

/// Adds `amplitude * exp(-|x - centre|^2 / (2 radius^2))`.
pub(super) fn add_blob(image: &mut Image, centre: (usize, usize), radius: f64, amplitude: f64) {
    let fall = |along: usize, middle: usize| {
        let distance = along as f64 - middle as f64;
        (-distance * distance / (2.0 * radius * radius)).exp()
    };
    let across: [f64; SIDE] = std::array::from_fn(|x| fall(x, centre.0));
    for (y, line) in image.chunks_exact_mut(SIDE).enumerate() {
        let down = amplitude * fall(y, centre.1);
        line.iter_mut()
            .zip(across)
            .for_each(|(pixel, a)| *pixel += down * a);
    }
}

/// The seven taps of the noise's kernel: a Gaussian of deviation 1.5, scaled to unit output
/// variance along its axis.
#[must_use]
pub(super) fn kernel() -> [f64; 7] {
    let raw: [f64; 7] = std::array::from_fn(|i| {
        let j = i as f64 - 3.0;
        (-j * j / (2.0 * 1.5 * 1.5)).exp()
    });
    let norm = raw.iter().map(|v| v * v).sum::<f64>().sqrt();
    raw.map(|v| v / norm)
}

/// The noise's variance at each frequency of the torus: `K` is diagonal there.
#[must_use]
pub(super) fn noise_spectrum(noise_factor: f64) -> Image {
    let taps = kernel();
    let response: [f64; SIDE] = std::array::from_fn(|u| {
        let wave = |j: usize| (2.0 * std::f64::consts::PI * (u * j) as f64 / SIDE as f64).cos();
        taps[3] + 2.0 * (1..=3).map(|j| taps[3 + j] * wave(j)).sum::<f64>()
    });
    std::array::from_fn(|i| {
        let both = response[i % SIDE] * response[i / SIDE];
        noise_factor * noise_factor * (WHITE * WHITE + CORRELATED * CORRELATED * both * both)
    })
}

/// Adds `factor` times the noise: white, and white filtered with wrap-around.
pub(super) fn add_noise(image: &mut Image, factor: f64, rng: &mut impl rand::Rng) {
    let (mut field, mut white) = ([0.0; PIXELS], [0.0; PIXELS]);
    normals::fill(rng, &mut field);
    normals::fill(rng, &mut white);
    pulp::Arch::new().dispatch(Smooth {
        field: &mut field,
        taps: &kernel(),
    });
    for ((pixel, white), correlated) in image.iter_mut().zip(white).zip(field) {
        *pixel += factor * (WHITE * white + CORRELATED * correlated);
    }
}

/// Filters every line and then every column, wrapping around, with the processor's widest vectors: all
/// pixels of a line at a time.
struct Smooth<'a> {
    field: &'a mut Image,
    taps: &'a [f64; 7],
}

impl pulp::NullaryFnOnce for Smooth<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { field, taps } = self;
        let lines = field.as_chunks_mut::<SIDE>().0;
        let mut across = [[0.0; SIDE]; SIDE];
        for (line, to) in lines.iter().zip(&mut across) {
            let mut padded = [0.0; SIDE + 6];
            padded[..3].copy_from_slice(&line[SIDE - 3..]);
            padded[3..SIDE + 3].copy_from_slice(line);
            padded[SIDE + 3..].copy_from_slice(&line[..3]);
            for (x, to) in to.iter_mut().enumerate() {
                *to = filtered(taps, |by| padded[x + by]);
            }
        }
        for (y, to) in lines.iter_mut().enumerate() {
            let rows: [&[f64; SIDE]; 7] =
                std::array::from_fn(|by| &across[(y + SIDE + by - 3) % SIDE]);
            for (x, to) in to.iter_mut().enumerate() {
                *to = filtered(taps, |by| rows[by][x]);
            }
        }
    }
}

/// One pixel of seven.
#[inline(always)]
fn filtered(taps: &[f64; 7], value: impl Fn(usize) -> f64) -> f64 {
    let taps = taps.iter().enumerate();
    taps.fold(0.0, |sum, (by, tap)| sum + tap * value(by))
}
