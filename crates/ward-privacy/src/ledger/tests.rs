//! The laws of a ledger: what is charged, what is refused, and what a restart remembers.

use std::path::Path;

use ward_core::{RoundId, RunId};

use super::*;
use crate::dp::{Sampling, account};

const RUN: RunId = RunId(7);
const DELTA: f64 = 1e-5;

fn steps(steps: u64) -> Charge {
    Charge::Noised {
        unit: PrivacyUnit::Patient,
        event: Event::new(Sampling::Poisson { rate: 0.1 }, 1.5, steps).unwrap(),
    }
}

fn epsilon(of: u64) -> f64 {
    let event = Event::new(Sampling::Poisson { rate: 0.1 }, 1.5, of).unwrap();
    account::epsilon(&[event], DELTA).unwrap().epsilon.0
}

fn budget(run: Option<f64>, all: Option<f64>) -> Option<Budget> {
    Some(Budget {
        epsilon_per_run: run,
        epsilon_in_all: all,
        delta: DELTA,
    })
}

fn release(ledger: &mut Ledger, run: RunId, round: u32, charge: Charge) -> Result<u8, Refused> {
    let reservation = ledger.reserve(run, RoundId(round), charge)?;
    ledger.admit(reservation, Released::new(42, charge))
}

fn spent(ledger: &Ledger, run: Option<RunId>) -> f64 {
    ledger
        .statements(run, DELTA)
        .iter()
        .find(|statement| statement.unit == PrivacyUnit::Patient)
        .map_or(0.0, |statement| statement.epsilon.0)
}

#[test]
fn rounds_compose_as_one_training_of_all_their_steps() {
    let mut ledger = Ledger::unlimited();
    assert!(ledger.statements(None, DELTA).is_empty());
    for round in 0..5 {
        assert_eq!(release(&mut ledger, RUN, round, steps(20)), Ok(42));
    }
    assert!((spent(&ledger, Some(RUN)) - epsilon(100)).abs() < 1e-12);
    release(&mut ledger, RunId(8), 0, steps(50)).unwrap();
    assert!((spent(&ledger, Some(RUN)) - epsilon(100)).abs() < 1e-12);
    assert!((spent(&ledger, None) - epsilon(150)).abs() < 1e-12);
    assert_eq!((ledger.rounds(RUN), ledger.rounds(RunId(9))), (5, 0));
}

#[test]
fn what_would_exceed_the_budget_is_refused_and_costs_nothing() {
    let limit = epsilon(60);
    let mut ledger = Ledger::within(budget(Some(limit), None));
    for round in 0..3 {
        release(&mut ledger, RUN, round, steps(20)).unwrap();
    }
    let refused = release(&mut ledger, RUN, 3, steps(1)).unwrap_err();
    let Refused::BudgetSpent {
        unit,
        before,
        after,
        scope,
        ..
    } = &refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!((*unit, *scope), (PrivacyUnit::Patient, Scope::Run));
    assert!((before.0 - limit).abs() < 1e-12 && after.0 > limit);
    assert!(refused.is_final());
    assert!(refused.to_string().contains("unit: patient"), "{refused}");
    assert!((spent(&ledger, Some(RUN)) - limit).abs() < 1e-12);
    // Another run has a budget of its own, unless there is one for all.
    release(&mut ledger, RunId(8), 0, steps(60)).unwrap();
    let mut ledger = Ledger::within(budget(None, Some(limit)));
    release(&mut ledger, RUN, 0, steps(60)).unwrap();
    let refused = release(&mut ledger, RunId(8), 0, steps(1)).unwrap_err();
    assert!(refused.to_string().contains("for all runs"), "{refused}");
}

#[test]
fn without_noise_a_budget_is_gone_and_epsilon_is_infinite() {
    let mut ledger = Ledger::within(budget(Some(1e9), None));
    let refused = ledger.reserve(RUN, RoundId(0), Charge::Unprotected);
    assert_eq!(refused.unwrap_err(), Refused::Unprotected);
    let mut ledger = Ledger::unlimited();
    release(&mut ledger, RUN, 0, steps(1)).unwrap();
    release(&mut ledger, RUN, 1, Charge::Unprotected).unwrap();
    let statements = ledger.statements(Some(RUN), DELTA);
    assert_eq!(statements.len(), 2);
    assert!(statements.iter().all(|s| s.epsilon.0 == f64::INFINITY));
}

#[test]
fn nothing_is_opened_that_cost_something_else_than_was_reserved() {
    let mut ledger = Ledger::unlimited();
    for other in [steps(21), steps(19), Charge::Unprotected] {
        let reservation = ledger.reserve(RUN, RoundId(0), steps(20)).unwrap();
        let opened = ledger.admit(reservation, Released::new((), other));
        assert_eq!(opened, Err(Refused::Overspent));
    }
    // What was reserved is spent.
    assert!((spent(&ledger, Some(RUN)) - epsilon(60)).abs() < 1e-12);
}

#[test]
fn a_simulated_round_played_again_is_the_same_release() {
    for (mut ledger, charged) in [
        (Ledger::unlimited(), 40),
        (Ledger::unlimited().simulated(), 20),
    ] {
        for _ in 0..2 {
            release(&mut ledger, RUN, 3, steps(20)).unwrap();
        }
        assert!((spent(&ledger, Some(RUN)) - epsilon(charged)).abs() < 1e-12);
    }
}

fn open(path: &Path) -> Ledger {
    LedgerFile::open(path, budget(Some(epsilon(60)), None)).unwrap()
}

#[test]
fn a_restart_remembers_what_was_reserved_whether_it_left_or_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.privacy.jsonl");
    let mut ledger = open(&path);
    release(&mut ledger, RUN, 0, steps(20)).unwrap();
    // A crash in the midst of training.
    let reservation = ledger.reserve(RUN, RoundId(1), steps(20)).unwrap();
    drop((ledger, reservation));
    let mut ledger = open(&path);
    assert!((spent(&ledger, Some(RUN)) - epsilon(40)).abs() < 1e-12);
    release(&mut ledger, RUN, 1, steps(20)).unwrap();
    assert!(release(&mut ledger, RUN, 2, steps(20)).is_err());
    assert!(
        LedgerFile::open(&path, None)
            .unwrap_err()
            .to_string()
            .contains("in use")
    );
}

#[test]
fn scores_are_charged_and_are_no_rounds_of_training() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.privacy.jsonl");
    let mut ledger = open(&path);
    release(&mut ledger, RUN, 0, steps(20)).unwrap();
    ledger.score(RUN, RoundId(0), steps(30)).unwrap();
    assert!(ledger.score(RUN, RoundId(1), steps(20)).is_err());
    drop(ledger);
    let ledger = open(&path);
    assert_eq!(ledger.rounds(RUN), 1);
    assert!((spent(&ledger, Some(RUN)) - epsilon(50)).abs() < 1e-12);
}

#[test]
fn a_torn_line_never_happened_and_a_changed_one_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.privacy.jsonl");
    let mut ledger = open(&path);
    release(&mut ledger, RUN, 0, steps(20)).unwrap();
    drop(ledger);
    let whole = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, format!("{whole}{{\"reserved\":")).unwrap();
    let mut ledger = open(&path);
    assert!((spent(&ledger, None) - epsilon(20)).abs() < 1e-12);
    release(&mut ledger, RUN, 1, steps(20)).unwrap();
    drop(ledger);
    let whole = std::fs::read_to_string(&path).unwrap();
    let first = whole.lines().next().unwrap();
    let cheaper = first.replace("\"steps\":20", "\"steps\":1");
    let dropped = whole.replacen(&format!("{first}\n"), "", 1);
    assert_ne!(first, cheaper);
    for forged in [whole.replacen(first, &cheaper, 1), dropped] {
        std::fs::write(&path, forged).unwrap();
        let refused = LedgerFile::open(&path, None).unwrap_err();
        assert!(
            refused.to_string().contains("damaged in line 1"),
            "{refused}"
        );
    }
}
