use ward_core::{Estimate, Evaluation, NodeId};

use super::*;
use crate::known::known;
use crate::misdiagnosis::Misdiagnosis;
use crate::source::Source;
use crate::synthetic::{Synthetic, laws, observed};

type Made = Synthetic<Wearables>;

fn made(change: impl FnOnce(&mut WearablesConfig)) -> Made {
    let mut config = WearablesConfig::default();
    change(&mut config);
    Made::new(config, Seed::run(9))
}

/// Windows of many people, and what an observer who knows people's means to `person` makes of them.
fn observed_of_many(jitter: f64, person: f64) -> Evaluation {
    let made = made(|c| c.jitter = jitter);
    let observer = Observer::new(jitter, person);
    let (mut answers, mut labels) = (Vec::new(), Vec::new());
    for info in made.roster() {
        let wearer = made.differences(info);
        let mut window = wearer.windows(Split::Test);
        let mut intervals = [0.0; WINDOW];
        for case in 0..100 {
            labels.push(window(case, &mut intervals));
            if person == 0.0 {
                intervals = intervals.map(|x| (f64::from(x) - wearer.mean) as f32);
            }
            answers.push(observer.evidence(&intervals));
        }
    }
    let mut scores = ward_core::Tally::of(&answers, &labels, 2).evaluation();
    scores.0.extend(Evaluation::of_scores(&answers, &labels).0);
    scores
}

#[test]
fn the_ideal_observer_reaches_the_known_ceilings() {
    for jitter in [0.1, 0.15, 0.2, 0.3] {
        let scores = observed_of_many(jitter, PERSON_SPREAD);
        for metric in [name::AUC, name::BALANCED_ACCURACY] {
            let known = known(&format!("wearables/jitter={jitter}/{metric}"));
            known.is_about(&scores.0[metric]);
        }
    }
    let scores = observed_of_many(0.15, 0.0);
    known("wearables/jitter=0.15/auc-person-mean-known").is_about(&scores.0[name::AUC]);
}

#[test]
fn what_a_federation_reports_as_its_ceiling_is_the_observer_s() {
    let made = made(|_| ());
    let parts: Vec<Estimate> = made
        .roster()
        .iter()
        .map(|info| {
            let test = made.cases(info, Split::Test, 0..60);
            observed(&made.scenario, &made.differences(info), &test).0[name::AUC]
        })
        .collect();
    known("wearables/jitter=0.15/auc").is_about(&Estimate::combine(&parts).unwrap());
}

#[test]
fn the_two_features_are_those_of_the_window() {
    let mut intervals = [0.8; WINDOW];
    (0..WINDOW).step_by(2).for_each(|i| intervals[i] = 1.0);
    // Deviation .1 about .9, with 29 in the denominator; differences alternate between -.2 and .2.
    let [all, successive] = spreads(&intervals).map(f64::from);
    assert!((all - (0.1 * (30.0_f64 / 29.0).sqrt()).ln()).abs() < 1e-5);
    let mean = -0.2 / 29.0;
    let squares = 15.0 * (-0.2_f64 - mean).powi(2) + 14.0 * (0.2_f64 - mean).powi(2);
    assert!((successive - 0.5 * (squares / 28.0).ln()).abs() < 1e-5);
}

#[test]
fn raw_means_tell_nothing() {
    let made = made(|c| c.features = Features::Intervals);
    let mut sums = [[0.0; 2]; 2];
    for info in made.roster() {
        let rows = made.cases(info, Split::Test, 0..50);
        for i in 0..rows.len() {
            let mean = rows.row(i).iter().sum::<f32>() / WINDOW as f32;
            let of_class = &mut sums[usize::from(rows.labels[i])];
            of_class[0] += f64::from(mean);
            of_class[1] += 1.0;
        }
    }
    let [sinus, fibrillation] = sums.map(|[sum, n]| sum / n);
    assert!(
        (sinus - fibrillation).abs() < 0.01,
        "{sinus} {fibrillation}"
    );
}

#[test]
fn cases_and_people_depend_on_nobody_and_on_no_thread() {
    let of = |population| WearablesConfig {
        population,
        wrists: Wrists::Mixed,
        ..WearablesConfig::default()
    };
    laws::case_alone(&made(|c| *c = of(Population::Wearers200)), NodeId(150), 30);
    laws::newcomers_change_nothing::<Wearables>(of);
    laws::threads_do_not_matter::<Wearables>(&of(Population::Wearers200));
    laws::doctors_change_labels_alone::<Wearables>(|misdiagnosis| WearablesConfig {
        misdiagnosis,
        ..of(Population::Province21)
    });
}

#[test]
fn a_noisy_wrist_leaves_hearts_as_they_were() {
    let [alike, mixed] = [Wrists::Alike, Wrists::Mixed]
        .map(|wrists| made(|c| (c.wrists, c.misdiagnosis) = (wrists, Misdiagnosis::None)));
    let jitters: std::collections::BTreeSet<u64> = mixed
        .roster()
        .iter()
        .map(|info| mixed.differences(info).jitter.to_bits())
        .collect();
    assert_eq!(jitters.len(), WRISTS.len());
    let [a, b] = [&alike, &mixed].map(|made| made.hospital(NodeId(3)).unwrap());
    assert_eq!(a.train.labels, b.train.labels);
}
