//! How a federation grows, told before it starts.

use serde::Serialize;
use ward_core::{NodeInfo, RoundId};

use crate::config::Experiment;

/// Hospitals that have joined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdoptionForecast {
    /// In the first round.
    pub first: usize,
    /// In the last.
    pub last: usize,
    /// The first round with as many, counted from 1.
    pub last_from: u32,
    /// Of so many.
    pub of: usize,
}

impl AdoptionForecast {
    /// Of an experiment with these hospitals.
    pub(super) fn of(experiment: &Experiment, roster: &[NodeInfo]) -> Option<Self> {
        let joins = experiment.joins(roster)?;
        let by = |round: u32| joins.iter().filter(move |joins| joins.0 <= round);
        let end = experiment.rounds.saturating_sub(1);
        let newest = by(end).max().copied().unwrap_or(RoundId(0));
        Some(Self {
            first: by(0).count(),
            last: by(end).count(),
            last_from: newest.0 + 1,
            of: roster.len(),
        })
    }

    /// In words.
    pub(super) fn line(&self) -> String {
        let Self {
            first,
            last,
            last_from,
            of,
        } = self;
        format!("{first} of {of} hospitals in round 1, {last} from round {last_from} on")
    }
}
