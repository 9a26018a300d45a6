//! One session of a masked round at its coordinator: the states of
//! `ward_privacy::secagg::coordinator`, and what was last asked of whom.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use ward_core::secagg::KeyOffer;
use ward_core::{Instruction, MaskingAnswer, MaskingPhase, MaskingStep, NodeId, Refusal, RoundId};
use ward_privacy::secagg::coordinator::{
    Collecting, Consenting, Drawing, Keying, Sharing, Unmasked, Unmasking,
};
use ward_privacy::secagg::{Failure, Fault, Wrong};

/// A session under way.
pub(super) struct Session {
    /// Who was asked to train.
    pub(super) members: BTreeSet<NodeId>,
    /// Who is asked in the open phase.
    pub(super) asked: BTreeSet<NodeId>,
    /// Uploads that are enough before the deadline.
    goal: usize,
    state: State,
    sent: Sent,
}

enum State {
    Keying(Keying),
    Drawing(Drawing, Arc<Vec<(NodeId, KeyOffer)>>),
    Sharing(Sharing),
    Collecting(Box<Collecting>),
    Consenting(Box<Consenting>),
    Unmasking(Box<Unmasking>),
}

/// What was last asked: of everybody the same, or of each its own.
enum Sent {
    /// The instruction to train.
    Begin(Instruction),
    All(MaskingStep),
    Each(BTreeMap<NodeId, MaskingStep>),
}

/// What follows a phase.
pub(super) enum Closed {
    /// The next one.
    Next(Box<Session>),
    /// It was the last: the sum.
    Summed(Unmasked),
}

impl Session {
    pub(super) fn new(
        keying: Keying,
        members: BTreeSet<NodeId>,
        goal: usize,
        begun: Instruction,
    ) -> Self {
        Self {
            asked: members.clone(),
            members,
            goal,
            state: State::Keying(keying),
            sent: Sent::Begin(begun),
        }
    }

    pub(super) fn phase(&self) -> MaskingPhase {
        match self.state {
            State::Keying(_) => MaskingPhase::Keys,
            State::Drawing(..) => MaskingPhase::Openings,
            State::Sharing(_) => MaskingPhase::Shares,
            State::Collecting(_) => MaskingPhase::Uploads,
            State::Consenting(_) => MaskingPhase::Consents,
            State::Unmasking(_) => MaskingPhase::Revelations,
        }
    }

    /// Those who have not answered and may still, without those who have `declined`.
    pub(super) fn awaited(&self, declined: &BTreeSet<NodeId>) -> Vec<NodeId> {
        let mut awaited = match &self.state {
            State::Keying(state) => state.awaited(),
            State::Drawing(state, _) => state.awaited(),
            State::Sharing(state) => state.awaited(),
            State::Collecting(state) => state.awaited(),
            State::Consenting(state) => state.awaited(),
            State::Unmasking(state) => state.awaited(),
        };
        awaited.retain(|node| self.asked.contains(node) && !declined.contains(node));
        awaited
    }

    /// Whether there are answers enough, whoever is still awaited.
    pub(super) fn has_enough(&self) -> bool {
        match &self.state {
            State::Collecting(state) => state.survivors().len() >= self.goal,
            State::Unmasking(state) => state.is_enough(),
            _ => false,
        }
    }

    /// Takes an answer in the open phase.
    pub(super) fn accept(&mut self, node: NodeId, answer: MaskingAnswer) -> Result<(), Refusal> {
        let kind = answer.kind();
        if self.has_enough() {
            // Other sessions of the round are still open. Who is in the sum is settled here.
            return match answer {
                MaskingAnswer::Revelation(_) => Ok(()),
                _ => Err(Refusal::TooLate),
            };
        }
        let taken = match (&mut self.state, answer) {
            (State::Keying(state), MaskingAnswer::Keys(offer)) => state.accept(node, offer),
            (State::Drawing(state, _), MaskingAnswer::Opening(opening)) => {
                state.accept(node, opening)
            }
            (State::Sharing(state), MaskingAnswer::Shares(shares)) => state.accept(node, shares),
            (State::Collecting(state), MaskingAnswer::Upload(upload)) => {
                state.accept(node, &upload)
            }
            (State::Consenting(state), MaskingAnswer::Consent(consent)) => {
                state.accept(node, consent)
            }
            (State::Unmasking(state), MaskingAnswer::Revelation(revelation)) => {
                state.accept(node, &revelation)
            }
            _ => return Err(Refusal::Unexpected(kind.to_owned())),
        };
        taken.map_err(|Fault { wrong, .. }| match wrong {
            Wrong::NotAsked => Refusal::NotInCohort,
            Wrong::Duplicate | Wrong::Excluded => Refusal::Duplicate,
            wrong => Refusal::Dishonest(wrong.to_string()),
        })
    }

    /// What the open phase asks of `node`.
    pub(super) fn asks(&self, node: NodeId, round: RoundId) -> Option<Instruction> {
        let step = match &self.sent {
            Sent::Begin(instruction) => return Some(instruction.clone()),
            Sent::All(step) => step.clone(),
            Sent::Each(steps) => steps.get(&node)?.clone(),
        };
        Some(Instruction::Masking { round, step })
    }

    /// Ends the open phase. Who is asked next is who has answered, without those who have `declined`.
    pub(super) fn close(self, declined: &BTreeSet<NodeId>) -> Result<Closed, Failure> {
        let (state, sent) = match self.state {
            State::Keying(state) if state.is_drawn() => {
                let (offers, state) = state.draw()?;
                let offers = Arc::new(offers);
                let state = State::Drawing(state, offers.clone());
                (state, Sent::All(MaskingStep::Open { offers }))
            }
            State::Keying(state) => {
                let (offers, state) = state.close()?;
                let share = MaskingStep::Share {
                    offers: Arc::new(offers),
                    openings: Arc::default(),
                };
                (State::Sharing(state), Sent::All(share))
            }
            State::Drawing(state, offers) => {
                let (openings, state) = state.close()?;
                let share = MaskingStep::Share {
                    offers,
                    openings: Arc::new(openings),
                };
                (State::Sharing(state), Sent::All(share))
            }
            State::Sharing(state) => {
                let (letters, state) = state.close()?;
                let mask = |(node, shares)| (node, MaskingStep::Mask { shares });
                let steps = letters.into_iter().map(mask).collect();
                (State::Collecting(Box::new(state)), Sent::Each(steps))
            }
            State::Collecting(state) => {
                let (survivors, state) = state.close()?;
                let survivors = Arc::new(survivors);
                let confirm = MaskingStep::Confirm { survivors };
                (State::Consenting(Box::new(state)), Sent::All(confirm))
            }
            State::Consenting(state) => {
                let (consents, state) = state.close()?;
                let consents = Arc::new(consents);
                let reveal = MaskingStep::Reveal { consents };
                (State::Unmasking(Box::new(state)), Sent::All(reveal))
            }
            State::Unmasking(state) => {
                return state.close(NonZeroUsize::MIN).map(Closed::Summed);
            }
        };
        let mut next = Self {
            state,
            sent,
            ..self
        };
        next.asked = next.awaited(declined).into_iter().collect();
        Ok(Closed::Next(Box::new(next)))
    }
}
