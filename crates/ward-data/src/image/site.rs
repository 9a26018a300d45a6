//! A hospital whose images show blobs, and tell their class by how many there are.

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use ward_core::{NodeInfo, Seed};

use super::{Blob, Border, side};
use crate::place::{Place, Split};
use crate::synthetic::{Scanner, Scanners};

/// Its scanner, and where its test cases come from, for an observer who knows how they were drawn.
#[derive(Debug)]
pub(crate) struct Site {
    scanner: Scanner,
    tests: Seed,
}

impl Site {
    /// What draws the anatomy of cases.
    pub(crate) const ANATOMY: &'static str = "anatomy";

    /// The hospital `info` at `place`.
    #[must_use]
    pub(crate) fn new(scanners: Scanners, info: &NodeInfo, place: Place) -> Self {
        Self {
            scanner: scanners.at(place, &info.tier),
            tests: place.cases(Split::Test, Self::ANATOMY),
        }
    }

    /// What its card says.
    pub(crate) fn facts(&self) -> Vec<(&'static str, String)> {
        self.scanner.facts().to_vec()
    }

    /// The numbers that a test case's anatomy was drawn with.
    pub(crate) fn anatomy_of_test(&self, case: u64) -> ChaCha8Rng {
        self.tests.stream_of(case)
    }

    /// An image of `blobs` on `tissue` behind its optics, with white noise of `deviation`.
    pub(crate) fn picture(
        &self,
        mut tissue: Vec<f64>,
        (blobs, border): (impl IntoIterator<Item = Blob>, Border),
        deviation: f64,
        noise: &mut impl Rng,
        stored: &mut [f32],
    ) {
        for blob in blobs {
            blob.add(&mut tissue, border);
        }
        let side = side(&tissue);
        self.scanner.blur(&mut tissue, side);
        self.scanner.photograph(tissue, deviation, noise, stored);
    }
}
