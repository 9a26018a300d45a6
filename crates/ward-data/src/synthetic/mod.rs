//! What all scenarios share. A [`Scenario`] is its equations, its table and its ideal observer;
//! [`Synthetic`] does the rest: who takes part, how many cases each has, who consents, and what
//! doctors write down. Every mechanism draws at a place of its own.

#[cfg(test)]
pub(crate) mod laws;
mod mix;
mod scanner;
mod shift;
mod table;

use std::fmt;
use std::ops::Range;

use rand::RngExt;
use ward_core::{Evaluation, NodeId, NodeInfo, Seed, Tally};

pub use mix::ClassMix;
pub(crate) use mix::pick;
pub(crate) use scanner::transpose;
pub use scanner::{Scanner, Scanners};
pub(crate) use shift::Shift;
pub(crate) use table::{Common, Table, above, scenario_table};

use crate::misdiagnosis::Misdiagnosis;
use crate::place::{Place, Split};
use crate::registry::ScenarioInfo;
use crate::source::{DataError, Problem, Source};
use crate::tier::TierProfile;
use crate::{HospitalData, Rows};

/// A scenario: a formula for cases, and the best that anybody could make of them.
pub(crate) trait Scenario: fmt::Debug + Send + Sync + Sized + 'static {
    /// Its table in a config.
    type Config: Table;
    /// What makes one hospital different from the others.
    type Hospital;
    /// Its line in the registry.
    const INFO: ScenarioInfo;
    /// Classes that labels tell apart.
    const CLASSES: usize = 2;
    /// The metrics in which nobody can do better than the ideal observer.
    const BOUNDED: &'static [&'static str];

    /// The scenario that `config` describes. What is random and the same for everybody is drawn
    /// at `world`.
    fn new(config: Self::Config, world: Seed) -> Self;

    /// Its settings.
    fn config(&self) -> &Self::Config;

    /// The shape of one row.
    fn shape(config: &Self::Config) -> &'static [usize];

    /// Names of the features; empty for images.
    fn feature_names(&self) -> Vec<String> {
        Vec::new()
    }

    /// What is wrong with its own settings; `path` is where the table stands.
    fn problems(_config: &Self::Config, _path: &str) -> Vec<Problem> {
        Vec::new()
    }

    /// Training cases of the hospital at `place`, where they are not those of its tier.
    fn training_cases(&self, _place: Place) -> Option<u64> {
        None
    }

    /// What makes the hospital at `place` different. It is drawn whether the switches are on or not,
    /// so that they can be compared.
    fn hospital(&self, info: &NodeInfo, place: Place) -> Self::Hospital;

    /// The differences as a person is told of them.
    fn facts(&self, hospital: &Self::Hospital) -> Vec<(&'static str, String)>;

    /// Makes cases of one split at `place`: writes the features of a case, given its number, as the
    /// hospital stores them, and says its true class.
    fn cases<'a>(
        &'a self,
        hospital: &'a Self::Hospital,
        place: Place,
        split: Split,
    ) -> impl FnMut(u64, &mut [f32]) -> u8 + 'a;

    /// The ideal observer of the hospital's test cases: given a case's number and its row as stored,
    /// appends what it makes of it to its answers. For two classes that is the logarithm of the
    /// likelihood ratio, for more the logarithm of each class's posterior, but for a constant.
    fn observer<'a>(
        &'a self,
        hospital: &'a Self::Hospital,
    ) -> impl FnMut(u64, &[f32], &mut Vec<f32>) + 'a;

    /// The best possible scores on the hospital's test rows: the ideal observer's on the same rows,
    /// unless they are known exactly.
    fn ceiling(&self, hospital: &Self::Hospital, test: &Rows) -> Evaluation {
        observed::<Self>(self, hospital, test)
    }
}

/// The ideal observer's scores on `rows`, the hospital's first test cases, in the metrics that it bounds.
pub(crate) fn observed<S: Scenario>(
    scenario: &S,
    hospital: &S::Hospital,
    rows: &Rows,
) -> Evaluation {
    let mut answers = Vec::new();
    let mut observe = scenario.observer(hospital);
    for (case, row) in (0..).zip(rows.features.chunks_exact(rows.width())) {
        observe(case, row, &mut answers);
    }
    let mut scores = Tally::of(&answers, &rows.labels, S::CLASSES).evaluation();
    if S::CLASSES == 2 {
        scores
            .0
            .extend(Evaluation::of_scores(&answers, &rows.labels).0);
    }
    scores
        .0
        .retain(|name, _| S::BOUNDED.contains(&name.as_str()));
    scores
}

/// Everything that is wrong with `config`; `path` is where it stands.
pub(crate) fn problems<S: Scenario>(config: &S::Config, path: &str) -> Vec<Problem> {
    let mut problems = config.common().problems(path, S::CLASSES);
    problems.extend(S::problems(config, path));
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

    /// What makes the hospital different.
    pub(crate) fn differences(&self, info: &NodeInfo) -> S::Hospital {
        self.scenario.hospital(info, self.place(info.node))
    }

    /// Cases `numbers` of one split, labelled as the hospital's doctors would label them: test cases
    /// with the truth.
    pub(crate) fn cases(
        &self,
        info: &NodeInfo,
        split: Split,
        numbers: impl Iterator<Item = u64>,
    ) -> Rows {
        let place = self.place(info.node);
        let hospital = self.differences(info);
        let flips = place.cases(split, "misdiagnosis");
        let rates = match split {
            Split::Train => self.common().misdiagnosis.rates(&info.tier),
            Split::Test => [0.0; 2],
        };
        let mut rows = Rows::empty(self.shape());
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
    fn present(&self, info: &NodeInfo) -> u64 {
        let common = self.common();
        let of_tier = || common.population.cases(info, common.sizes, self.seed);
        let own = self.scenario.training_cases(self.place(info.node));
        own.unwrap_or_else(of_tier)
    }

    /// The training cases that may be used: all, or those whose patients consent.
    fn consenting(&self, info: &NodeInfo, numbers: Range<u64>) -> impl Iterator<Item = u64> {
        let asked = self.common().consent;
        let consent = self.place(info.node).cases(Split::Train, "consent");
        let share = TierProfile::of(&info.tier).map_or(1.0, |tier| tier.consent);
        numbers.filter(move |&case| !asked || consent.stream_of(case).random::<f64>() < share)
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
        if self.common().consent {
            let (used, present) = (self.rows(info.node).0, self.present(info));
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

    fn rows(&self, node: NodeId) -> (u64, u64) {
        self.info(node).map_or((0, 0), |info| {
            let common = self.common();
            let present = 0..self.present(info);
            let train = match common.consent {
                true => self.consenting(info, present).count() as u64,
                false => present.end,
            };
            (train, common.population.test_cases(info))
        })
    }

    fn hospital(&self, node: NodeId) -> Result<HospitalData, DataError> {
        let info = self.info(node)?;
        let train = self.consenting(info, 0..self.present(info));
        let tests = self.common().population.test_cases(info);
        let mut facts = self.common_facts(info);
        facts.extend(self.scenario.facts(&self.differences(info)));
        let facts = facts.into_iter();
        Ok(HospitalData {
            info: info.clone(),
            train: self.cases(info, Split::Train, train),
            test: self.cases(info, Split::Test, 0..tests),
            facts: facts
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        })
    }

    /// As a tertiary hospital more would write down test cases.
    fn root(&self, rows: u64) -> Option<Rows> {
        let info = crate::federation::coordinator();
        Some(self.cases(&info, Split::Test, 0..rows))
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

    fn synthetic(&self) -> bool {
        true
    }

    fn ceiling(&self, data: &HospitalData) -> Evaluation {
        let hospital = self.differences(&data.info);
        self.scenario.ceiling(&hospital, &data.test)
    }
}
