use super::*;
use crate::known::known;
use crate::source::Source;
use crate::synthetic::{Synthetic, laws, observed};
use ward_core::NodeId;

fn of(population: Population) -> MultimodalConfig {
    MultimodalConfig {
        population,
        shift: true,
        ..MultimodalConfig::default()
    }
}

fn files(missing: [f64; 3]) -> Files {
    Files {
        missing,
        shift: Shift::NONE,
    }
}

#[test]
fn the_closed_forms_are_the_known_figures() {
    let scenario = Multimodal::new(MultimodalConfig::default(), Seed::run(1));
    let of = |missing, metric| {
        let ceiling = scenario.ceiling(&files(missing), &Rows::default());
        ceiling.0[metric].value
    };
    for (modalities, missing) in [
        ("img", [0.0, 1.0, 1.0]),
        ("lab", [1.0, 0.0, 1.0]),
        ("notes", [1.0, 1.0, 0.0]),
        ("img+lab", [0.0, 0.0, 1.0]),
        ("img+notes", [0.0, 1.0, 0.0]),
        ("lab+notes", [1.0, 0.0, 0.0]),
        ("img+lab+notes", [0.0; 3]),
    ] {
        known(&format!("multimodal/auc/{modalities}")).is(&[of(missing, name::AUC)]);
    }
    for tier in ["tertiary", "county", "township"] {
        let missing = TierProfile::of(tier).unwrap().missing;
        for metric in [name::AUC, name::BALANCED_ACCURACY] {
            known(&format!("multimodal/missing/{tier}/{metric}")).is(&[of(missing, metric)]);
        }
    }
}

#[test]
fn the_ideal_observer_reaches_the_ceiling_in_every_tier() {
    let made = Synthetic::<Multimodal>::new(of(Population::Ward3), Seed::run(2));
    for info in made.roster() {
        let test = made.cases(info, Split::Test, 0..10_000);
        let found = observed(&made.scenario, &made.differences(info), &test);
        for metric in [name::AUC, name::BALANCED_ACCURACY] {
            let known = known(&format!("multimodal/missing/{}/{metric}", info.tier));
            known.is_about(&found.0[metric]);
        }
    }
}

#[test]
fn what_is_missing_is_zero_and_marked_and_as_frequent_as_the_tier_says() {
    let made = Synthetic::<Multimodal>::new(of(Population::Ward3), Seed::run(3));
    let whole = MultimodalConfig {
        missing: Missing::None,
        ..of(Population::Ward3)
    };
    let whole = Synthetic::<Multimodal>::new(whole, Seed::run(3));
    const N: usize = 2_000;
    for info in made.roster() {
        let [some, all] = [&made, &whole].map(|m| m.cases(info, Split::Train, 0..N as u64));
        assert_eq!(some.labels, all.labels);
        let mut absent = [0; 3];
        for i in 0..N {
            let (seen, complete) = (some.row(i), all.row(i));
            assert_eq!(complete[FEATURES..], [1.0; 3]);
            for (m, gone) in absent.iter_mut().enumerate() {
                *gone += usize::from(seen[FEATURES + m] == 0.0);
            }
            for j in 0..FEATURES {
                let there = seen[FEATURES + made.scenario.of_feature[j]];
                assert_eq!(seen[j], there * complete[j]);
            }
        }
        let chances = TierProfile::of(&info.tier).unwrap().missing;
        for (gone, chance) in absent.into_iter().zip(chances) {
            let room = 4.0 * (chance * (1.0 - chance) / N as f64).sqrt();
            assert!((gone as f64 / N as f64 - chance).abs() <= room);
        }
    }
}

#[test]
fn cases_and_hospitals_depend_on_nobody_and_on_no_thread() {
    let config = of(Population::Province21);
    let made = Synthetic::<Multimodal>::new(config.clone(), Seed::run(5));
    laws::case_alone(&made, NodeId(20), 50);
    laws::newcomers_change_nothing::<Multimodal>(of);
    laws::threads_do_not_matter::<Multimodal>(&config);
    laws::doctors_change_labels_alone::<Multimodal>(|misdiagnosis| MultimodalConfig {
        misdiagnosis,
        ..of(Population::Province21)
    });
}
