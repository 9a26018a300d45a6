//! What holds for every number: monotony, composition, inverses, refusals.

use proptest::prelude::*;

use crate::dp::account::{delta, epsilon};
use crate::dp::calibrate::{Uncalibrated, noise_multiplier};
use crate::dp::{Accountant, Epsilon, Event, Invalid, Neighbours, Pld, RdpCurve, Sampling};

const DELTA: f64 = 1e-5;

fn poisson(rate: f64, z: f64, steps: u64) -> Event {
    Event::new(Sampling::Poisson { rate }, z, steps).unwrap()
}

fn cost(event: Event, delta: f64) -> f64 {
    epsilon(&[event], delta).unwrap().epsilon.0
}

fn samplings() -> impl Strategy<Value = Sampling> {
    prop_oneof![
        (0.001..1.0_f64).prop_map(|rate| Sampling::Poisson { rate }),
        (1..500_u64).prop_map(|batch| Sampling::FixedWithoutReplacement { batch, of: 500 }),
        Just(Sampling::ShuffledEpochs),
        Just(Sampling::FullBatch),
    ]
}

fn events() -> impl Strategy<Value = Event> {
    (samplings(), 0.3..8.0_f64, 1..2000_u64)
        .prop_map(|(sampling, z, steps)| Event::new(sampling, z, steps).unwrap())
}

/// The epsilon of a Renyi curve.
fn renyi(event: Event, delta: f64) -> f64 {
    RdpCurve::of(&event).unwrap().epsilon(delta).0
}

/// The epsilon of loss distributions.
fn pld(event: Event, delta: f64) -> f64 {
    Pld::of(&[event]).unwrap().epsilon(delta)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn more_steps_less_noise_and_smaller_delta_cost_more(event in events(), more in 1.01..3.0_f64) {
        let least = renyi(event, DELTA);
        let (z, steps) = (event.noise_multiplier(), event.steps());
        let longer = (steps as f64 * more).ceil() as u64;
        let longer = Event::new(event.sampling(), z, longer).unwrap();
        let quieter = Event::new(event.sampling(), z / more, steps).unwrap();
        prop_assert!(renyi(longer, DELTA) >= least);
        prop_assert!(renyi(quieter, DELTA) >= least * (1.0 - 1e-9));
        prop_assert!(renyi(event, DELTA / more) >= least);
    }

    #[test]
    fn a_higher_rate_costs_more(rate in 0.001..0.5_f64, more in 1.01..2.0_f64, z in 0.3..8.0_f64) {
        let least = renyi(poisson(rate, z, 100), DELTA);
        prop_assert!(renyi(poisson(rate * more, z, 100), DELTA) >= least);
        prop_assert!(renyi(poisson(1.0, z, 100), DELTA) >= least);
    }

    #[test]
    fn what_a_ledger_adds_up_is_what_the_union_costs(
        first in prop::collection::vec(events(), 1..4),
        second in prop::collection::vec(events(), 1..4),
    ) {
        let curve = |events: &[Event]| RdpCurve::of_all(events).unwrap();
        let union: Vec<Event> = first.iter().chain(&second).copied().collect();
        let (sum, _) = (curve(&first) + &curve(&second)).epsilon(DELTA);
        let (whole, _) = curve(&union).epsilon(DELTA);
        prop_assert!((sum / whole - 1.0).abs() < 1e-12);
        prop_assert!(whole >= curve(&first).epsilon(DELTA).0);
    }

    #[test]
    fn delta_of_epsilon_is_its_inverse(event in events()) {
        let curve = RdpCurve::of(&event).unwrap();
        let (epsilon, _) = curve.epsilon(DELTA);
        let found = curve.delta(epsilon);
        prop_assert!(epsilon == 0.0 || (found / DELTA - 1.0).abs() < 1e-6, "{}", found);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn loss_distributions_obey_the_same_laws(
        rate in 0.01..1.0_f64, z in 0.7..4.0_f64, steps in 1..60_u64, more in 1.1..2.0_f64,
    ) {
        let event = poisson(rate, z, steps);
        let least = pld(event, DELTA);
        // The grid's error differs from one event to another.
        let slack = 1e-3 * (1.0 + least);
        let longer = poisson(rate, z, (steps as f64 * more).ceil() as u64);
        prop_assert!(pld(longer, DELTA) >= least - slack);
        prop_assert!(pld(poisson(rate, z / more, steps), DELTA) >= least - slack);
        prop_assert!(pld(poisson((rate * more).min(1.0), z, steps), DELTA) >= least - slack);
        prop_assert!(pld(event, DELTA / more) >= least);
        prop_assert!(least <= renyi(event, DELTA) + slack);
        let found = Pld::of(&[event]).unwrap().delta(least);
        prop_assert!(least == 0.0 || (found / DELTA - 1.0).abs() < 1e-6, "{}", found);
    }
}

#[test]
fn answers_invert_and_take_the_tightest_accountant() {
    let (sampled, whole) = (poisson(0.1, 1.0, 10), poisson(1.0, 1.0, 10));
    let fixed = Sampling::FixedWithoutReplacement { batch: 1, of: 10 };
    let fixed = Event::new(fixed, 2.0, 10).unwrap();
    for (event, accountant) in [
        (sampled, Accountant::Pld),
        (whole, Accountant::GaussianExact),
        (fixed, Accountant::Rdp),
    ] {
        let answer = epsilon(&[event], DELTA).unwrap();
        assert_eq!(answer.accountant, accountant);
        let back = delta(&[event], answer.epsilon.0).unwrap();
        assert!((back / DELTA - 1.0).abs() < 1e-6, "{back}");
    }
}

#[test]
fn calibrated_noise_is_enough_and_hardly_more() {
    for sampling in [
        Sampling::Poisson { rate: 0.1 },
        Sampling::FixedWithoutReplacement { batch: 32, of: 300 },
        Sampling::ShuffledEpochs,
    ] {
        let z = noise_multiplier(sampling, 50, 3.0, DELTA).unwrap();
        let spent = |z: f64| cost(Event::new(sampling, z, 50).unwrap(), DELTA);
        assert!(spent(z) <= 3.0, "{sampling:?}");
        assert!(spent(z * 0.998) > 3.0, "{sampling:?}");
    }
}

#[test]
fn a_claim_of_poisson_for_shuffled_batches_would_be_far_too_small() {
    // 1,000 records in batches of 50 for 10 epochs at multiplier 1: Poisson's claim beside what is sound.
    let claimed = cost(poisson(0.05, 1.0, 200), DELTA);
    let sound = cost(
        Event::new(Sampling::ShuffledEpochs, 1.0, 10).unwrap(),
        DELTA,
    );
    assert!((sound - 17.86).abs() < 0.01, "{sound}");
    assert!(claimed < 6.0, "{claimed}");
    // Replacing a record moves a sum by twice the clip norm.
    let replaced = cost(
        Event::new(Sampling::ShuffledEpochs, 0.5, 10).unwrap(),
        DELTA,
    );
    assert!((replaced - 46.2).abs() < 0.05, "{replaced}");
}

#[test]
fn no_noise_costs_everything_and_nothing_costs_nothing() {
    let silent = poisson(0.1, 0.0, 1);
    assert_eq!(cost(silent, DELTA), f64::INFINITY);
    assert_eq!(delta(&[silent], 5.0), Ok(1.0));
    assert_eq!(cost(poisson(0.1, 0.0, 0), DELTA), 0.0);
    assert_eq!(epsilon(&[], DELTA).unwrap().epsilon, Epsilon(0.0));
    assert_eq!(Epsilon(f64::INFINITY).to_string(), "inf");
    let written = serde_json::to_string(&[Epsilon(f64::INFINITY), Epsilon(0.5)]).unwrap();
    assert_eq!(written, r#"["inf",0.5]"#);
    let read: [Epsilon; 2] = serde_json::from_str(&written).unwrap();
    assert_eq!(read, [Epsilon(f64::INFINITY), Epsilon(0.5)]);
}

#[test]
fn an_answer_says_for_which_neighbours_it_holds() {
    let fixed = Sampling::FixedWithoutReplacement { batch: 1, of: 9 };
    let fixed = Event::new(fixed, 1.0, 1).unwrap();
    let neighbours = |events: &[Event]| epsilon(events, DELTA).unwrap().neighbours;
    let (sampled, replaced) = (poisson(0.1, 1.0, 1), fixed);
    assert_eq!(neighbours(&[sampled]), Neighbours::AddOrRemove);
    assert_eq!(neighbours(&[replaced, replaced]), Neighbours::Replace);
    assert_eq!(neighbours(&[sampled, replaced]), Neighbours::ZeroOut);
}

#[test]
fn numbers_that_cannot_be_are_refused_by_name() {
    let refused = |sampling: Sampling| Event::new(sampling, 1.0, 1).unwrap_err();
    for rate in [0.0, -0.1, 1.1, f64::NAN] {
        let error = refused(Sampling::Poisson { rate });
        assert!(error.to_string().contains("above 0 and up to 1"), "{error}");
    }
    for batch in [0, 11] {
        let error = refused(Sampling::FixedWithoutReplacement { batch, of: 10 });
        assert_eq!(error, Invalid::Batch { batch, of: 10 });
    }
    let truncated = Sampling::TruncatedPoisson {
        rate: 0.1,
        most: 0,
        of: 10,
    };
    assert_eq!(refused(truncated), Invalid::Batch { batch: 0, of: 10 });
    for z in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(Event::new(Sampling::FullBatch, z, 1).is_err());
    }
    for delta in [0.0, 1.0, f64::NAN] {
        assert!(epsilon(&[], delta).is_err());
    }
    let target = |epsilon| noise_multiplier(Sampling::FullBatch, 1, epsilon, DELTA);
    assert!(matches!(
        target(0.0),
        Err(Uncalibrated::Invalid(Invalid::Epsilon(_)))
    ));
    let far = noise_multiplier(Sampling::FullBatch, u64::MAX, 0.1, DELTA);
    assert_eq!(far, Err(Uncalibrated::OutOfReach { epsilon: 0.1 }));
}

#[test]
fn events_are_written_and_checked_when_read() {
    let event = poisson(0.1, 1.5, 20);
    let text = serde_json::to_string(&event).unwrap();
    assert_eq!(
        text,
        r#"{"sampling":{"poisson":{"rate":0.1}},"noise_multiplier":1.5,"steps":20}"#
    );
    assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    let forged = text.replace("0.1", "1.5");
    let error = serde_json::from_str::<Event>(&forged).unwrap_err();
    assert!(error.to_string().contains("not a probability"), "{error}");
    assert_eq!(
        serde_json::to_string(&Sampling::ShuffledEpochs).unwrap(),
        r#""shuffled-epochs""#
    );
}

#[test]
fn extreme_numbers_are_answered_without_a_fuss() {
    let fixed = Sampling::FixedWithoutReplacement { batch: 1, of: 9 };
    let truncated = Sampling::TruncatedPoisson {
        rate: 0.5,
        most: 2,
        of: 4,
    };
    for sampling in [
        Sampling::Poisson { rate: 1e-300 },
        Sampling::Poisson { rate: 0.5 },
        fixed,
        truncated,
    ] {
        for z in [1e-200, 1e-3, 1e200] {
            for steps in [1, u64::MAX] {
                let event = Event::new(sampling, z, steps).unwrap();
                let answer = epsilon(&[event], DELTA).unwrap().epsilon.0;
                assert!(answer >= 0.0, "{event:?} costs {answer}");
            }
        }
    }
    // A record that is hardly ever looked at is hidden by that alone.
    let rare = noise_multiplier(Sampling::Poisson { rate: 1e-6 }, 1, 1.0, DELTA).unwrap();
    assert!(rare < 2e-3, "{rare}");
}
