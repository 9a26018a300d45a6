//! A proof by statistics that the noise is there, on the path that an update takes: clipped, encoded, noised,
//! added up in the ring, decoded. Three builds that are broken on purpose must be noticed.

use ward_core::{RingSpec, Seed, Upload};

use crate::dp::audit::{Guesses, one_run};
use crate::dp::clipping::clip;
use crate::dp::{Event, NoiseRng, Sampling, account, distributed};
use crate::ring::{self, RingSum};

const RING: RingSpec = RingSpec {
    fraction_bits: 20,
    range: 8.0,
    most_weight: 1,
};
const HOSPITALS: u32 = 4;
const LENGTH: usize = 3;
const CLIP: f64 = 0.5;
const DELTA: f64 = 1e-5;
/// Releases with the canary, and as many without.
const RELEASES: u64 = 2_000;

/// What may be wrong with a build.
#[derive(Debug, Clone, Copy)]
struct Build {
    noise_scale: f64,
    clips: bool,
}

const SOUND: Build = Build {
    noise_scale: 1.0,
    clips: true,
};

/// The first number of the sum that is released.
fn release(build: Build, canary: bool, rng: &mut NoiseRng) -> f64 {
    let z = build.noise_scale;
    let share = distributed::share(z, CLIP, LENGTH, &RING, HOSPITALS).unwrap();
    let mut sum = RingSum::new(LENGTH, RING);
    for hospital in 0..HOSPITALS {
        let noise = share.draws(LENGTH, rng);
        // The canary is twice as long as the clip allows.
        let first = if canary && hospital == 0 {
            2.0 * CLIP as f32
        } else {
            0.0
        };
        let mut update = [first, 0.0, 0.0];
        if build.clips {
            clip(&mut update, CLIP);
        }
        let mut words = ring::encode(&update, 1, &RING).unwrap();
        distributed::add(&mut words, &noise);
        sum.add(&Upload {
            words: words.into(),
            weight: 1,
            loss: 0.0,
        });
    }
    f64::from(sum.mean().0[0]) * f64::from(HOSPITALS)
}

/// The epsilon that a build shows at 99.99 % confidence.
fn shown(build: Build, seed: u64) -> f64 {
    let mut rng = NoiseRng::simulated(Seed::run(seed).child("audit", 0));
    let mut guesses = Guesses::default();
    for trial in 0..2 * RELEASES {
        let present = trial % 2 == 0;
        let suspected = release(build, present, &mut rng) > CLIP / 2.0;
        guesses.count(present, suspected);
    }
    guesses.epsilon(DELTA, 0.9999)
}

fn claimed() -> f64 {
    let once = Event::new(Sampling::FullBatch, 1.0, 1).unwrap();
    account::epsilon(&[once], DELTA).unwrap().epsilon.0
}

#[test]
fn a_sound_build_shows_less_than_it_claims_and_most_of_it() {
    assert!((claimed() - 4.377).abs() < 0.001);
    for seed in 0..3 {
        let shown = shown(SOUND, seed);
        assert!(shown < claimed() && shown > 2.8, "{shown}");
    }
}

#[test]
fn a_build_with_less_noise_or_no_clip_shows_more_than_it_claims() {
    let mutants = [
        Build {
            noise_scale: 0.7,
            ..SOUND
        },
        Build {
            noise_scale: 0.5,
            ..SOUND
        },
        Build {
            clips: false,
            ..SOUND
        },
    ];
    for build in mutants {
        for seed in 0..3 {
            let shown = shown(build, seed);
            assert!(
                shown > claimed(),
                "{build:?} shows {shown} with seed {seed}"
            );
        }
    }
}

#[test]
fn one_run_shows_what_is_known() {
    for (canaries, guesses, right, delta, epsilon) in [
        (100, 100, 80, 0.0, 0.958_392),
        (1_000, 100, 100, 1e-5, 3.465_376),
        (1_000, 200, 180, 1e-5, 1.796_285),
        (5_000, 500, 480, 1e-5, 2.783_021),
        (1_000, 1_000, 600, 0.0, 0.297_468),
        (1_000, 60, 60, 1e-5, 2.943_889),
    ] {
        let found = one_run(canaries, guesses, right, delta);
        assert!((found - epsilon).abs() < 2e-6, "{found} for {epsilon}");
    }
    assert_eq!(one_run(100, 100, 50, 0.0), 0.0);
}

#[test]
fn guesses_that_are_no_better_than_chance_show_nothing() {
    let chance = Guesses {
        without: 100,
        false_alarms: 50,
        with: 100,
        missed: 50,
    };
    assert_eq!(chance.epsilon(DELTA, 0.95), 0.0);
    let hopeless = Guesses {
        without: 100,
        false_alarms: 100,
        with: 100,
        missed: 100,
    };
    assert_eq!(hopeless.epsilon(DELTA, 0.95), 0.0);
    let perfect = Guesses {
        without: 100,
        false_alarms: 0,
        with: 100,
        missed: 0,
    };
    // No error in 100: rates up to 1 - 0.025^(1/100) = 0.03622, twice the quantile 1.7968.
    let mu = 2.0 * 1.796_8;
    let expected = crate::dp::gaussian::epsilon(mu, DELTA);
    assert!((perfect.epsilon(DELTA, 0.95) - expected).abs() < 0.01);
}
