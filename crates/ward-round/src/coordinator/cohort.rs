//! Who is asked: those who may be, and the sampler's choice among them.

use std::collections::BTreeSet;

use ward_core::{Abandoned, Event, NodeId, Protection};

use super::{Coordinator, Effect};
use crate::strategy::{Draw, Drawn};

impl Coordinator {
    /// Those who are there and may be asked to train.
    pub(super) fn candidates(&self) -> Vec<NodeId> {
        let present = self.present.iter().copied();
        present
            .filter(|node| self.strategy.sampler.admits(*node) && !self.is_out(node))
            .filter(|node| !self.pauses(*node))
            .collect()
    }

    /// Whether a node was asked too short a time ago for noise that cancels between rounds.
    fn pauses(&self, node: NodeId) -> bool {
        let last = self.state.last_asked.get(&node);
        last.is_some_and(|last| self.state.round.0 < last.0.saturating_add(self.bands()))
    }

    /// In how many rounds a node may be asked once.
    fn bands(&self) -> u32 {
        match &self.plan.order.protection {
            Protection::Hospital(noise) => noise.bands,
            Protection::None | Protection::Patient(_) => 1,
        }
    }

    /// Remembers who is asked in the open round, where they must not be asked again soon.
    pub(super) fn note_asked(&mut self, cohort: &BTreeSet<NodeId>) {
        if self.bands() > 1 {
            let round = self.state.round;
            let asked = cohort.iter().map(|node| (*node, round));
            self.state.last_asked.extend(asked);
        }
    }

    /// Whether a node is asked to train no more.
    fn is_out(&self, node: &NodeId) -> bool {
        self.state.barred.contains(node) || self.state.resting.contains(node)
    }

    /// Whether the run ends because hospitals will train no more: one is enough where the plan says so,
    /// and otherwise so many that no round can reach its quorum.
    pub(super) fn is_deserted(&self) -> bool {
        if self.state.resting.is_empty() {
            return false;
        }
        let left = self
            .plan
            .nodes()
            .filter(|node| self.strategy.sampler.admits(*node) && !self.is_out(node));
        self.plan.rests_with_first || left.count() < self.enough()
    }

    /// How many of them a round takes.
    pub(super) fn enough(&self) -> usize {
        let sampler = &self.strategy.sampler;
        let enrolled = sampler.enrolled(self.admitted, self.state.round);
        self.plan.quorum_of(sampler.target(enrolled))
    }

    /// The cohort of the next round that has one. A round for which nobody is drawn is over at once:
    /// it makes no model, takes no time and is nobody's fault. `None` when that was the last of the run.
    pub(super) fn draw(
        &mut self,
        candidates: &[NodeId],
        effects: &mut Vec<Effect>,
    ) -> Option<Drawn> {
        loop {
            let drawn = self.strategy.sampler.draw(&Draw {
                round: self.state.round,
                candidates,
                enrolled: self.admitted,
                over_selection: self.plan.over_selection,
                seed: self.plan.seed,
                standings: &self.state.standings,
            });
            if drawn.aims_at > 0 {
                return Some(drawn);
            }
            effects.push(Effect::Emit(Event::RoundAbandoned {
                round: self.state.round,
                silent: Vec::new(),
                reason: Abandoned::NobodyDrawn,
            }));
            self.state.round = self.state.round.next();
            if self.state.round.0 >= self.plan.rounds {
                return None;
            }
        }
    }
}
