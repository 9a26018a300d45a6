use super::*;
use crate::known::known;
use crate::source::Source;
use crate::synthetic::{Synthetic, laws};
use ward_core::NodeId;

fn scenario(change: impl FnOnce(&mut OralPathologyConfig)) -> OralPathology {
    let mut config = OralPathologyConfig::default();
    change(&mut config);
    OralPathology::new(config, Seed::run(1))
}

#[test]
fn the_ceilings_are_the_known_sums() {
    for nuclei in [[14.0, 26.0, 46.0], [14.0, 28.0, 54.0]] {
        for k in [12.0, 20.0, 40.0] {
            let counts = scenario(|c| (c.nuclei, c.k) = (nuclei, k)).counts();
            let words = nuclei.map(|mean| mean.to_string()).join("-");
            let known = |metric| known(&format!("oral-pathology/mu={words}/k={k}/{metric}"));
            known("accuracy").is(&[counts.accuracy()]);
            let cancer = counts.merged(&[0, 0, 1]);
            known("cancer_vs_rest_accuracy").is(&[cancer.accuracy()]);
        }
    }
    let counts = scenario(|_| ()).counts();
    known("oral-pathology/default/recalls").is(&counts.recalls());
    let first = |class| {
        (0..100)
            .find(|count| counts.answer(*count) == class)
            .unwrap()
    };
    known("oral-pathology/default/cuts").is(&[0, 1, 2].map(|class| first(class) as f64));
}

#[test]
fn whoever_counts_the_nuclei_of_test_fields_reaches_the_ceiling() {
    let made = Synthetic::<OralPathology>::new(Default::default(), Seed::run(9));
    let ideal = laws::ideal(&made, NodeId(30), 8_000);
    known("oral-pathology/mu=14-28-54/k=20/accuracy").is_about(&ideal.0[name::ACCURACY]);
}

#[test]
fn the_mean_pixel_falls_with_the_number_of_nuclei() {
    let made = Synthetic::<OralPathology>::new(
        OralPathologyConfig {
            scanner: Scanners::Reference,
            ..OralPathologyConfig::default()
        },
        Seed::run(4),
    );
    let rows = made.cases(&made.roster()[0], Split::Test, 0..3_000);
    // A nucleus of radius r takes .45 * 2 pi r^2 of 1,024 pixels; r^2 is 1.4667 on average.
    let each = CONTRAST * 2.0 * std::f64::consts::PI * 4.4 / 3.0 / 1_024.0;
    for (class, mean) in [14.0, 28.0, 54.0].into_iter().enumerate() {
        let of_class = (0..rows.len()).filter(|i| usize::from(rows.labels[*i]) == class);
        let pixels: Vec<f64> = of_class
            .flat_map(|i| rows.row(i).iter().map(|pixel| f64::from(*pixel)))
            .collect();
        let found = pixels.iter().sum::<f64>() / pixels.len() as f64;
        let fields = pixels.len() as f64 / 1_024.0;
        // The variance of a count is its mean and mean^2 / k; radii add a little.
        let error = each * (1.1 * (mean + mean * mean / 20.0) / fields).sqrt();
        assert!((found - (STROMA - each * mean)).abs() < 4.0 * error);
    }
}

#[test]
fn a_case_alone_is_the_case_in_its_batch() {
    let made = Synthetic::<OralPathology>::new(Default::default(), Seed::run(5));
    laws::case_alone(&made, NodeId(30), 12);
}

#[test]
fn a_scanner_moves_no_label_and_doctors_move_nothing_else() {
    laws::labels_stay::<OralPathology>(|c| c.scanner = Scanners::Optics);
    laws::doctors_change_labels_alone::<OralPathology>(|misdiagnosis| OralPathologyConfig {
        misdiagnosis,
        ..OralPathologyConfig::default()
    });
}

#[test]
fn hospitals_depend_on_nobody_and_on_no_thread() {
    laws::threads_do_not_matter::<OralPathology>(&OralPathologyConfig::default());
    laws::newcomers_change_nothing::<OralPathology>(|population| OralPathologyConfig {
        population,
        ..OralPathologyConfig::default()
    });
}

#[test]
fn settings_out_of_range_are_named() {
    let config = OralPathologyConfig {
        nuclei: [14.0, 0.0, 101.0],
        k: 0.0,
        ..OralPathologyConfig::default()
    };
    let problems = OralPathology::problems(&config, "d");
    let paths: Vec<&str> = problems.iter().map(|p| p.path.as_str()).collect();
    assert_eq!(paths, ["d.nuclei", "d.nuclei", "d.nuclei", "d.k"]);
}
