//! Those who may be asked to train.

use ward_core::NodeInfo;

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
}

impl<'a> Crowd<'a> {
    /// Those of whom `condition` holds; everybody where there is none.
    pub(crate) fn of(roster: &'a [NodeInfo], condition: Option<&Condition>) -> Self {
        let holds = |info| condition.is_none_or(|condition| condition.holds(info));
        let admits: Vec<bool> = roster.iter().map(holds).collect();
        Self {
            roster,
            admitted: admits.iter().filter(|admitted| **admitted).count(),
            admits,
        }
    }

    /// Those who may be asked.
    pub(crate) fn members(&self) -> impl Iterator<Item = &'a NodeInfo> + '_ {
        let members = self.roster.iter().zip(&self.admits);
        members.filter_map(|(info, admitted)| admitted.then_some(info))
    }

    /// How a message names them.
    pub(crate) fn in_words(&self) -> String {
        match self.admitted == self.roster.len() {
            true => format!("there are {}", self.admitted),
            false => format!("`where` matches {}", self.admitted),
        }
    }
}
