//! The noise has the distribution that it is accounted for.

use std::collections::BTreeMap;

use ward_core::{RingSpec, Seed};

use crate::dp::continuous::gaussian_noise;
use crate::dp::discrete_gaussian::MOST_VARIANCE;
use crate::dp::special::upper_tail;
use crate::dp::{DiscreteGaussian, Invalid, NoiseRng, distributed};

fn rng(seed: u64) -> NoiseRng {
    NoiseRng::simulated(Seed::run(seed))
}

fn draws(deviation: f64, count: usize, seed: u64) -> Vec<i64> {
    let noise = DiscreteGaussian::new(deviation * deviation).unwrap();
    noise.draws(count, &mut rng(seed))
}

#[test]
fn small_numbers_are_as_frequent_as_they_should_be() {
    // Probabilities of 0 to 3 by their definition, summed at 40 digits.
    let known = [
        (
            1.0,
            [
                0.398_942_278_267,
                0.241_970_723_224,
                0.053_990_966_224,
                0.004_431_848_388,
            ],
        ),
        (
            2.0,
            [
                0.199_471_140_201,
                0.176_032_663_382,
                0.120_985_362_26,
                0.064_758_797_833,
            ],
        ),
        (
            4.0,
            [
                0.099_735_570_1,
                0.096_667_029_201,
                0.088_016_331_691,
                0.075_284_358_039,
            ],
        ),
    ];
    const COUNT: usize = 200_000;
    for (deviation, masses) in known {
        let mut counts: BTreeMap<i64, f64> = BTreeMap::new();
        for draw in draws(deviation, COUNT, 1) {
            *counts.entry(draw).or_default() += 1.0;
        }
        // Seven numbers, and all others together: chi-square with 7 degrees of freedom.
        let (mut chi, mut rest, mut rest_mass) = (0.0, COUNT as f64, 1.0);
        for x in -3..=3_i64 {
            let (mass, count) = (masses[x.unsigned_abs() as usize], counts[&x]);
            chi += (count - mass * COUNT as f64).powi(2) / (mass * COUNT as f64);
            rest -= count;
            rest_mass -= mass;
        }
        chi += (rest - rest_mass * COUNT as f64).powi(2) / (rest_mass * COUNT as f64);
        // Exceeded once in 100,000 times.
        assert!(chi < 35.0, "chi-square {chi} at {deviation}");
    }
}

#[test]
fn variance_and_symmetry_are_right() {
    for (deviation, variance) in [(1.0, 0.999_999_788_77), (4096.0, 4096.0 * 4096.0)] {
        let draws = draws(deviation, 200_000, 2);
        let n = draws.len() as f64;
        let mean = draws.iter().map(|&x| x as f64).sum::<f64>() / n;
        let square = draws.iter().map(|&x| (x as f64).powi(2)).sum::<f64>() / n;
        let odd = draws
            .iter()
            .map(|&x| (x as f64 / deviation).powi(3))
            .sum::<f64>()
            / n;
        let error = 5.0 / n.sqrt();
        assert!((mean / deviation).abs() < error, "mean {mean}");
        assert!(
            (square / variance - 1.0).abs() < error * 2.0_f64.sqrt(),
            "{square}"
        );
        assert!(odd.abs() < error * 15.0_f64.sqrt(), "third moment {odd}");
    }
}

#[test]
fn large_noise_has_no_gaps() {
    const COUNT: usize = 160_000;
    let mut residues = [0_f64; 16];
    for draw in draws(4096.0, COUNT, 3) {
        residues[draw.rem_euclid(16) as usize] += 1.0;
    }
    let expected = COUNT as f64 / 16.0;
    let deviation = (expected * 15.0 / 16.0).sqrt();
    for count in residues {
        assert!((count - expected).abs() < 5.0 * deviation, "{residues:?}");
    }
}

/// The largest distance between the distribution of `sorted` and the normal one (Kolmogorov and Smirnov), in
/// units in which 2.5 is exceeded less than once in 100,000 times.
fn distance_from_normal(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let n = numbers.len() as f64;
    let gap = |(i, x): (usize, &f64)| {
        let expected = upper_tail(-x);
        let (low, high) = (i as f64 / n, (i + 1) as f64 / n);
        (expected - low).abs().max((expected - high).abs())
    };
    numbers.iter().enumerate().map(gap).fold(0.0, f64::max) * n.sqrt()
}

#[test]
fn large_noise_and_continuous_noise_are_normal() {
    let discrete = draws(f64::from(1 << 20), 50_000, 4);
    let discrete = discrete.into_iter().map(|x| x as f64 / f64::from(1 << 20));
    let distance = distance_from_normal(discrete.collect());
    assert!(distance < 2.5, "{distance}");
    let continuous = gaussian_noise(50_001, 3.0, &mut rng(5));
    assert_eq!(continuous.len(), 50_001);
    let distance = distance_from_normal(continuous.iter().map(|&x| f64::from(x) / 3.0).collect());
    assert!(distance < 2.5, "{distance}");
}

#[test]
fn shares_add_up_to_the_noise_of_the_sum() {
    let ring = RingSpec {
        fraction_bits: 20,
        range: 4.0,
        most_weight: 1,
    };
    let share = distributed::share(2.0, 0.5, 100, &ring, 4).unwrap();
    let mut rng = rng(6);
    let sums = (0..20_000).map(|_| share.draws(4, &mut rng).iter().sum::<i64>() as f64);
    // A clip norm of 2^19 steps, and half a step in each of 100 numbers.
    let deviation = 2.0 * (f64::from(1 << 19) + 5.0);
    let distance = distance_from_normal(sums.map(|sum| sum / deviation).collect());
    assert!(distance < 2.5, "{distance}");
}

#[test]
fn noise_on_words_wraps_with_them() {
    let mut words = [5, 0, u64::MAX];
    distributed::add(&mut words, &[-7, 3, 1]);
    assert_eq!(words, [(-2_i64).cast_unsigned(), 3, 0]);
}

#[test]
fn extreme_variances_are_drawn_or_refused() {
    let tiny = DiscreteGaussian::new(1e-9).unwrap();
    assert_eq!(tiny.draws(100, &mut rng(7)), [0; 100]);
    let huge = DiscreteGaussian::new(MOST_VARIANCE).unwrap();
    let far = huge
        .draws(1_000, &mut rng(8))
        .iter()
        .map(|x| x.unsigned_abs())
        .max()
        .unwrap();
    assert!(far > 1 << 26 && far < 6 << 26, "{far}");
    for variance in [0.0, -1.0, f64::NAN, f64::INFINITY, 2.0 * MOST_VARIANCE] {
        assert!(matches!(
            DiscreteGaussian::new(variance),
            Err(Invalid::Variance(_))
        ));
    }
}

#[test]
fn only_a_simulated_source_repeats() {
    let noise = DiscreteGaussian::new(1e12).unwrap();
    let draw = |mut rng: NoiseRng| noise.draws(4, &mut rng);
    assert_eq!(draw(rng(1)), draw(rng(1)));
    assert_ne!(draw(rng(1)), draw(rng(2)));
    assert_ne!(
        draw(NoiseRng::from_os().unwrap()),
        draw(NoiseRng::from_os().unwrap())
    );
}

#[test]
fn nothing_that_is_deployed_names_the_source_that_repeats() {
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut folders = vec![crates];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.to_string_lossy();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".rs") {
                seen += 1;
                let text = std::fs::read_to_string(&path).unwrap();
                let may = name.contains("/ward-privacy/");
                assert!(may || !text.contains("NoiseRng::simulated"), "{name}");
                let deployed = [
                    "/ward-net/",
                    "/commands/hospital.rs",
                    "/commands/coordinator.rs",
                ];
                let deployed = deployed.iter().any(|home| name.contains(home));
                assert!(!deployed || !text.contains("Source::Simulated"), "{name}");
            }
        }
    }
    assert!(seen > 100, "{seen} files");
}
