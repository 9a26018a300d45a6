//! A masked round, from keys to the sum: the phases of `ward_privacy::secagg::coordinator`, each open
//! until everybody asked has answered or its deadline has come.
//!
//! Who does not answer in one phase is not asked in the next. Who is at fault is named, and not asked
//! again in this run.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use ward_core::{
    Abandoned, Event, Instruction, MaskingAnswer, MaskingOrder, MaskingPhase, MaskingStep, NodeId,
    Params, Refusal, RoundId, Tick, TrainOrder, Upload,
};
use ward_privacy::RingSum;
use ward_privacy::secagg::coordinator::{
    Collecting, Consenting, Drawing, Keying, Sharing, Unmasked, Unmasking,
};
use ward_privacy::secagg::{Failure, Fault, Wrong};

use super::phases::Closing;
use super::reports::belongs;
use super::{Coordinator, Effect};
use crate::masked::session;
use crate::phase::{Asked, Phase};
use crate::strategy::Drawn;

/// A masked round under way.
pub(crate) struct Masked {
    pub(crate) asked: Asked,
    state: State,
    /// Uploads that close their phase before its deadline.
    goal: usize,
    /// Who was asked to train.
    cohort: BTreeSet<NodeId>,
    /// What was last asked: of everybody the same, or of each its own.
    sent: Sent,
}

enum State {
    Keying(Keying),
    Drawing(Drawing, Arc<Vec<(NodeId, ward_core::secagg::KeyOffer)>>),
    Sharing(Sharing),
    Collecting(Box<Collecting>),
    Consenting(Box<Consenting>),
    Unmasking(Box<Unmasking>),
}

enum Sent {
    /// The instruction to train.
    Begin(Instruction),
    All(MaskingStep),
    Each(BTreeMap<NodeId, MaskingStep>),
}

impl std::fmt::Debug for Masked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Masked({}, {:?})", self.phase(), self.asked)
    }
}

impl Masked {
    pub(crate) fn phase(&self) -> MaskingPhase {
        match self.state {
            State::Keying(_) => MaskingPhase::Keys,
            State::Drawing(..) => MaskingPhase::Openings,
            State::Sharing(_) => MaskingPhase::Shares,
            State::Collecting(_) => MaskingPhase::Uploads,
            State::Consenting(_) => MaskingPhase::Consents,
            State::Unmasking(_) => MaskingPhase::Revelations,
        }
    }

    /// Those who have not answered and may still.
    fn awaited(&self) -> Vec<NodeId> {
        let mut awaited = match &self.state {
            State::Keying(state) => state.awaited(),
            State::Drawing(state, _) => state.awaited(),
            State::Sharing(state) => state.awaited(),
            State::Collecting(state) => state.awaited(),
            State::Consenting(state) => state.awaited(),
            State::Unmasking(state) => state.awaited(),
        };
        awaited
            .retain(|node| self.asked.cohort.contains(node) && !self.asked.declined.contains(node));
        awaited
    }

    /// Whether there is nothing more to wait for.
    pub(super) fn is_settled(&self) -> bool {
        let done = match &self.state {
            State::Collecting(state) => state.survivors().len() >= self.goal,
            State::Unmasking(state) => state.is_enough(),
            _ => false,
        };
        done || self.awaited().is_empty()
    }

    fn accept(&mut self, node: NodeId, answer: MaskingAnswer) -> Result<(), Refusal> {
        let kind = answer.kind();
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

    /// What `node` still owes the open phase.
    pub(super) fn outstanding(&self, node: NodeId, round: RoundId) -> Option<Instruction> {
        self.awaited()
            .contains(&node)
            .then(|| self.asks(node, round))?
    }

    /// What the open phase asks of `node`.
    fn asks(&self, node: NodeId, round: RoundId) -> Option<Instruction> {
        let step = match &self.sent {
            Sent::Begin(instruction) => return Some(instruction.clone()),
            Sent::All(step) => step.clone(),
            Sent::Each(steps) => steps.get(&node)?.clone(),
        };
        Some(Instruction::Masking { round, step })
    }
}

impl Coordinator {
    /// Asks a cohort for keys and training.
    pub(super) fn open_masked(
        &mut self,
        now: Tick,
        drawn: &Drawn,
        asked: Asked,
        (params, order): (Arc<Params>, Arc<TrainOrder>),
        effects: &mut Vec<Effect>,
    ) {
        let round = self.state.round;
        let Some(settings) = &self.plan.masking else {
            return;
        };
        let masking = Arc::new(MaskingOrder {
            suite: settings.suite,
            attempt: settings.attempt,
            cohort: asked.cohort.iter().copied().collect(),
            min_survivors: settings.min_survivors,
        });
        let roster = settings.roster.clone();
        let length = self.plan.upload_len();
        let session = session(round, &params, &order, &masking, &roster, length);
        let keying = match Keying::open(session, roster) {
            Ok(keying) => keying,
            Err(failure) => {
                return self.fail(now, MaskingPhase::Keys, Vec::new(), &failure, effects);
            }
        };
        let begun = Instruction::Train {
            round,
            params,
            order,
            masking: Some(masking),
        };
        effects.extend(asked.cohort.iter().map(|&to| Effect::Send {
            to,
            instruction: begun.clone(),
        }));
        self.phase = Phase::Masked(Box::new(Masked {
            goal: drawn.aims_at.min(asked.cohort.len()),
            cohort: asked.cohort.clone(),
            asked,
            state: State::Keying(keying),
            sent: Sent::Begin(begun),
        }));
    }

    /// Takes what a node answers in a masked round.
    pub(super) fn take_masked(
        &mut self,
        node: NodeId,
        round: RoundId,
        answer: MaskingAnswer,
    ) -> Result<(), Refusal> {
        let open = self.state.round;
        if matches!(answer, MaskingAnswer::Revelation(_)) && round < open {
            // There were enough before it: nobody's mistake.
            return Ok(());
        }
        let Phase::Masked(masked) = &mut self.phase else {
            return Err(match round < open {
                true => Refusal::TooLate,
                false => Refusal::Unexpected(answer.kind().to_owned()),
            });
        };
        belongs(&masked.asked, node, round, open, false).map_err(|refusal| {
            // An earlier phase of the round has gone on without it.
            let late = refusal == Refusal::NotInCohort && masked.cohort.contains(&node);
            if late { Refusal::TooLate } else { refusal }
        })?;
        let taken = masked.accept(node, answer);
        if matches!(taken, Err(Refusal::Dishonest(_))) {
            self.state.barred.insert(node);
        }
        taken
    }

    /// Ends the open phase of a masked round and begins the next.
    pub(super) fn close_masked(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        let Phase::Masked(masked) = std::mem::replace(&mut self.phase, Phase::Resting) else {
            return;
        };
        let (phase, silent) = (masked.phase(), masked.awaited());
        let mut masked = *masked;
        let awaited: BTreeSet<NodeId> = silent.iter().copied().collect();
        let answered = masked.asked.cohort.iter().filter(|node| {
            !awaited.contains(node)
                && !masked.asked.declined.contains(node)
                && !self.state.barred.contains(node)
        });
        effects.push(Effect::Emit(Event::MaskingPhaseClosed {
            round: self.state.round,
            phase,
            answered: answered.copied().collect(),
            silent: silent.clone(),
        }));
        let next = match masked.state {
            State::Keying(state) if state.is_drawn() => state.draw().map(|(offers, state)| {
                let offers = Arc::new(offers);
                let state = State::Drawing(state, offers.clone());
                (state, Sent::All(MaskingStep::Open { offers }))
            }),
            State::Keying(state) => state.close().map(|(offers, state)| {
                let share = MaskingStep::Share {
                    offers: Arc::new(offers),
                    openings: Arc::default(),
                };
                (State::Sharing(state), Sent::All(share))
            }),
            State::Drawing(state, offers) => state.close().map(|(openings, state)| {
                let share = MaskingStep::Share {
                    offers,
                    openings: Arc::new(openings),
                };
                (State::Sharing(state), Sent::All(share))
            }),
            State::Sharing(state) => state.close().map(|(letters, state)| {
                let mask = |(node, shares)| (node, MaskingStep::Mask { shares });
                let steps = letters.into_iter().map(mask).collect();
                (State::Collecting(Box::new(state)), Sent::Each(steps))
            }),
            State::Collecting(state) => state.close().map(|(survivors, state)| {
                let survivors = Arc::new(survivors);
                let confirm = MaskingStep::Confirm { survivors };
                (State::Consenting(Box::new(state)), Sent::All(confirm))
            }),
            State::Consenting(state) => state.close().map(|(consents, state)| {
                let consents = Arc::new(consents);
                let reveal = MaskingStep::Reveal { consents };
                (State::Unmasking(Box::new(state)), Sent::All(reveal))
            }),
            State::Unmasking(state) => {
                match state.close(NonZeroUsize::MIN) {
                    Ok(sum) => {
                        self.close_unmasked(now, &masked.cohort, &masked.asked, sum, effects);
                    }
                    Err(failure) => self.fail(now, phase, silent, &failure, effects),
                }
                return;
            }
        };
        let (state, sent) = match next {
            Ok(next) => next,
            Err(failure) => return self.fail(now, phase, silent, &failure, effects),
        };
        let round = self.state.round;
        masked.state = state;
        masked.sent = sent;
        // Who declined is out of the round; who is asked now is who answered.
        let declined = std::mem::take(&mut masked.asked.declined);
        let Asked { cohort, quorum, .. } = masked.asked;
        masked.asked = self.ask(now, cohort, quorum, effects);
        masked.asked.declined = declined;
        let asked = masked.awaited();
        masked.asked.cohort = asked.iter().copied().collect();
        for to in asked {
            if let Some(instruction) = masked.asks(to, round) {
                effects.push(Effect::Send { to, instruction });
            }
        }
        let settled = masked.is_settled();
        self.phase = Phase::Masked(Box::new(masked));
        if settled {
            self.close_masked(now, effects);
        }
    }

    /// Gives a masked round up.
    fn fail(
        &mut self,
        now: Tick,
        phase: MaskingPhase,
        silent: Vec<NodeId>,
        failure: &Failure,
        effects: &mut Vec<Effect>,
    ) {
        let reason = match *failure {
            Failure::BelowThreshold { left, needed, .. }
            | Failure::TooFewShares {
                got: left, needed, ..
            } => Abandoned::BelowThreshold {
                phase,
                left: left as u32,
                needed: needed as u32,
            },
            Failure::Unopened(missing) => Abandoned::GraphNotDrawn { missing },
            Failure::Fault(Fault { node, .. }) => {
                self.state.barred.insert(node);
                Abandoned::NotUnmasked { culprit: node }
            }
            Failure::Sum(_) | Failure::Weight(_) => Abandoned::UnsoundSum,
            Failure::Cohort | Failure::OtherRoster | Failure::OtherGraph => Abandoned::NoMaskedSum,
        };
        self.abandon(now, silent, reason, effects);
    }

    fn close_unmasked(
        &mut self,
        now: Tick,
        cohort: &BTreeSet<NodeId>,
        asked: &Asked,
        sum: Unmasked,
        effects: &mut Vec<Effect>,
    ) {
        let Unmasked {
            words,
            weight,
            loss,
            survivors,
        } = sum;
        if self.strategy.sampler.learns() {
            self.state.standings.learn(cohort, &BTreeMap::new());
        }
        let silent = cohort.iter().filter(|node| {
            survivors.binary_search(node).is_err() && !asked.declined.contains(node)
        });
        let silent = silent.copied().collect();
        // A sum of uploads is an upload that weighs as much as they do together.
        let mut total = RingSum::new(words.len(), self.plan.order.ring);
        total.add(&Upload {
            words: words.into(),
            weight,
            loss,
        });
        match self.noise() {
            Ok(Some(noise)) => total.add(&noise),
            Ok(None) => {}
            Err(reason) => return self.abandon(now, silent, reason, effects),
        }
        let closing = Closing {
            aggregate: total.mean(),
            reporters: survivors,
            silent,
            loss: self.tells(loss),
        };
        self.apply(now, closing, effects);
    }
}
