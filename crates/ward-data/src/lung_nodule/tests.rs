use ward_core::{Estimate, NodeId};

use super::*;
use crate::known::known;
use crate::misdiagnosis::Misdiagnosis;
use crate::source::Source;
use crate::synthetic::{Synthetic, laws, observed};

type Made = Synthetic<LungNodule>;

fn close(got: f64, known: f64, tolerance: f64) {
    assert!((got - known).abs() <= tolerance, "{got} is not {known}");
}

#[test]
fn the_phantom_has_its_known_geometry() {
    let lung = (0..phantom::PIXELS)
        .filter(|i| phantom::in_lung(i % SIDE, i / SIDE))
        .count();
    assert_eq!(lung, 350);
    let centres = phantom::centres();
    assert_eq!(centres.len(), 86);
    let row =
        |y: usize| -> Vec<usize> { centres.iter().filter(|c| c.1 == y).map(|c| c.0).collect() };
    assert_eq!(row(5), [7, 9, 17, 19, 21]);
    assert_eq!(row(11), [3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23]);
}

#[test]
fn the_noise_has_its_known_kernel_and_covariance() {
    let known = [
        0.083026, 0.25221, 0.491239, 0.613483, 0.491239, 0.25221, 0.083026,
    ];
    for (got, known) in phantom::kernel().into_iter().zip(known) {
        close(got, known, 1e-6);
    }
    // The covariance is the spectrum's inverse transform.
    let spectrum = phantom::noise_spectrum(1.0);
    let covariance = |dx: usize, dy: usize| -> f64 {
        let wave = |i: usize| {
            let turns = ((i % SIDE) * dx + (i / SIDE) * dy) as f64 / SIDE as f64;
            (2.0 * std::f64::consts::PI * turns).cos()
        };
        spectrum
            .iter()
            .enumerate()
            .map(|(i, s)| s * wave(i))
            .sum::<f64>()
            / phantom::PIXELS as f64
    };
    close(covariance(0, 0), 0.045, 1e-7);
    close(covariance(1, 0), 0.020_079_11, 1e-7);
    close(covariance(1, 1), 0.017_918_7, 1e-7);
    close(covariance(2, 0), 0.014_227_67, 1e-7);
    close(covariance(7, 0), 0.0, 1e-7);
}

#[test]
fn a_nodule_at_a_known_place_has_its_known_dprime() {
    let observer = Observer::new(Scanner::REFERENCE, 0.75);
    let place = phantom::centres()
        .iter()
        .position(|c| *c == (9, 13))
        .unwrap();
    for (index, known) in [4.727_007, 4.523_348, 4.967_281].into_iter().enumerate() {
        close(
            observer.squared_dprimes()[3 * place + index].sqrt(),
            known,
            1e-5,
        );
    }
}

#[test]
fn the_mean_nodule_has_its_known_dprime_by_tier_and_amplitude() {
    let scanner = |blur, noise_factor| Scanner {
        blur,
        noise_factor,
        ..Scanner::REFERENCE
    };
    let rms = |scanner, amplitude| {
        let observer = Observer::new(scanner, amplitude);
        let squares = observer.squared_dprimes();
        (squares.iter().sum::<f64>() / squares.len() as f64).sqrt()
    };
    close(rms(scanner(0.0, 1.0), 0.55), 3.48476, 2e-5);
    close(rms(scanner(0.0, 1.0), 0.75), 4.75194, 2e-5);
    close(rms(scanner(0.5, 1.25), 0.55), 2.58737, 2e-5);
}

/// The ideal observer's AUC over the first `hospitals` hospitals of a tier.
fn reached(tier: &str, hospitals: usize) -> Estimate {
    let config = LungNoduleConfig::default();
    let made = Made::new(config, Seed::run(11));
    let parts: Vec<Estimate> = made
        .roster()
        .iter()
        .filter(|info| info.tier == tier)
        .take(hospitals)
        .map(|info| {
            let test = made.cases(info, Split::Test, 0..1_000);
            observed(&made.scenario, &made.differences(info), &test).0[name::AUC]
        })
        .collect();
    Estimate::combine(&parts).unwrap()
}

#[test]
fn the_ideal_observer_reaches_the_known_ceiling_in_every_tier() {
    for tier in ["tertiary", "county", "township"] {
        known(&format!("lung-nodule/{tier}/amp=0.75/auc")).is_about(&reached(tier, 3));
    }
}

#[test]
fn a_case_alone_is_the_case_in_its_batch() {
    laws::case_alone(
        &Made::new(LungNoduleConfig::default(), Seed::run(5)),
        NodeId(30),
        12,
    );
}

#[test]
fn switches_leave_all_other_draws_in_place() {
    let of = |change: fn(&mut LungNoduleConfig)| {
        let mut config = LungNoduleConfig::default();
        change(&mut config);
        let made = Made::new(config, Seed::run(5));
        made.cases(&made.roster()[40], Split::Train, 0..40)
    };
    let plain = of(|_| ());
    let clean = of(|c| c.misdiagnosis = Misdiagnosis::None);
    assert_eq!(plain.features, clean.features);
    assert_ne!(plain.labels, clean.labels);
    let reference = of(|c| c.scanner = Scanners::Reference);
    assert_eq!(reference.labels, plain.labels);
    assert_ne!(reference.features, plain.features);
}

#[test]
fn hospitals_depend_on_nobody_and_on_no_thread() {
    laws::newcomers_change_nothing::<LungNodule>(|population| LungNoduleConfig {
        population,
        ..LungNoduleConfig::default()
    });
}
