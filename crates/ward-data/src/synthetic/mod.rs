//! What all scenarios share. A [`Scenario`] is its equations, its table and its ideal observer;
//! [`Synthetic`] does the rest: who takes part, how many cases each has, who consents, and what
//! doctors write down. Every mechanism draws at a place of its own.

#[cfg(test)]
pub(crate) mod laws;
mod mix;
mod scanner;
mod scenario;
mod shift;
mod table;

use std::ops::Range;

use ward_core::{Evaluation, NodeId, NodeInfo, RoundId, Seed};

pub use mix::ClassMix;
pub(crate) use mix::pick;
pub(crate) use scanner::transpose;
pub use scanner::{Scanner, Scanners};
pub(crate) use scenario::Scenario;
#[cfg(test)]
pub(crate) use scenario::observed;
pub(crate) use shift::Shift;
pub(crate) use table::{Common, Table, above, scenario_table};

use crate::consent::within;
use crate::drift::Drift;
use crate::misdiagnosis::Misdiagnosis;
use crate::place::{Place, Split};
use crate::source::{DataError, Problem, Source};
use crate::{HospitalData, Rows};

/// Everything that is wrong with `config`; `path` is where it stands.
pub(crate) fn problems<S: Scenario>(config: &S::Config, path: &str) -> Vec<Problem> {
    let mut problems = config.common().problems(path, S::CLASSES);
    problems.extend(S::problems(config, path));
    if let Some(drift) = S::drift(config) {
        problems.extend(drift.problems(&format!("{path}.drift"), S::DRIFTING));
    }
    problems
}

/// A scenario over one population.
#[derive(Debug)]
pub(crate) struct Synthetic<S> {
    pub(crate) scenario: S,
    seed: Seed,
    roster: Vec<NodeInfo>,
}

impl<S: Scenario> Synthetic<S> {
    /// The scenario that `config` describes, at master seed `seed`.
    pub(crate) fn new(config: S::Config, seed: Seed) -> Self {
        let roster = config.common().population.roster();
        Self {
            scenario: S::new(config, Place::world(seed, S::INFO.id)),
            seed,
            roster,
        }
    }

    fn common(&self) -> Common<'_> {
        self.scenario.config().common()
    }

    fn info(&self, node: NodeId) -> Result<&NodeInfo, DataError> {
        self.roster
            .get(node.0 as usize)
            .ok_or(DataError::NoSuchHospital(node))
    }

    fn place(&self, node: NodeId) -> Place {
        Place::new(self.seed, S::INFO.id, node)
    }

    /// What makes the hospital different in the first round.
    #[cfg(test)]
    pub(crate) fn differences(&self, info: &NodeInfo) -> S::Hospital {
        self.differences_in(info, RoundId(0))
    }

    /// What makes the hospital different in one round.
    pub(crate) fn differences_in(&self, info: &NodeInfo, round: RoundId) -> S::Hospital {
        let hospital = self.scenario.hospital(info, self.place(info.node));
        match self.drift() {
            Some(drift) => self.scenario.drifted(hospital, drift, round),
            None => hospital,
        }
    }

    fn drift(&self) -> Option<&Drift> {
        S::drift(self.scenario.config())
    }

    /// As [`Self::cases_in`], in the first round.
    #[cfg(test)]
    pub(crate) fn cases(
        &self,
        info: &NodeInfo,
        split: Split,
        numbers: impl Iterator<Item = u64>,
    ) -> Rows {
        self.cases_in(info, split, RoundId(0), numbers)
    }

    /// Cases `numbers` of one split, of the law of one round, labelled as the hospital's doctors would
    /// label them: test cases with the truth.
    pub(crate) fn cases_in(
        &self,
        info: &NodeInfo,
        split: Split,
        round: RoundId,
        numbers: impl Iterator<Item = u64>,
    ) -> Rows {
        let place = self.place(info.node);
        let hospital = self.differences_in(info, round);
        let flips = place.cases(split, "misdiagnosis");
        let rates = match split {
            Split::Train => self.common().misdiagnosis.rates(&info.tier),
            Split::Test => [0.0; 2],
        };
        let mut rows = Rows::empty(self.shape());
        let (least, most) = numbers.size_hint();
        rows.reserve(most.unwrap_or(least));
        let mut stored = vec![0.0; rows.width()];
        let mut make = self.scenario.cases(&hospital, place, split);
        for case in numbers {
            let truth = make(case, &mut stored);
            let label = Misdiagnosis::write(rates, truth, S::CLASSES, flips, case);
            rows.push(&stored, label);
        }
        rows
    }

    /// How many training cases the hospital has, whether or not their patients consent.
    fn present_at(&self, info: &NodeInfo) -> u64 {
        let common = self.common();
        let of_tier = || common.population.cases(info, common.sizes, self.seed);
        let own = self.scenario.training_cases(self.place(info.node));
        own.unwrap_or_else(of_tier)
    }

    /// The training cases that may be used in one round: all, or those whose patients consent and
    /// have not withdrawn.
    fn usable(&self, info: &NodeInfo, round: RoundId) -> impl Iterator<Item = u64> {
        self.usable_of(info, round, 0..self.present_at(info))
    }

    /// Those of `cases`.
    fn usable_of(
        &self,
        info: &NodeInfo,
        round: RoundId,
        cases: Range<u64>,
    ) -> impl Iterator<Item = u64> {
        let (common, place) = (self.common(), self.place(info.node));
        let [consent, withdrawal] =
            ["consent", "withdrawal"].map(|mechanism| place.cases(Split::Train, mechanism));
        let share = common.consent.share(&info.tier).unwrap_or(1.0);
        let left = common.withdrawal.map_or(1.0, |w| w.left(round));
        cases.filter(move |&case| within(share, consent, case) && within(left, withdrawal, case))
    }

    /// Facts that hospitals of every scenario have.
    fn common_facts(&self, info: &NodeInfo) -> Vec<(&'static str, String)> {
        let [rate, miss] = self.common().misdiagnosis.rates(&info.tier);
        let wrong = if rate == miss {
            format!("{rate:.2}")
        } else {
            format!("{miss:.2} missed, {rate:.2} false alarms")
        };
        let mut facts = vec![("wrong labels", wrong)];
        if self.common().consent.share(&info.tier).is_some() {
            let (used, present) = (self.rows(info.node).0, self.present_at(info));
            facts.push(("patients who consent", format!("{used} of {present}")));
        }
        facts
    }
}

impl<S: Scenario> Source for Synthetic<S> {
    fn id(&self) -> &'static str {
        S::INFO.id
    }

    fn roster(&self) -> &[NodeInfo] {
        &self.roster
    }

    fn rows_in(&self, node: NodeId, round: RoundId) -> (u64, u64) {
        self.info(node).map_or((0, 0), |info| {
            let common = self.common();
            let asked = common.consent.share(&info.tier).is_some() || common.withdrawal.is_some();
            let train = match asked {
                true => self.usable(info, round).count() as u64,
                false => self.present_at(info),
            };
            (train, common.population.test_cases(info))
        })
    }

    fn present(&self, node: NodeId) -> u64 {
        self.info(node).map_or(0, |info| self.present_at(info))
    }

    fn since(&self, round: RoundId) -> RoundId {
        let withdrawn = self.common().withdrawal.map(|w| w.since(round));
        let drifted = self.drift().map(|drift| drift.since(round));
        withdrawn.max(drifted).unwrap_or(RoundId(0))
    }

    fn hospital_in(&self, node: NodeId, round: RoundId) -> Result<HospitalData, DataError> {
        let info = self.info(node)?;
        let train = self.usable(info, round);
        let tests = self.common().population.test_cases(info);
        let mut facts = self.common_facts(info);
        facts.extend(self.scenario.facts(&self.differences_in(info, round)));
        let facts = facts.into_iter();
        Ok(HospitalData {
            info: info.clone(),
            train: self.cases_in(info, Split::Train, round, train),
            test: self.cases_in(info, Split::Test, round, 0..tests),
            facts: facts
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        })
    }

    /// The cases after the training cases, labelled as those are.
    fn held_out(&self, node: NodeId, rows: u64) -> Option<Rows> {
        let info = self.info(node).ok()?;
        let numbers = self.usable_of(info, RoundId(0), self.present_at(info)..u64::MAX);
        Some(self.cases_in(info, Split::Train, RoundId(0), numbers.take(rows as usize)))
    }

    /// As a tertiary hospital more would write down test cases.
    fn root(&self, rows: u64) -> Option<Rows> {
        let info = crate::federation::coordinator();
        Some(self.cases_in(&info, Split::Test, RoundId(0), 0..rows))
    }

    fn shape(&self) -> &[usize] {
        S::shape(self.scenario.config())
    }

    fn classes(&self) -> usize {
        S::CLASSES
    }

    fn feature_names(&self) -> Vec<String> {
        self.scenario.feature_names()
    }

    fn asks_consent(&self, node: NodeId) -> bool {
        let info = self.roster().get(node.0 as usize);
        info.is_some_and(|info| self.common().consent.share(&info.tier).is_some())
    }

    fn synthetic(&self) -> bool {
        true
    }

    fn ceiling(&self, data: &HospitalData, round: RoundId) -> Evaluation {
        let hospital = self.differences_in(&data.info, round);
        self.scenario.ceiling(&hospital, &data.test)
    }

    fn reader(&self, info: &NodeInfo) -> Option<f64> {
        self.scenario.reader(&self.differences_in(info, RoundId(0)))
    }
}
