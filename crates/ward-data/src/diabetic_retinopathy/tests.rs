use super::*;
use crate::known::known;
use crate::source::Source;
use crate::synthetic::{Synthetic, laws};
use ward_core::NodeId;

fn scenario(lesions: [f64; 5]) -> DiabeticRetinopathy {
    let config = DiabeticRetinopathyConfig {
        lesions,
        ..DiabeticRetinopathyConfig::default()
    };
    DiabeticRetinopathy::new(config, Seed::run(1))
}

#[test]
fn the_ceilings_are_the_known_sums() {
    for lesions in [
        [0.5, 2.0, 8.0, 15.0, 25.0],
        [0.5, 2.5, 7.0, 14.0, 24.0],
        [0.5, 2.5, 6.0, 14.0, 24.0],
    ] {
        let words = lesions.map(|mean| mean.to_string()).join("-");
        let known = |metric| known(&format!("diabetic-retinopathy/lambda={words}/{metric}"));
        let scenario = scenario(lesions);
        let counts = scenario.counts();
        known("accuracy").is(&[counts.accuracy()]);
        known("specificity").is(&counts.recalls()[..1]);
        known("sensitivity").is(&counts.recalls()[1..]);
        known("five_grade_accuracy").is(&[scenario.grades().accuracy()]);
        let threshold = (0..100).find(|count| counts.answer(*count) == 1).unwrap();
        known("threshold").is(&[threshold as f64]);
    }
}

#[test]
fn the_default_has_its_known_auc_cuts_and_majority() {
    let scenario = DiabeticRetinopathy::new(DiabeticRetinopathyConfig::default(), Seed::run(1));
    let known = |metric| known(&format!("diabetic-retinopathy/{metric}"));
    known("default/auc").is(&[scenario.counts().auc()]);
    let grades = scenario.grades();
    let first = |grade| {
        (0..100)
            .find(|count| grades.answer(*count) == grade)
            .unwrap()
    };
    known("default/five-grade-cuts").is(&[0, 1, 2, 3, 4].map(|grade| first(grade) as f64));
    known("majority").is(&[GRADES[..REFERABLE].iter().sum()]);
}

#[test]
fn whoever_counts_the_lesions_of_test_patients_reaches_the_ceiling() {
    let made = Synthetic::<DiabeticRetinopathy>::new(Default::default(), Seed::run(9));
    // A township's scanner: the count does not depend on it.
    let ideal = laws::ideal(&made, NodeId(30), 8_000);
    known("diabetic-retinopathy/lambda=0.5-2-8-15-25/accuracy").is_about(&ideal.0[name::ACCURACY]);
    known("diabetic-retinopathy/default/auc").is_about(&ideal.0[name::AUC]);
}

#[test]
fn an_image_is_the_retina_with_lesions_under_noise() {
    let made = Synthetic::<DiabeticRetinopathy>::new(
        DiabeticRetinopathyConfig {
            lesions: [0.0; 5],
            scanner: Scanners::Reference,
            ..DiabeticRetinopathyConfig::default()
        },
        Seed::run(4),
    );
    let images = 500;
    let rows = made.cases(&made.roster()[0], Split::Test, 0..images);
    let healthy = retina::healthy();
    let (mut noise, mut square) = (0.0, 0.0);
    for image in rows.features.chunks_exact(SIDE * SIDE) {
        for (pixel, known) in image.iter().zip(&healthy) {
            noise += f64::from(*pixel) - known;
            square += (f64::from(*pixel) - known).powi(2);
        }
    }
    let n = (images as usize * SIDE * SIDE) as f64;
    assert!((noise / n).abs() < 4.0 * NOISE / n.sqrt());
    assert!(((square / n).sqrt() / NOISE - 1.0).abs() < 4.0 / (2.0 * n).sqrt());
}

#[test]
fn a_case_alone_is_the_case_in_its_batch() {
    let made = Synthetic::<DiabeticRetinopathy>::new(Default::default(), Seed::run(5));
    laws::case_alone(&made, NodeId(30), 12);
}

#[test]
fn a_scanner_moves_no_label_and_doctors_move_nothing_else() {
    laws::labels_stay::<DiabeticRetinopathy>(|c| c.scanner = Scanners::Optics);
    laws::doctors_change_labels_alone::<DiabeticRetinopathy>(|misdiagnosis| {
        DiabeticRetinopathyConfig {
            misdiagnosis,
            ..DiabeticRetinopathyConfig::default()
        }
    });
}

#[test]
fn hospitals_depend_on_nobody_and_on_no_thread() {
    laws::threads_do_not_matter::<DiabeticRetinopathy>(&DiabeticRetinopathyConfig::default());
    laws::newcomers_change_nothing::<DiabeticRetinopathy>(|population| DiabeticRetinopathyConfig {
        population,
        ..DiabeticRetinopathyConfig::default()
    });
}

#[test]
fn settings_out_of_range_are_named() {
    let told = |lesions| {
        let problems = DiabeticRetinopathy::problems(&scenario(lesions).config, "d");
        problems
            .into_iter()
            .map(|p| format!("{} {}", p.path, p.message))
            .collect::<Vec<_>>()
    };
    let wrong = told([0.5, 2.0, 8.0, 15.0, 101.0]);
    assert!(wrong[0].starts_with("d.lesions a mean number of lesions is 0 to 100"));
    assert!(told([0.5, 0.4, 8.0, 15.0, 25.0])[0].contains("higher grade"));
    assert!(told([f64::NAN, 2.0, 8.0, 15.0, 25.0])[0].contains("0 to 100"));
}
