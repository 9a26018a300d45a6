use ward_core::{NodeId, RoundId};

use super::*;
use crate::consent::{Consent, Withdrawal};
use crate::misdiagnosis::Misdiagnosis;
use crate::source::Source;
use crate::synthetic::{Synthetic, laws, observed};

type Made = Synthetic<EmrRisk>;

fn scenario(change: impl FnOnce(&mut EmrRiskConfig)) -> Made {
    let mut config = EmrRiskConfig::default();
    change(&mut config);
    Made::new(config, Seed::run(7))
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
    let mut test = Rows::empty(&[12]);
    for info in &scenario.roster()[..9] {
        test.extend(&scenario.cases(info, Split::Test, 0..600));
    }
    let habits = scenario.differences(&scenario.roster()[0]);
    let auc = observed(&scenario.scenario, &habits, &test).0[name::AUC];
    assert!(
        (auc.value - 0.8391).abs() < 3.0 * auc.standard_error,
        "{auc:?}"
    );
    let share = test.count(1) as f64 / test.len() as f64;
    assert!((share - 0.3098).abs() < 3.0 * (0.31 * 0.69 / test.len() as f64).sqrt());
}

#[test]
fn the_ideal_observer_sees_through_units_and_shifts() {
    let plain = scenario(|_| ());
    let known = plain.cases(&plain.roster()[20], Split::Test, 0..50);
    let observe = |made: &Made, rows: &Rows| {
        let habits = made.differences(&made.roster()[20]);
        let mut answers = Vec::new();
        let mut observe = made.scenario.observer(&habits);
        (0..rows.len()).for_each(|i| observe(i as u64, rows.row(i), &mut answers));
        answers
    };
    let scores = observe(&plain, &known);
    for features in [Features::Log, Features::Raw, Features::Reference] {
        let chaos = scenario(|c| {
            (c.shift, c.units, c.features) = (true, Units::Mixed, features);
        });
        let seen = chaos.cases(&chaos.roster()[20], Split::Test, 0..50);
        assert_ne!(seen.features, known.features);
        for (a, b) in observe(&chaos, &seen).iter().zip(&scores) {
            assert!((a - b).abs() < 1e-4, "{a} is not {b}");
        }
    }
}

#[test]
fn a_case_alone_is_the_case_in_its_batch() {
    let scenario = scenario(|c| (c.shift, c.units) = (true, Units::Mixed));
    laws::case_alone(&scenario, NodeId(12), 50);
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
    laws::newcomers_change_nothing::<EmrRisk>(|population| EmrRiskConfig {
        population,
        shift: true,
        ..EmrRiskConfig::default()
    });
    laws::threads_do_not_matter::<EmrRisk>(&EmrRiskConfig::default());
}

#[test]
fn only_consenting_patients_are_trained_on() {
    let plain = scenario(|_| ());
    let asked = scenario(|c| c.consent = Consent::Asked(true));
    for (node, share) in [(0, 0.90), (5, 0.80)] {
        let [all, some] = [&plain, &asked].map(|made| made.hospital(NodeId(node)).unwrap());
        assert_eq!(all.test, some.test);
        assert_eq!(asked.rows(NodeId(node)).0, some.train.len() as u64);
        // Each row that is left is one of all, in their order.
        let mut left = (0..all.train.len()).map(|i| all.train.row(i));
        assert!((0..some.train.len()).all(|i| left.any(|row| row == some.train.row(i))));
        let n = all.train.len() as f64;
        let found = some.train.len() as f64 / n;
        let room = 4.0 * (share * (1.0 - share) / n).sqrt();
        assert!((found - share).abs() < room, "{found} of {share}");
    }
}

#[test]
fn withdrawn_rows_leave_and_nothing_else_moves() {
    let plain = scenario(|_| ());
    let withdrawn = scenario(|c| {
        c.withdrawal = Some(Withdrawal {
            share: 0.2,
            rounds: vec![2, 4],
        });
    });
    let (node, at) = (NodeId(0), |made: &Made, round| {
        made.hospital_in(NodeId(0), RoundId(round)).unwrap()
    });
    let all = plain.hospital(node).unwrap();
    // The engine's rounds 0 and 1 come before anybody has left.
    for round in [0, 1] {
        assert_eq!(at(&withdrawn, round), all);
    }
    let mut before = all.train.clone();
    for (round, left) in [(2, 0.8), (4, 0.64)] {
        let now = at(&withdrawn, round);
        assert_eq!(now.test, all.test);
        assert_eq!(
            withdrawn.rows_in(node, RoundId(round)).0,
            now.train.len() as u64
        );
        let mut there = (0..before.len()).map(|i| (before.row(i), before.labels[i]));
        let own = |i| (now.train.row(i), now.train.labels[i]);
        assert!((0..now.train.len()).all(|i| there.any(|row| row == own(i))));
        let share = now.train.len() as f64 / all.train.len() as f64;
        let room = 4.0 * (left * (1.0 - left) / all.train.len() as f64).sqrt();
        assert!((share - left).abs() < room, "{share} is not {left}");
        before = now.train;
    }
    assert_eq!(at(&withdrawn, 3), at(&withdrawn, 2));
    let since = [0, 1, 2, 3, 4, 9].map(|round| withdrawn.since(RoundId(round)).0);
    assert_eq!(since, [0, 0, 2, 2, 4, 4]);
    // Consent is another draw: those who withdraw are as many among those who consented.
    let both = scenario(|c| {
        c.consent = Consent::Share(0.5);
        c.withdrawal = withdrawn.scenario.config.withdrawal.clone();
    });
    assert_eq!(both.present(node), 1_500);
    let (asked, left) = (both.rows(node).0, both.rows_in(node, RoundId(4)).0);
    let share = left as f64 / asked as f64;
    let room = 4.0 * (0.64 * 0.36 / asked as f64).sqrt();
    assert!((share - 0.64).abs() < room, "{share}");
}

#[test]
fn prevalence_drifts_as_the_quadrature_says() {
    let drift = "prevalence = 0.2\nevery = 2\nfeatures = { glucose = 0.1 }";
    let drifting = scenario(|c| {
        c.misdiagnosis = Misdiagnosis::None;
        c.drift = Some(toml::from_str(drift).unwrap());
    });
    let still = scenario(|c| c.misdiagnosis = Misdiagnosis::None);
    let node = NodeId(0);
    let first = still.hospital(node).unwrap();
    for round in [0, 1] {
        let there = drifting.hospital_in(node, RoundId(round)).unwrap();
        assert_eq!(
            (there.train, there.test),
            (first.train.clone(), first.test.clone())
        );
    }
    // Ten rounds are five steps: the logit has risen by 1, glucose by half a deviation.
    let later = drifting.hospital_in(node, RoundId(10)).unwrap();
    let known = quadrature(1.0, 1.0);
    let test = drifting.cases_in(&later.info, Split::Test, RoundId(10), 0..8_000);
    let share = test.count(1) as f64 / test.len() as f64;
    let room = 4.0 * (known.prevalence * (1.0 - known.prevalence) / test.len() as f64).sqrt();
    assert!(
        (share - known.prevalence).abs() < room,
        "{share} is not {}",
        known.prevalence
    );
    assert!(first.test.count(1) < later.test.count(1));
    for i in 0..later.train.len() {
        let (now, before) = (later.train.row(i), first.train.row(i));
        let risen = f64::from(now[0] - before[0]) / LABS[0].spread;
        assert!((risen - 0.5).abs() < 1e-4, "{risen}");
        assert_eq!(now[1..], before[1..]);
        // Nobody who was ill is well.
        assert!(later.train.labels[i] >= first.train.labels[i]);
    }
    let ceiling = drifting.ceiling(&later, RoundId(10)).0[name::AUC];
    assert!((ceiling.value - known.auc).abs() < 1e-12);
    let habits = drifting.differences_in(&later.info, RoundId(10));
    let seen = observed(&drifting.scenario, &habits, &test).0[name::AUC];
    assert!(
        (seen.value - known.auc).abs() < 3.0 * seen.standard_error,
        "{seen:?}"
    );
}

#[test]
fn what_leaves_is_searched_for_every_row_that_ever_was() {
    use crate::{DataConfig, Federation, ScalingMode};
    let rows = |table: &str| {
        let data: DataConfig = toml::from_str(&format!("[emr-risk]\n{table}")).unwrap();
        assert_eq!(data.problems(), []);
        let here = std::path::Path::new(".");
        let opened = Federation::open(&data, ScalingMode::None, 1, here).unwrap();
        let first = opened.hospital(NodeId(20)).unwrap().train;
        let all = opened.ever(NodeId(20), 6, &first).unwrap().into_owned();
        (opened.turns(6).len(), first.len(), all.len())
    };
    assert_eq!(rows(""), (1, 80, 80));
    assert_eq!(
        rows("withdrawal = { share = 0.3, rounds = [2, 3] }"),
        (3, 80, 80)
    );
    assert_eq!(rows("drift = { prevalence = 0.1 }"), (6, 80, 80));
    assert_eq!(
        rows("drift = { features = { glucose = 0.1 }, every = 2 }"),
        (3, 80, 240)
    );
}

#[test]
fn units_are_mixed_as_often_as_the_tier_says() {
    let config = EmrRiskConfig {
        population: Population::China100,
        units: Units::Mixed,
        ..EmrRiskConfig::default()
    };
    let scenario = Made::new(config, Seed::run(1));
    let share = |tier: &str| {
        let of_tier = scenario.roster().iter().filter(|info| info.tier == tier);
        let (mut other, mut all) = (0, 0);
        for info in of_tier {
            let habits = scenario.differences(info);
            other += habits.other_unit.iter().filter(|o| **o).count();
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
