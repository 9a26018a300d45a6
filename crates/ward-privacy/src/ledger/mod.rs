//! The privacy ledger: what a hospital has spent, what it may spend, and the only way to what it
//! releases.
//!
//! A release is reserved before its work begins and committed when it leaves; a crash between the two
//! has spent it. Each hospital has a ledger of its own for its data, across runs and restarts
//! ([`FileLedger`](file::LedgerFile) keeps it on disk).

mod answers;
mod budget;
mod file;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ward_core::{RoundId, RunId};

pub use budget::{Budget, Refused, Scope};
pub use file::{LedgerError, LedgerFile};

use crate::charge::Charge;
use crate::dp::{Epsilon, Event, PrivacyUnit, RdpCurve};

/// Something that left through a mechanism, and what that cost. Only a ledger opens it, with
/// [`Ledger::admit`]: so nothing is released that is not charged.
pub struct Released<T> {
    value: T,
    charge: Charge,
}

impl<T> Released<T> {
    /// `value`, which the mechanism of `charge` made.
    pub(crate) fn new(value: T, charge: Charge) -> Self {
        Self { value, charge }
    }

    /// The value, of a trial.
    pub(crate) fn into_trial(self) -> T {
        self.value
    }

    /// What it cost.
    #[must_use]
    pub fn charge(&self) -> &Charge {
        &self.charge
    }
}

impl<T> std::fmt::Debug for Released<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Released({:?}, redacted)", self.charge)
    }
}

/// Leave to release something once, at the cost that was reserved for it.
#[derive(Debug)]
#[must_use = "what was reserved is spent, whether anything is released or not"]
pub struct Reservation {
    run: RunId,
    round: RoundId,
    charge: Charge,
}

/// One line of a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// From here on it counts as spent.
    Reserved {
        /// For which run.
        run: RunId,
        /// For which of its rounds.
        round: RoundId,
        /// How much.
        charge: Charge,
    },
    /// Scores on test rows are told, noised: spent as soon as it is written.
    Scored {
        /// For which run.
        run: RunId,
        /// The round whose model is scored.
        round: RoundId,
        /// How much.
        charge: Charge,
    },
    /// It left.
    Committed {
        /// For which run.
        run: RunId,
        /// For which of its rounds.
        round: RoundId,
    },
}

/// Where a ledger's lines are kept.
pub trait Keep: Send + std::fmt::Debug {
    /// Makes a line durable before anything that it speaks of happens.
    ///
    /// # Errors
    /// Why it cannot be kept, for a person to read.
    fn keep(&mut self, entry: &Entry) -> Result<(), String>;
}

/// A hospital's privacy ledger.
#[derive(Debug, Default)]
pub struct Ledger {
    budget: Option<Budget>,
    runs: BTreeMap<RunId, Spent>,
    kept: Option<Box<dyn Keep>>,
    /// A round that is reserved again is the same release: its noise is the same (see
    /// [`Ledger::simulated`]).
    simulated: bool,
}

/// What was spent on one run.
#[derive(Debug, Clone, PartialEq, Default)]
struct Spent {
    patient: Vec<Event>,
    hospital: Vec<Event>,
    rounds: usize,
    /// The last of them.
    last: Option<RoundId>,
    unprotected: u64,
}

impl Spent {
    /// Enters a round of training.
    fn train(&mut self, round: RoundId, charge: &Charge) {
        self.rounds += 1;
        self.last = self.last.max(Some(round));
        self.add(charge);
    }

    fn add(&mut self, charge: &Charge) {
        match charge {
            Charge::Unprotected => self.unprotected += 1,
            Charge::Noised { unit, event } => {
                let events = match unit {
                    PrivacyUnit::Patient => &mut self.patient,
                    PrivacyUnit::Hospital => &mut self.hospital,
                };
                events.push(*event);
                *events = Event::merged(events);
            }
        }
    }
}

/// What a ledger holds of one privacy unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statement {
    /// Whose presence is hidden.
    pub unit: PrivacyUnit,
    /// How well; infinite where something left without noise.
    pub epsilon: Epsilon,
    /// With what probability it may fail.
    pub delta: f64,
}

impl Ledger {
    /// A ledger that refuses nothing and forgets all when it is dropped.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::default()
    }

    /// A ledger that keeps to `budget`.
    #[must_use]
    pub fn within(budget: Option<Budget>) -> Self {
        Self {
            budget,
            ..Self::default()
        }
    }

    /// The same for a simulated hospital. A round that is played again, after a stop, asks the same
    /// hospitals, and they draw the same noise and release the same numbers: it is charged once.
    #[must_use]
    pub fn simulated(mut self) -> Self {
        self.simulated = true;
        self
    }

    /// Goes on with what was entered before, and keeps what comes in `kept`.
    #[must_use]
    pub fn with_entries(mut self, entries: &[Entry], kept: Box<dyn Keep>) -> Self {
        for entry in entries {
            match entry {
                Entry::Reserved { run, round, charge } => {
                    self.runs.entry(*run).or_default().train(*round, charge);
                }
                Entry::Scored { run, charge, .. } => {
                    self.runs.entry(*run).or_default().add(charge);
                }
                Entry::Committed { .. } => {}
            }
        }
        self.kept = Some(kept);
        self
    }

    /// Reserves what a release in `round` of `run` is going to cost. It counts as spent from here on.
    ///
    /// # Errors
    /// [`Refused`] when it is more than is left, and when it cannot be written down.
    pub fn reserve(
        &mut self,
        run: RunId,
        round: RoundId,
        charge: Charge,
    ) -> Result<Reservation, Refused> {
        let last = self.spent_in(run).and_then(|spent| spent.last);
        let again = self.simulated && Some(round) <= last;
        if !again {
            if let Some(budget) = &self.budget {
                budget.allows(self, run, &charge)?;
            }
            self.write(&Entry::Reserved { run, round, charge })?;
            self.runs.entry(run).or_default().train(round, &charge);
        }
        Ok(Reservation { run, round, charge })
    }

    /// Spends what telling scores in `round` of `run` costs.
    ///
    /// # Errors
    /// As [`Self::reserve`].
    pub fn score(&mut self, run: RunId, round: RoundId, charge: Charge) -> Result<(), Refused> {
        if let Some(budget) = &self.budget {
            budget.allows(self, run, &charge)?;
        }
        self.write(&Entry::Scored { run, round, charge })?;
        self.runs.entry(run).or_default().add(&charge);
        Ok(())
    }

    /// The delta at which its budget is meant, where it has one.
    #[must_use]
    pub fn delta(&self) -> Option<f64> {
        self.budget.map(|budget| budget.delta)
    }

    /// Opens what was released under `reservation`.
    ///
    /// # Errors
    /// [`Refused::Overspent`] when it cost something else than was reserved, and as [`Self::reserve`].
    #[expect(clippy::needless_pass_by_value, reason = "a reservation is used up")]
    pub fn admit<T>(
        &mut self,
        reservation: Reservation,
        released: Released<T>,
    ) -> Result<T, Refused> {
        let Reservation { run, round, charge } = reservation;
        if released.charge != charge {
            return Err(Refused::Overspent);
        }
        self.write(&Entry::Committed { run, round })?;
        Ok(released.value)
    }

    /// Whether there is anything that it refuses.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.budget.is_some_and(|budget| budget.limits())
    }

    /// Rounds of `run` for which something was reserved.
    #[must_use]
    pub fn rounds(&self, run: RunId) -> usize {
        self.spent_in(run).map_or(0, |spent| spent.rounds)
    }

    /// The last round of `run` for which something was reserved. A simulated round that is played again is
    /// itself, and not one before.
    pub(crate) fn last_before(&self, run: RunId, round: RoundId) -> Option<RoundId> {
        let last = self.spent_in(run)?.last;
        last.filter(|last| !self.simulated || *last < round)
    }

    /// What was spent on `run`, or on all runs where it is `None`, at `delta`: a statement for each unit
    /// that noise was spent on, and for both where anything left without noise.
    #[must_use]
    pub fn statements(&self, run: Option<RunId>, delta: f64) -> Vec<Statement> {
        let units = [PrivacyUnit::Patient, PrivacyUnit::Hospital];
        let unprotected = self.among(run).any(|spent| spent.unprotected > 0);
        let of = |unit| {
            let events = self.events(run, unit);
            if events.is_empty() && !unprotected {
                return None;
            }
            Some(Statement {
                unit,
                epsilon: self.epsilon(run, unit, None, delta),
                delta,
            })
        };
        units.into_iter().filter_map(of).collect()
    }

    /// The epsilon of `unit` after `more`, within `run` or in all.
    fn epsilon(
        &self,
        run: Option<RunId>,
        unit: PrivacyUnit,
        more: Option<Event>,
        delta: f64,
    ) -> Epsilon {
        self.known(run, unit, more, |events| answers::epsilon(events, delta))
    }

    /// Whether the epsilon of `unit` after `more` is at most `limit`. The accountant that takes longer is
    /// asked only where the quick one's bound is not enough.
    fn is_within(
        &self,
        limit: f64,
        run: Option<RunId>,
        unit: PrivacyUnit,
        more: Event,
        delta: f64,
    ) -> bool {
        let quick = self.known(run, unit, Some(more), |events| {
            let curve = RdpCurve::of_all(&events);
            curve.map_or(Epsilon(f64::INFINITY), |curve| {
                Epsilon(curve.epsilon(delta).0)
            })
        });
        quick.0 <= limit || self.epsilon(run, unit, Some(more), delta).0 <= limit
    }

    fn known(
        &self,
        run: Option<RunId>,
        unit: PrivacyUnit,
        more: Option<Event>,
        epsilon: impl Fn(Vec<Event>) -> Epsilon,
    ) -> Epsilon {
        if self.among(run).any(|spent| spent.unprotected > 0) {
            return Epsilon(f64::INFINITY);
        }
        let mut events = self.events(run, unit);
        events.extend(more);
        epsilon(Event::merged(&events))
    }

    fn events(&self, run: Option<RunId>, unit: PrivacyUnit) -> Vec<Event> {
        let of = |spent: &Spent| match unit {
            PrivacyUnit::Patient => spent.patient.clone(),
            PrivacyUnit::Hospital => spent.hospital.clone(),
        };
        self.among(run).flat_map(of).collect()
    }

    fn among(&self, run: Option<RunId>) -> impl Iterator<Item = &Spent> {
        let wanted = move |of: &RunId| run.is_none_or(|run| run == *of);
        self.runs
            .iter()
            .filter(move |(of, _)| wanted(of))
            .map(|(_, spent)| spent)
    }

    fn spent_in(&self, run: RunId) -> Option<&Spent> {
        self.runs.get(&run)
    }

    fn write(&mut self, entry: &Entry) -> Result<(), Refused> {
        match &mut self.kept {
            Some(kept) => kept.keep(entry).map_err(Refused::NotKept),
            None => Ok(()),
        }
    }
}
