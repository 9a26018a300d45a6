use super::*;

fn scenario(change: impl FnOnce(&mut EmrRiskConfig)) -> EmrRisk {
    let mut config = EmrRiskConfig::default();
    change(&mut config);
    EmrRisk::new(config, Seed::run(7))
}

#[test]
fn the_quadrature_gives_the_known_figures() {
    let close = |got: f64, known: f64, tolerance: f64| {
        assert!((got - known).abs() < tolerance, "{got} is not {known}");
    };
    let national = quadrature(1.0, 0.0);
    close(national.auc, 0.8391, 5e-5);
    close(national.accuracy, 0.7889, 5e-5);
    close(national.prevalence, 0.3098, 5e-5);
    close(quadrature(0.8, 0.0).auc, 0.7995, 5e-5);
    close(quadrature(1.3, 0.0).auc, 0.8812, 5e-5);
    for (shift, auc) in [(-0.8, 0.845), (-0.4, 0.842), (0.4, 0.837), (0.8, 0.836)] {
        close(quadrature(1.0, shift).auc, auc, 6e-4);
    }
}

#[test]
fn the_ideal_observer_reaches_the_ceiling_and_no_more() {
    let scenario = scenario(|_| ());
    let (mut scores, mut labels) = (Vec::new(), Vec::new());
    for node in 0..9 {
        let info = &scenario.roster[node];
        let (test, ideal) = scenario.cases(info, Split::Test, 0..600);
        scores.extend(ideal);
        labels.extend(test.labels);
    }
    let auc = ward_core::metric::auc(&scores, &labels).unwrap();
    assert!(
        (auc.value - 0.8391).abs() < 3.0 * auc.standard_error,
        "{auc:?}"
    );
    let share = labels.iter().filter(|l| **l > 0).count() as f64 / labels.len() as f64;
    assert!((share - 0.3098).abs() < 3.0 * (0.31 * 0.69 / labels.len() as f64).sqrt());
}

#[test]
fn a_case_alone_is_the_case_in_its_batch() {
    let scenario = scenario(|c| (c.shift, c.units) = (true, Units::Mixed));
    let info = &scenario.roster[12];
    for split in [Split::Train, Split::Test] {
        let (batch, ideal) = scenario.cases(info, split, 0..50);
        for case in (0..50).rev() {
            let (one, score) = scenario.cases(info, split, case..case + 1);
            assert_eq!(one.row(0), batch.row(case as usize));
            assert_eq!(one.labels[0], batch.labels[case as usize]);
            assert_eq!(score[0], ideal[case as usize]);
        }
    }
}

#[test]
fn a_switch_turned_on_and_off_leaves_everything_as_it_was() {
    let plain = scenario(|_| ()).hospital(NodeId(20)).unwrap();
    let clean = scenario(|c| c.misdiagnosis = Misdiagnosis::None)
        .hospital(NodeId(20))
        .unwrap();
    assert_eq!(plain.train.features, clean.train.features);
    assert_eq!(plain.test, clean.test);
    let wrong = plain
        .train
        .labels
        .iter()
        .zip(&clean.train.labels)
        .filter(|(a, b)| a != b)
        .count();
    assert!(
        (15..42).contains(&wrong),
        "{wrong} of 80 labels flipped at .35"
    );

    let mixed = scenario(|c| c.units = Units::Mixed)
        .hospital(NodeId(20))
        .unwrap();
    assert_eq!(mixed.train.labels, plain.train.labels);
    assert_ne!(mixed.train.features, plain.train.features);
    let harmonised = scenario(|c| (c.units, c.harmonise) = (Units::Mixed, true));
    assert_eq!(harmonised.hospital(NodeId(20)).unwrap().train, plain.train);
}

#[test]
fn hospitals_already_there_do_not_notice_new_ones() {
    let seed = Seed::run(3);
    let of = |population| {
        let config = EmrRiskConfig {
            population,
            shift: true,
            ..EmrRiskConfig::default()
        };
        EmrRisk::new(config, seed)
    };
    let (small, large) = (of(Population::Province21), of(Population::Province42));
    // The first three are tertiary in both; the test rows are shared out differently.
    for node in 0..3 {
        let (a, b) = (
            small.hospital(NodeId(node)).unwrap(),
            large.hospital(NodeId(node)).unwrap(),
        );
        assert_eq!(a.train, b.train);
        assert_eq!(a.test.row(5), b.test.row(5));
    }
}

#[test]
fn units_are_mixed_as_often_as_the_tier_says() {
    let config = EmrRiskConfig {
        population: Population::China100,
        units: Units::Mixed,
        ..EmrRiskConfig::default()
    };
    let scenario = EmrRisk::new(config, Seed::run(1));
    let share = |tier: &str| {
        let of_tier = scenario.roster.iter().filter(|info| info.tier == tier);
        let (mut other, mut all) = (0, 0);
        for info in of_tier {
            let profile = scenario.profile(info);
            other += profile.other_unit.iter().filter(|o| **o).count();
            all += MIXED_LABS;
        }
        other as f64 / all as f64
    };
    assert!((share("county") - 0.35).abs() < 0.07);
    assert!((share("township") - 0.50).abs() < 0.05);
}

#[test]
fn flipped_labels_give_the_known_accuracy_and_prevalence() {
    // (1 - rho) a + rho (1 - a), and the prevalence of flipped labels.
    for (rho, accuracy, prevalence) in [
        (0.05, 0.760, 0.329),
        (0.15, 0.702, 0.367),
        (0.35, 0.587, 0.443),
    ] {
        let exact = quadrature(1.0, 0.0);
        let on_flipped = (1.0 - rho) * exact.accuracy + rho * (1.0 - exact.accuracy);
        assert!((on_flipped - accuracy).abs() < 6e-4);
        let flipped = exact.prevalence * (1.0 - rho) + (1.0 - exact.prevalence) * rho;
        assert!((flipped - prevalence).abs() < 6e-4);
    }
}
