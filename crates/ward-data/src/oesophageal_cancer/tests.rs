use super::*;
use crate::known::known;
use crate::source::Source;
use crate::synthetic::{Synthetic, laws};
use ward_core::NodeId;

fn made(change: impl FnOnce(&mut OesophagealCancerConfig)) -> Synthetic<OesophagealCancer> {
    let mut config = OesophagealCancerConfig::default();
    change(&mut config);
    Synthetic::new(config, Seed::run(3))
}

#[test]
fn the_ideal_observer_reaches_the_known_ceilings() {
    for grain in [1.06, 1.08, 1.2] {
        let made = made(|c| (c.grain, c.scanner) = (grain, Scanners::Reference));
        let ideal = laws::ideal(&made, NodeId(0), 2_000);
        let known = |metric| known(&format!("oesophageal-cancer/l1={grain}/{metric}"));
        known(name::BALANCED_ACCURACY).is_about(&ideal.0[name::BALANCED_ACCURACY]);
        known(name::AUC).is_about(&ideal.0[name::AUC]);
    }
}

#[test]
fn a_worse_scanner_lowers_the_ceiling() {
    let made = made(|c| c.grain = 1.08);
    let best = |node| laws::ideal(&made, NodeId(node), 700).0[name::AUC].value;
    // Tertiary, county, township: sharp, then blurred and noisy.
    let [tertiary, county, township] = [0, 6, 18].map(best);
    assert!(tertiary > county + 0.05 && county > township + 0.05);
}

#[test]
fn no_pixel_and_no_histogram_tells_the_classes_apart() {
    let made = made(|c| c.scanner = Scanners::Reference);
    let rows = made.cases(&made.roster()[0], Split::Test, 0..4_000);
    for class in [0, 1] {
        let images: Vec<&[f32]> = (0..rows.len())
            .filter(|i| rows.labels[*i] == class)
            .map(|i| rows.row(i))
            .collect();
        let n = images.len() as f64;
        let mean_of = |pixel: usize| images.iter().map(|i| f64::from(i[pixel])).sum::<f64>() / n;
        // Mean 0 at every pixel; the variance of a pixel is 1 + .5^2.
        let squares: f64 = (0..SIDE * SIDE).map(|p| mean_of(p).powi(2)).sum();
        let expected = (SIDE * SIDE) as f64 * 1.25 / n;
        assert!(
            (squares / expected - 1.0).abs() < 0.5,
            "{squares} is not {expected}"
        );
        let power = images
            .iter()
            .flat_map(|i| i.iter().map(|v| f64::from(*v).powi(2)));
        let variance = power.sum::<f64>() / (n * (SIDE * SIDE) as f64);
        assert!((variance - 1.25).abs() < 0.01, "{variance}");
    }
}

#[test]
fn a_case_alone_is_the_case_in_its_batch() {
    laws::case_alone(&made(|_| ()), NodeId(30), 12);
}

#[test]
fn a_scanner_moves_no_label_and_doctors_move_nothing_else() {
    laws::labels_stay::<OesophagealCancer>(|c| c.scanner = Scanners::Optics);
    laws::doctors_change_labels_alone::<OesophagealCancer>(|misdiagnosis| {
        OesophagealCancerConfig {
            misdiagnosis,
            ..OesophagealCancerConfig::default()
        }
    });
}

#[test]
fn hospitals_depend_on_nobody_and_on_no_thread() {
    laws::threads_do_not_matter::<OesophagealCancer>(&OesophagealCancerConfig::default());
    laws::newcomers_change_nothing::<OesophagealCancer>(|population| OesophagealCancerConfig {
        population,
        ..OesophagealCancerConfig::default()
    });
}

#[test]
fn settings_out_of_range_are_named() {
    for grain in [1.0, 4.1, f64::NAN] {
        let config = OesophagealCancerConfig {
            grain,
            ..OesophagealCancerConfig::default()
        };
        let problems = OesophagealCancer::problems(&config, "d");
        assert_eq!(problems[0].path, "d.grain");
    }
}
