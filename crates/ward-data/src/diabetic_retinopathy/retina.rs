//! The retina and its lesions.

use rand::{Rng, RngExt};
use rand_distr::{Distribution, Poisson};

use super::SIDE;
use crate::image::{Blob, Border};

/// The disc of the retina: its middle on both axes, its radius, and how much darker its rim is.
const MIDDLE: f64 = 15.5;
const RADIUS: f64 = 15.0;
const VIGNETTE: f64 = 0.3;
/// Where the optic nerve leaves the eye.
const OPTIC_DISC: Blob = Blob {
    centre: (22.0, MIDDLE),
    radius: 2.2,
    amplitude: 0.6,
};
/// A lesion: its radius, its contrast, and how often it is dark (a microaneurysm) and not bright
/// (an exudate).
const LESION_RADIUS: f64 = 0.8;
const CONTRAST: f64 = 0.5;
const DARK: f64 = 0.7;
/// Two lesions are at least so far apart, unless so many tries for each lesion have failed.
const APART: f64 = 2.5;
const TRIES: usize = 60;

/// The retina without lesions: 0 outside its disc.
#[must_use]
pub(super) fn healthy() -> Vec<f64> {
    let brightness = |i: usize| {
        let (dx, dy) = ((i % SIDE) as f64 - MIDDLE, (i / SIDE) as f64 - MIDDLE);
        let outwards = (dx * dx + dy * dy) / (RADIUS * RADIUS);
        if outwards <= 1.0 {
            1.0 - VIGNETTE * outwards
        } else {
            0.0
        }
    };
    let mut image: Vec<f64> = (0..SIDE * SIDE).map(brightness).collect();
    OPTIC_DISC.add(&mut image, Border::Cut);
    image
}

/// The lesions of a retina that has `mean` of them on average.
#[must_use]
pub(super) fn lesions(mean: f64, rng: &mut impl Rng) -> Vec<Blob> {
    let drawn = Poisson::new(mean).map_or(0.0, |law| law.sample(rng));
    let count = drawn as usize;
    let mut tries = TRIES * count;
    let mut lesions: Vec<Blob> = Vec::with_capacity(count);
    while lesions.len() < count {
        let centre = in_the_disc(rng);
        let near = |lesion: &Blob| {
            let (dx, dy) = (lesion.centre.0 - centre.0, lesion.centre.1 - centre.1);
            dx * dx + dy * dy < APART * APART
        };
        if tries > 0 && lesions.iter().any(near) {
            tries -= 1;
            continue;
        }
        let dark = rng.random::<f64>() < DARK;
        lesions.push(Blob {
            centre,
            radius: LESION_RADIUS,
            amplitude: if dark { -CONTRAST } else { CONTRAST },
        });
    }
    lesions
}

/// A point of the disc, each as likely.
fn in_the_disc(rng: &mut impl Rng) -> (f64, f64) {
    loop {
        let mut along = || 2.0 * rng.random::<f64>() - 1.0;
        let (x, y) = (along(), along());
        if x * x + y * y <= 1.0 {
            return (MIDDLE + RADIUS * x, MIDDLE + RADIUS * y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::Seed;

    #[test]
    fn the_retina_is_bright_in_its_disc_and_nothing_outside() {
        let retina = healthy();
        let at = |x: usize, y: usize| retina[y * SIDE + x];
        assert_eq!(at(0, 0), 0.0);
        assert_eq!(at(31, 31), 0.0);
        // 10.5 and .5 from the middle: 1 - .3 (110.5 / 225), far from the optic disc.
        assert!((at(5, 15) - (1.0 - 0.3 * 110.5 / 225.0)).abs() < 1e-12);
        // Half a pixel from the optic disc's peak.
        let fall = (-(0.5_f64 / 2.2).powi(2) / 2.0).exp();
        let known = 1.0 - 0.3 * (6.5 * 6.5 + 0.25) / 225.0 + 0.6 * fall;
        assert!((at(22, 15) - known).abs() < 1e-12);
    }

    #[test]
    fn lesions_keep_their_distance_and_stay_in_the_disc() {
        let place = Seed::run(3);
        let mut dark = 0;
        let mut all = 0;
        for case in 0..400 {
            let lesions = lesions(25.0, &mut place.stream_of(case));
            for (i, a) in lesions.iter().enumerate() {
                let out = (a.centre.0 - MIDDLE).hypot(a.centre.1 - MIDDLE);
                assert!(out <= RADIUS);
                for b in &lesions[..i] {
                    let apart = (a.centre.0 - b.centre.0).hypot(a.centre.1 - b.centre.1);
                    assert!(apart >= APART, "{apart}");
                }
                dark += usize::from(a.amplitude < 0.0);
                all += 1;
            }
        }
        let share = dark as f64 / f64::from(all);
        assert!((share - DARK).abs() < 0.02, "{share} of {all} are dark");
        let mean = f64::from(all) / 400.0;
        assert!(
            (mean - 25.0).abs() < 3.0 * (25.0_f64 / 400.0).sqrt(),
            "{mean}"
        );
    }

    #[test]
    fn a_crowd_of_lesions_finds_room_all_the_same() {
        let lesions = lesions(150.0, &mut Seed::run(3).stream());
        assert!(lesions.len() > 100);
    }
}
