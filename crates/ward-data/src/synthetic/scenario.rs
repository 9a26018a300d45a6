//! What a scenario is.

use std::fmt;

use ward_core::{Evaluation, NodeInfo, RoundId, Seed, Tally};

use super::Table;
use crate::Rows;
use crate::drift::Drift;
use crate::place::{Place, Split};
use crate::registry::ScenarioInfo;
use crate::source::Problem;

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

    /// The features whose means a drift can move.
    const DRIFTING: &'static [&'static str] = &[];

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

    /// How its law moves while a run goes on; `None` where it stays.
    fn drift(_config: &Self::Config) -> Option<&Drift> {
        None
    }

    /// What makes `hospital`, as it is in the first round, different in `round`.
    fn drifted(&self, hospital: Self::Hospital, _drift: &Drift, _round: RoundId) -> Self::Hospital {
        hospital
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

    /// The balanced accuracy of the hospital's human reader, where the scenario has readers.
    fn reader(&self, _hospital: &Self::Hospital) -> Option<f64> {
        None
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
