//! Gaussian blobs: lesions and nuclei.

use std::ops::Range;

use super::side;

/// Beyond so many radii a blob is not drawn: it is exp(-8) of its peak there.
const WINDOW: f64 = 4.0;

/// What becomes of a blob that reaches over the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Border {
    /// It is cut off.
    Cut,
    /// It comes back on the other side: the image is a torus.
    Wrap,
}

/// One blob: `amplitude * exp(-|x - centre|^2 / (2 radius^2))`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Blob {
    /// Where it is, (x, y); pixel (0, 0) has its middle at (0, 0).
    pub(crate) centre: (f64, f64),
    /// Its standard deviation in pixels.
    pub(crate) radius: f64,
    /// Its peak.
    pub(crate) amplitude: f64,
}

impl Blob {
    /// Adds the blob to `image`.
    pub(crate) fn add(&self, image: &mut [f64], border: Border) {
        let side = side(image);
        let across = Profile::new(self.centre.0, self.radius);
        let down = Profile::new(self.centre.1, self.radius);
        for (columns, across) in across.runs(side, border) {
            for (lines, down) in down.runs(side, border) {
                let lines = image[lines.start * side..].chunks_exact_mut(side);
                for (line, fall) in lines.zip(down) {
                    let peak = self.amplitude * fall;
                    for (pixel, fall) in line[columns.clone()].iter_mut().zip(across) {
                        *pixel += peak * fall;
                    }
                }
            }
        }
    }
}

/// Most pixels of a window along one axis.
const WIDEST: usize = 24;

/// How a blob of peak 1 falls along one axis, within its window.
struct Profile {
    /// The window's first pixel, which may lie outside the image.
    first: i64,
    /// As many as there are pixels in the window; a window of more than [`WIDEST`] ends there.
    count: usize,
    falls: [f64; WIDEST],
}

impl Profile {
    /// exp(-d^2 / (2 r^2)) at every pixel. From one to the next it is multiplied by a factor, which
    /// itself shrinks by exp(-1 / r^2): three exponentials are enough.
    fn new(middle: f64, radius: f64) -> Self {
        let reach = WINDOW * radius;
        let (first, last) = ((middle - reach).ceil(), (middle + reach).floor());
        let (start, square) = (first - middle, radius * radius);
        let mut fall = (-start * start / (2.0 * square)).exp();
        let mut factor = (-(2.0 * start + 1.0) / (2.0 * square)).exp();
        let shrink = (-1.0 / square).exp();
        let count = ((last - first) as usize + 1).min(WIDEST);
        let mut falls = [0.0; WIDEST];
        for to in &mut falls[..count] {
            *to = fall;
            fall *= factor;
            factor *= shrink;
        }
        Self {
            first: first as i64,
            count,
            falls,
        }
    }

    /// The pixels of an axis of `side` that the window covers, and the fall at each: one run, or two on a
    /// torus.
    fn runs(&self, side: usize, border: Border) -> impl Iterator<Item = (Range<usize>, &[f64])> {
        let side = side as i64;
        let turns = match border {
            Border::Cut => 0..=0,
            Border::Wrap => -1..=1,
        };
        turns.filter_map(move |turn| {
            let first = self.first + turn * side;
            let (start, end) = (first.max(0), (first + self.count as i64).min(side));
            let falls = self.falls.get((start - first) as usize..self.count)?;
            (start < end).then_some((start as usize..end as usize, falls))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDE: usize = 32;

    fn drawn(centre: (f64, f64), border: Border) -> Vec<f64> {
        let blob = Blob {
            centre,
            radius: 1.4,
            amplitude: -0.45,
        };
        let mut image = vec![0.0; SIDE * SIDE];
        blob.add(&mut image, border);
        image
    }

    #[test]
    fn a_blob_is_its_formula_up_to_what_is_past_the_window() {
        let (cx, cy) = (10.3, 20.8);
        for (i, got) in drawn((cx, cy), Border::Cut).into_iter().enumerate() {
            let (dx, dy) = ((i % SIDE) as f64 - cx, (i / SIDE) as f64 - cy);
            let known = -0.45 * (-(dx * dx + dy * dy) / (2.0 * 1.4 * 1.4)).exp();
            assert!((got - known).abs() < 0.45 * (-8.0_f64).exp(), "pixel {i}");
        }
    }

    #[test]
    fn on_a_torus_a_blob_keeps_its_sum_wherever_it_is() {
        let sum = |centre, border| -> f64 { drawn(centre, border).iter().sum() };
        let inside = sum((16.0, 16.0), Border::Wrap);
        assert!((sum((31.0, 0.0), Border::Wrap) - inside).abs() < 1e-12);
        assert!(sum((31.0, 0.0), Border::Cut) > 0.7 * inside);
        // The integral is 2 pi r^2 times the peak.
        let known = -0.45 * 2.0 * std::f64::consts::PI * 1.4 * 1.4;
        assert!((inside / known - 1.0).abs() < 2e-3);
    }
}
