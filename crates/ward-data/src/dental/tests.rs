use super::*;
use crate::known::known;
use crate::misdiagnosis::Misdiagnosis;
use crate::source::Source;
use crate::synthetic::{Synthetic, laws};
use ward_core::NodeId;

fn made(change: impl FnOnce(&mut DentalConfig)) -> Synthetic<Dental> {
    let mut config = DentalConfig::default();
    change(&mut config);
    Synthetic::new(config, Seed::run(3))
}

#[test]
fn the_signs_are_orthonormal_and_run_row_by_row() {
    let signs = pattern::patterns();
    assert_eq!(signs.len(), CLASSES);
    let dot = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    for (i, a) in signs.iter().enumerate() {
        for (j, b) in signs.iter().enumerate() {
            let known = if i == j { 1.0 } else { 0.0 };
            assert!((dot(a, b) - known).abs() < 1e-12);
        }
    }
    // (0, 1) is the same in every row, and (5, 1), the last, is not.
    let first = &signs[0];
    assert_eq!(first[..SIDE], first[SIDE..2 * SIDE]);
    let half = std::f64::consts::PI / 56.0;
    let known = 2.0 / 28.0 * (5.0 * half).cos() * half.cos();
    assert!((signs[30][0] - known).abs() < 1e-12);
}

#[test]
fn a_blur_weakens_signs_and_turns_none() {
    let scanner = Scanner {
        blur: 0.9,
        ..Scanner::REFERENCE
    };
    for sign in pattern::patterns() {
        let mut blurred = sign.clone();
        scanner.blur(&mut blurred, SIDE);
        let kept: f64 = sign.iter().zip(&blurred).map(|(a, b)| a * b).sum();
        assert!((0.5..1.0).contains(&kept));
        let straight = sign
            .iter()
            .zip(&blurred)
            .all(|(a, b)| (a * kept - b).abs() < 1e-12);
        assert!(straight);
    }
}

#[test]
fn the_ideal_observer_reaches_the_known_ceilings() {
    for (prior, word) in [(Prior::Uniform, "uniform"), (Prior::Zipf, "zipf")] {
        for strength in [2.5, 3.0, 3.5, 4.0] {
            let (scanner, mix) = (Scanners::Reference, ClassMix::National);
            let made =
                made(|c| (c.prior, c.strength, c.scanner, c.mix) = (prior, strength, scanner, mix));
            let ideal = laws::ideal(&made, NodeId(0), 8_000);
            let id = |metric| format!("dental/{word}/dprime={strength:.1}/{metric}");
            if (prior, strength) != (Prior::Zipf, 2.5) {
                known(&id("top1")).is_about(&ideal.0[name::ACCURACY]);
            }
            if strength > 2.5 {
                known(&id("top3")).is_about(&ideal.0[name::TOP_3]);
            }
        }
    }
}

#[test]
fn a_worse_scanner_lowers_the_ceiling() {
    let made = made(|_| ());
    let best = |node| laws::ideal(&made, NodeId(node), 4_000).0[name::ACCURACY].value;
    // Tertiary, county, township: sharp, then blurred and noisy.
    let [tertiary, county, township] = [0, 6, 18].map(best);
    assert!(tertiary > county + 0.05 && county > township + 0.05);
}

#[test]
fn only_training_has_the_hospitals_own_mix() {
    let made = made(|c| c.misdiagnosis = Misdiagnosis::None);
    let info = &made.roster()[0];
    let mix = made.differences(info).mix;
    let share = |split, class| {
        let rows = made.cases(info, split, 0..6_000);
        rows.count(class) as f64 / 6_000.0
    };
    let error = |share: f64| 4.0 * (share * (1.0 - share) / 6_000.0).sqrt() + 1e-3;
    let zipf = Prior::Zipf.shares();
    assert!((zipf[0] - 0.248_309).abs() < 1e-6);
    for class in [0, 1, 30] {
        let (own, national) = (mix[usize::from(class)], zipf[usize::from(class)]);
        assert!((share(Split::Train, class) - own).abs() < error(own));
        assert!((share(Split::Test, class) - national).abs() < error(national));
    }
}

#[test]
fn a_case_alone_is_the_case_in_its_batch() {
    laws::case_alone(&made(|_| ()), NodeId(30), 12);
}

#[test]
fn a_scanner_moves_no_label_and_doctors_move_nothing_else() {
    laws::labels_stay::<Dental>(|c| c.scanner = Scanners::Optics);
    laws::doctors_change_labels_alone::<Dental>(|misdiagnosis| DentalConfig {
        misdiagnosis,
        ..DentalConfig::default()
    });
}

#[test]
fn hospitals_depend_on_nobody_and_on_no_thread() {
    laws::threads_do_not_matter::<Dental>(&DentalConfig::default());
    laws::newcomers_change_nothing::<Dental>(|population| DentalConfig {
        population,
        ..DentalConfig::default()
    });
}

#[test]
fn settings_out_of_range_are_named() {
    let config = DentalConfig {
        strength: 0.0,
        mix: ClassMix::Dirichlet(0.0),
        ..DentalConfig::default()
    };
    let problems = Dental::problems(&config, "data.dental");
    let paths: Vec<&str> = problems.iter().map(|p| p.path.as_str()).collect();
    assert_eq!(paths, ["data.dental.strength", "data.dental.mix.dirichlet"]);
}
