//! What hospitals' updates cost in privacy so far, as the coordinator can tell.

use std::collections::{BTreeMap, BTreeSet};

use ward_core::{NodeId, RoundId};

use super::RunView;
use crate::text;

impl RunView {
    /// Rounds, up to `last`, in which `node` was asked to train and did not decline.
    #[must_use]
    pub fn asked(&self, node: NodeId, last: RoundId) -> u32 {
        let rounds = self.rounds.iter().take_while(|round| round.round <= last);
        let asked = rounds.filter(|round| {
            let declined = round.declined.iter().any(|(who, _)| *who == node);
            round.cohort.contains(&node) && !declined
        });
        asked.count() as u32
    }

    /// At most this much of `node` is lost by the end of round `last`; infinite where nothing is noised.
    #[must_use]
    pub fn epsilon_of(&self, node: NodeId, last: RoundId) -> f64 {
        let asked = self.asked(node, last);
        match &self.privacy {
            Some(terms) => terms.epsilon(asked),
            None if asked == 0 => 0.0,
            None => f64::INFINITY,
        }
    }

    /// The largest of them, and whose it is.
    #[must_use]
    pub fn epsilon(&self, last: RoundId) -> (f64, Option<NodeId>) {
        let mut asked: BTreeMap<NodeId, u32> = BTreeMap::new();
        for round in self.rounds.iter().take_while(|round| round.round <= last) {
            let declined: BTreeSet<NodeId> = round.declined.iter().map(|(who, _)| *who).collect();
            for node in round.cohort.iter().filter(|node| !declined.contains(node)) {
                *asked.entry(*node).or_default() += 1;
            }
        }
        let most = asked.into_iter().max_by_key(|(_, rounds)| *rounds);
        let epsilon = match (&self.privacy, most) {
            (_, None) => 0.0,
            (Some(terms), Some((_, rounds))) => terms.epsilon(rounds),
            (None, Some(_)) => f64::INFINITY,
        };
        (epsilon, most.map(|(node, _)| node))
    }

    /// The newest round; the first where there is none.
    #[must_use]
    pub fn newest(&self) -> RoundId {
        self.rounds.last().map_or(RoundId(0), |round| round.round)
    }

    /// `epsilon 2.98 (unit: patient, delta 1e-5)`: what all rounds up to `last` cost.
    #[must_use]
    pub fn privacy_so_far(&self, last: RoundId) -> Option<String> {
        let terms = self.privacy.as_ref()?;
        Some(format!(
            "epsilon {} (unit: {}, delta {:e})",
            text::epsilon(self.epsilon(last).0),
            terms.unit,
            terms.delta
        ))
    }

    /// A line for the end of a run: what it cost in privacy, and what that does not cover.
    #[must_use]
    pub fn privacy_line(&self) -> String {
        let (Some(terms), Some(so_far)) = (&self.privacy, self.privacy_so_far(self.newest()))
        else {
            return "privacy: nothing was noised, so epsilon is infinite for everybody who trained"
                .to_owned();
        };
        let most = self.epsilon(self.newest()).1;
        let asked = most.map_or(0, |node| self.asked(node, self.newest()));
        let simulated = if terms.simulated {
            "; its noise is simulated, from the public seed, and protects nobody"
        } else {
            ""
        };
        format!(
            "privacy: {so_far} at most, for a hospital asked in {}, by {}; scores on test rows are not \
             covered{simulated}",
            text::things(u64::from(asked), "round", "rounds"),
            terms.accountant
        )
    }
}
