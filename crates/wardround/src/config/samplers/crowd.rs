//! Those who may be asked to train.

use std::collections::BTreeSet;

use ward_core::{NodeId, NodeInfo};

use crate::config::condition::Condition;

/// Those of a roster who may be asked to train.
#[derive(Debug, Clone)]
pub(crate) struct Crowd<'a> {
    /// Everyone enrolled.
    pub(crate) roster: &'a [NodeInfo],
    /// By node: whether it may be asked.
    pub(crate) admits: Vec<bool>,
    /// How many may be.
    pub(crate) admitted: usize,
    /// Whether some are kept out to score the model from outside.
    external: bool,
}

impl<'a> Crowd<'a> {
    /// Those of whom `condition` holds, everybody where there is none, but for those `outside`.
    pub(crate) fn of(
        roster: &'a [NodeInfo],
        condition: Option<&Condition>,
        outside: &BTreeSet<NodeId>,
    ) -> Self {
        let holds = |info| condition.is_none_or(|condition| condition.holds(info));
        let admits = roster.iter();
        let admits: Vec<bool> = admits
            .map(|info| !outside.contains(&info.node) && holds(info))
            .collect();
        Self {
            roster,
            admitted: admits.iter().filter(|admitted| **admitted).count(),
            admits,
            external: !outside.is_empty(),
        }
    }

    /// Those who may be asked.
    pub(crate) fn members(&self) -> impl Iterator<Item = &'a NodeInfo> + '_ {
        let members = self.roster.iter().zip(&self.admits);
        members.filter_map(|(info, admitted)| admitted.then_some(info))
    }

    /// What left some out, with its verb.
    pub(crate) fn chosen_by(&self) -> &'static str {
        match self.external {
            true => "those who train are",
            false => "`where` matches",
        }
    }

    /// How a message names them.
    pub(crate) fn in_words(&self) -> String {
        match self.admitted == self.roster.len() {
            true => format!("there are {}", self.admitted),
            false => format!("{} {}", self.chosen_by(), self.admitted),
        }
    }
}
