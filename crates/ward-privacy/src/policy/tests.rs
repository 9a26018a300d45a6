use super::*;
use ward_core::{
    Algorithm, Draws, HospitalNoise, NoisePlacement, OptimizerSpec, PatientNoise, RingSpec, Seed,
};

fn order() -> TrainOrder {
    let optimizer = OptimizerSpec::Sgd {
        learning_rate: 0.1,
        momentum: 0.0,
    };
    let ring = RingSpec {
        fraction_bits: 20,
        range: 4.0,
        most_weight: 1,
    };
    TrainOrder::new(LocalWork::Epochs(3), 10, optimizer, ring, Seed::run(1))
}

/// The rule that `policy` finds broken in an order changed so, asked in the clear of 50 rows at noon, after four
/// rounds.
fn broken(policy: &Policy, change: impl FnOnce(&mut TrainOrder)) -> Option<(&'static str, bool)> {
    let mut order = order();
    change(&mut order);
    asked(policy, &order, None, 12 * 60)
}

fn asked(
    policy: &Policy,
    order: &TrainOrder,
    masked: Option<u32>,
    minute: u16,
) -> Option<(&'static str, bool)> {
    let asked = Asked {
        order,
        masked,
        rows: 50,
        consented: false,
        rounds: 4,
        minute,
    };
    let forbidden = policy.training(&asked).err()?;
    Some((forbidden.rule, forbidden.is_final))
}

/// The default policy with one rule changed.
fn policy(rule: impl FnOnce(&mut Policy)) -> Policy {
    let mut policy = Policy::default();
    rule(&mut policy);
    policy
}

#[test]
fn each_rule_holds_at_its_limit_and_breaks_beyond() {
    let rows = |n| broken(&policy(|p| p.min_records = n), |_| ());
    let rounds = |n| broken(&policy(|p| p.max_rounds = Some(n)), |_| ());
    let passes = |n| broken(&policy(|p| p.max_local_epochs = Some(n)), |_| ());
    assert_eq!(broken(&Policy::default(), |_| ()), None);
    assert_eq!((rows(50), rows(51)), (None, Some(("min_records", true))));
    assert_eq!((rounds(5), rounds(4)), (None, Some(("max_rounds", true))));
    assert_eq!(
        (passes(3), passes(2)),
        (None, Some(("max_local_epochs", true)))
    );
    // Sixteen steps of ten rows are more than three passes over fifty.
    let three = policy(|p| p.max_local_epochs = Some(3));
    let steps = |n| broken(&three, |order| order.work = LocalWork::Steps(n));
    assert_eq!(
        (steps(15), steps(16)),
        (None, Some(("max_local_epochs", true)))
    );
}

#[test]
fn consent_is_asked_of_the_data() {
    let policy = policy(|p| p.require_consent = true);
    let order = order();
    let broken = |consented| {
        let asked = Asked {
            order: &order,
            masked: None,
            rows: 50,
            consented,
            rounds: 0,
            minute: 0,
        };
        policy
            .training(&asked)
            .err()
            .map(|broken| (broken.rule, broken.is_final))
    };
    assert_eq!(broken(true), None);
    assert_eq!(broken(false), Some(("require_consent", true)));
}

#[test]
fn an_update_in_the_clear_has_a_cohort_of_one() {
    let few = policy(|p| p.min_cohort = 4);
    let masks = policy(|p| p.require_secure_aggregation = true);
    let rule = |policy, masked| asked(policy, &order(), masked, 0).map(|(rule, _)| rule);
    assert_eq!(rule(&few, None), Some("min_cohort"));
    assert_eq!(
        (rule(&few, Some(3)), rule(&few, Some(4))),
        (Some("min_cohort"), None)
    );
    assert_eq!(rule(&masks, None), Some("require_secure_aggregation"));
    assert_eq!(rule(&masks, Some(3)), None);
}

#[test]
fn noise_for_a_hospital_hides_its_patients_and_not_the_other_way_round() {
    let patient = Protection::Patient(PatientNoise {
        draws: Draws::Full,
        noise_multiplier: 1.0,
        sizes_are_public: false,
    });
    let hospital = Protection::Hospital(HospitalNoise {
        clip_norm: 1.0,
        noise_multiplier: 1.0,
        bit_deviation: None,
        bands: 1,
        placement: NoisePlacement::Node,
    });
    for (required, protection, holds) in [
        (PrivacyUnit::Patient, Protection::None, false),
        (PrivacyUnit::Patient, patient, true),
        (PrivacyUnit::Patient, hospital, true),
        (PrivacyUnit::Hospital, patient, false),
        (PrivacyUnit::Hospital, hospital, true),
    ] {
        let policy = policy(|p| p.require_noise = Some(required));
        let found = broken(&policy, |order| order.protection = protection);
        assert_eq!(found.is_none(), holds, "{required:?} {protection:?}");
    }
}

#[test]
fn algorithms_are_allowed_by_name_and_names_must_be_known() {
    let allowing = |names: &[&str]| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        policy(|p| p.algorithms = Some(names))
    };
    let scaffold = |order: &mut TrainOrder| order.algorithm = Algorithm::Scaffold;
    assert_eq!(broken(&allowing(&["plain", "scaffold"]), scaffold), None);
    assert_eq!(
        broken(&allowing(&["plain"]), scaffold),
        Some(("algorithms", true))
    );
    assert!(allowing(&["plain", "ifca"]).problems().is_empty());
    assert_eq!(allowing(&["scafold"]).problems()[0].0, "algorithms");
}

#[test]
fn nothing_crosses_a_border_and_an_unknown_place_is_abroad() {
    let deny = policy(|p| p.cross_border = CrossBorder::Deny);
    let broken = |policy: &Policy, own, theirs| policy.border(own, theirs).err();
    assert_eq!(broken(&deny, "cn-51", "cn-51"), None);
    for (own, theirs) in [("cn-51", "cn-31"), ("cn-51", ""), ("", "")] {
        let broken = broken(&deny, own, theirs).unwrap();
        assert_eq!((broken.rule, broken.is_final), ("cross_border", true));
    }
    assert_eq!(broken(&Policy::default(), "cn-51", ""), None);
}

#[test]
fn noised_metrics_need_an_epsilon_of_their_own() {
    let noised = |epsilon| {
        policy(|p| (p.metrics, p.metrics_epsilon) = (Metrics::Noised, epsilon)).problems()
    };
    assert!(noised(Some(0.1)).is_empty());
    assert_eq!(noised(None)[0].0, "metrics");
    assert_eq!(noised(Some(0.0))[0].0, "metrics_epsilon");
    let unused = policy(|p| p.metrics_epsilon = Some(0.1)).problems();
    assert_eq!(unused[0].0, "metrics_epsilon");
}

#[test]
fn hours_may_reach_past_midnight_and_are_not_for_good() {
    let at = |hours: &str, minute| {
        let hours = Some(Hours::try_from(hours.to_owned()).unwrap());
        asked(&policy(|p| p.hours = hours), &order(), None, minute)
    };
    let closed = Some(("hours", false));
    assert_eq!(
        [at("08:00-18:00", 479), at("08:00-18:00", 480)],
        [closed, None]
    );
    assert_eq!(
        [at("08:00-18:00", 1_079), at("08:00-18:00", 1_080)],
        [None, closed]
    );
    assert_eq!(
        [at("22:00-06:00", 0), at("22:00-06:00", 360)],
        [None, closed]
    );
    assert_eq!(
        [at("22:00-06:00", 1_319), at("22:00-06:00", 1_320)],
        [closed, None]
    );
    for text in [
        "",
        "8-18",
        "08:00",
        "24:00-06:00",
        "08:60-09:00",
        "08:00-08:00",
    ] {
        assert!(Hours::try_from(text.to_owned()).is_err(), "{text}");
    }
    assert_eq!(
        String::from(Hours::try_from("08:05-18:00".to_owned()).unwrap()),
        "08:05-18:00"
    );
}
