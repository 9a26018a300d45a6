//! Who can afford to take part, told before the run.

use serde::Serialize;
use ward_core::NodeInfo;

use crate::config::Experiment;
use crate::results::tiers;

/// Hospitals of a tier that can afford to take part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AffordsForecast {
    /// The tier.
    pub tier: String,
    /// How many join.
    pub joined: usize,
    /// Of so many.
    pub of: usize,
}

impl AffordsForecast {
    /// By tier; empty where nothing is paid for.
    pub(super) fn of(experiment: &Experiment, roster: &[NodeInfo]) -> Vec<Self> {
        if experiment.reimbursement.is_none() {
            return Vec::new();
        }
        let out = experiment.stays_out(roster);
        let of = |tier: String| {
            let members = || roster.iter().filter(|info| info.tier == tier);
            Self {
                joined: members().filter(|info| !out.contains(&info.node)).count(),
                of: members().count(),
                tier,
            }
        };
        tiers(roster.iter()).into_iter().map(of).collect()
    }

    /// In words.
    pub(super) fn line(all: &[Self]) -> String {
        let words = all
            .iter()
            .map(|of| format!("{} {} of {}", of.tier, of.joined, of.of));
        words.collect::<Vec<_>>().join(", ")
    }
}
