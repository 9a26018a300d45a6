use super::*;
use crate::ledger::Budget;
use ward_core::{
    Delta, Digest, Draws, Estimate, HospitalNoise, LocalWork, NodeId, NoisePlacement,
    OptimizerSpec, PatientNoise, RingSpec, Seed, Weighting,
};

const AT: Address = Address {
    round: RoundId(0),
    node: NodeId(0),
};

fn order(protection: Protection) -> TrainOrder {
    let optimizer = OptimizerSpec::Sgd {
        learning_rate: 0.1,
        momentum: 0.0,
    };
    let ring = RingSpec {
        fraction_bits: 20,
        range: 64.0,
        most_weight: 1,
    };
    TrainOrder {
        protection,
        example_clip_norm: 1.0,
        weighting: Weighting::Uniform,
        ..TrainOrder::new(LocalWork::Steps(3), 0, optimizer, ring, Seed::run(1))
    }
}

fn patient() -> Protection {
    Protection::Patient(PatientNoise {
        draws: Draws::Poisson { rate: 0.1 },
        noise_multiplier: 1.5,
        sizes_are_public: false,
    })
}

fn hospital() -> Protection {
    Protection::Hospital(HospitalNoise {
        clip_norm: 1.0,
        noise_multiplier: 1.0,
        bit_deviation: None,
        bands: 1,
        placement: NoisePlacement::Node,
    })
}

/// What comes of an update of norm 5, trained as `trained` says it was, under `order`.
fn released(policy: Policy, order: &TrainOrder, trained: &TrainOrder) -> Result<Upload, Withheld> {
    let mut guard = Guard::new(policy, Ledger::unlimited());
    let reservation = guard.before_training(order, None, 100, AT)?;
    let update = LocalUpdate {
        delta: Delta(vec![3.0, -4.0]),
        extras: Vec::new(),
        examples: 100,
        noised: trained.noised(100),
        loss: 0.7,
    };
    guard.release(reservation, update, order, AT)
}

#[test]
fn a_trainer_that_leaves_the_noise_out_releases_nothing() {
    let (noised, plain) = (order(patient()), order(Protection::None));
    let upload = released(Policy::default(), &noised, &noised).unwrap();
    assert_eq!(upload.loss, 0.0, "the loss of training rows stays");
    let refused = released(Policy::default(), &noised, &plain).unwrap_err();
    assert_eq!(refused, Withheld::Refused(Refused::Overspent));
    assert_eq!(
        released(Policy::default(), &plain, &plain).unwrap().loss,
        0.7
    );
}

#[test]
fn a_norm_that_is_clipped_and_noised_decides_nothing() {
    let policy = |norm| Policy {
        max_update_norm: Some(norm),
        ..Policy::default()
    };
    let plain = order(Protection::None);
    assert!(released(policy(5.0), &plain, &plain).is_ok());
    let refused = released(policy(4.9), &plain, &plain).unwrap_err();
    assert!(
        !refused.is_final() && !refused.to_string().contains("5"),
        "{refused}"
    );
    let hidden = order(hospital());
    assert!(released(policy(1.0), &hidden, &hidden).is_ok());
    assert!(released(policy(0.9), &hidden, &hidden).is_err());
}

#[test]
fn a_budget_lets_nothing_out_without_noise() {
    let budget = Budget {
        epsilon_per_run: Some(100.0),
        epsilon_in_all: None,
        delta: 1e-5,
    };
    let mut guard = Guard::new(Policy::default(), Ledger::within(Some(budget)));
    let refused = guard.before_training(&order(Protection::None), None, 100, AT);
    assert_eq!(
        refused.unwrap_err(),
        Withheld::Refused(Refused::Unprotected)
    );
    assert!(guard.before_telling().is_err());
    let plain = order(Protection::None);
    assert!(guard.before_scoring(&plain, RoundId(0)).is_ok());
    assert!(
        guard
            .before_training(&order(patient()), None, 100, AT)
            .is_ok()
    );
}

/// One digest is approved once a test says so.
#[derive(Debug)]
struct Person(std::sync::Arc<std::sync::Mutex<Option<Digest>>>);

impl Approvals for Person {
    fn approves(&self, job: Digest) -> Result<bool, String> {
        Ok(*self.0.lock().unwrap() == Some(job))
    }

    fn remedy(&self) -> String {
        "ask".to_owned()
    }
}

#[test]
fn a_person_approves_one_job_and_no_other() {
    let policy = Policy {
        approval: true,
        ..Policy::default()
    };
    let said = std::sync::Arc::default();
    let person = Person(std::sync::Arc::clone(&said));
    let guard = Guard::new(policy, Ledger::unlimited());
    let nobody = guard.approved(&order(Protection::None)).unwrap_err();
    assert!(!nobody.is_final && nobody.to_string().contains("nobody"));
    let mut guard = guard.approved_by(Box::new(person));
    let (one, other) = (order(Protection::None), order(patient()));
    let refused = guard.before_training(&one, None, 100, AT).unwrap_err();
    let job = approval::job(&one);
    assert!(!refused.is_final() && refused.to_string().contains(&job.to_string()));
    *said.lock().unwrap() = Some(job);
    assert!(guard.before_training(&one, None, 100, AT).is_ok());
    assert!(guard.before_training(&other, None, 100, AT).is_err());
    assert!(guard.before_scoring(&one, RoundId(0)).is_ok());
    assert!(guard.before_scoring(&other, RoundId(0)).is_err());
    assert!(guard.before_telling().unwrap_err().is_final());
}

#[test]
fn rounds_are_as_far_apart_as_noise_that_cancels_needs() {
    let order = order(Protection::Hospital(HospitalNoise {
        clip_norm: 1.0,
        noise_multiplier: 1.0,
        bit_deviation: None,
        bands: 3,
        placement: NoisePlacement::Coordinator,
    }));
    let mut guard = Guard::open();
    let mut trains = |round| {
        let address = Address {
            round: RoundId(round),
            ..AT
        };
        guard.before_training(&order, None, 100, address)
    };
    assert!(trains(4).is_ok());
    for round in [4, 5, 6] {
        let refused = trains(round).unwrap_err();
        assert!(matches!(refused, Withheld::TooSoon { .. }) && !refused.is_final());
    }
    assert!(trains(7).is_ok());
}

#[test]
fn nothing_leaves_for_another_region() {
    let policy = Policy {
        cross_border: crate::policy::CrossBorder::Deny,
        ..Policy::default()
    };
    let mut guard = Guard::new(policy, Ledger::unlimited()).in_region("cn-51");
    let order = order(Protection::None);
    for (region, home) in [("cn-31", false), ("cn-51", true), ("", false)] {
        guard.meet(region);
        let trains = guard.before_training(&order, None, 100, AT).is_ok();
        let scores = guard.before_scoring(&order, RoundId(0)).is_ok();
        assert_eq!([trains, scores, guard.before_telling().is_ok()], [home; 3]);
    }
}

#[test]
fn noised_scores_are_charged_before_they_are_made() {
    let policy = Policy {
        metrics: crate::policy::Metrics::Noised,
        metrics_epsilon: Some(0.5),
        ..Policy::default()
    };
    let budget = Budget {
        epsilon_per_run: Some(1.0),
        epsilon_in_all: None,
        delta: 1e-3,
    };
    let mut guard = Guard::new(policy, Ledger::within(Some(budget)));
    let order = order(Protection::None);
    let scoring = guard.before_scoring(&order, RoundId(0)).unwrap();
    let spent = guard.ledger().statements(Some(order.run), 1e-3)[0]
        .epsilon
        .0;
    assert!(spent <= 0.5 && spent > 0.499, "{spent}");
    let share = Estimate::share(50_000, 100_000, 100_000);
    let names = ["accuracy", "loss"].map(str::to_owned);
    let evaluation = Evaluation(names.map(|name| (name, share)).into_iter().collect());
    let told = guard.scores(scoring, evaluation, &order, AT).unwrap();
    assert_eq!(told.0.keys().collect::<Vec<_>>(), ["accuracy"]);
    assert!((told.0["accuracy"].value - 0.5).abs() < 0.01);
    let refused = (1..9).find_map(|round| guard.before_scoring(&order, RoundId(round)).err());
    assert!(matches!(
        refused,
        Some(Withheld::Refused(Refused::BudgetSpent { .. }))
    ));
}

#[test]
fn what_the_noise_would_not_cover_is_refused_by_the_hospital_too() {
    let weighed = TrainOrder {
        weighting: Weighting::Examples,
        ..order(hospital())
    };
    let refused = released(Policy::default(), &weighed, &weighed).unwrap_err();
    assert!(matches!(refused, Withheld::Uncovered(_)) && refused.is_final());
}

#[test]
fn without_consent_nothing_is_told_of_rows_at_all() {
    let policy = || Policy {
        require_consent: true,
        ..Policy::default()
    };
    let order = order(Protection::None);
    for consented in [false, true] {
        let mut guard = Guard::new(policy(), Ledger::unlimited()).of_consenting(consented);
        assert_eq!(guard.before_telling().is_ok(), consented);
        assert_eq!(guard.before_scoring(&order, RoundId(0)).is_ok(), consented);
        assert_eq!(
            guard.before_training(&order, None, 10, AT).is_ok(),
            consented
        );
    }
}
