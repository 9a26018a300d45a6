//! A masked round, from keys to the sum, or to a sum of each group: its phases, each open until every
//! session has answers enough or the deadline has come.
//!
//! Who does not answer in one phase is not asked in the next. Who is at fault is named, and not asked
//! again in this run. A group that fails is silent; the others go on.

mod session;
mod sum;

use std::collections::BTreeSet;
use std::sync::Arc;

use ward_core::{
    Event, Instruction, MaskingAnswer, MaskingOrder, MaskingPhase, NodeId, Params, Refusal,
    RoundId, Tick, TrainOrder,
};
use ward_privacy::secagg::Failure;
use ward_privacy::secagg::coordinator::Keying;

use self::session::{Closed, Session};
use super::reports::belongs;
use super::{Coordinator, Effect};
use crate::phase::{Asked, Phase};
use crate::plan::Masking;
use crate::strategy::{Accumulator, Drawn};
use crate::{groups, masked};

/// A masked round under way.
pub(crate) struct Masked {
    pub(crate) asked: Asked,
    /// Who was asked to train.
    cohort: BTreeSet<NodeId>,
    /// Those that go on: one, or one for each group.
    sessions: Vec<Session>,
    /// Whether there was more than one.
    grouped: bool,
    /// Takes a sum as it would take an upload.
    accumulator: Box<dyn Accumulator>,
}

impl std::fmt::Debug for Masked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Masked({}, {:?})", self.phase(), self.asked)
    }
}

impl Masked {
    /// That of the slowest session.
    pub(crate) fn phase(&self) -> MaskingPhase {
        let phases = self.sessions.iter().map(Session::phase);
        phases.min().unwrap_or(MaskingPhase::Revelations)
    }

    /// The sessions that the open phase is of. Another may be one ahead, where a graph is drawn for
    /// some only.
    fn due(&self) -> impl Iterator<Item = &Session> {
        let phase = self.phase();
        let sessions = self.sessions.iter();
        sessions.filter(move |session| session.phase() == phase)
    }

    /// Whether there is nothing more to wait for.
    pub(super) fn is_settled(&self) -> bool {
        let declined = &self.asked.declined;
        self.due()
            .all(|session| session.has_enough() || session.awaited(declined).is_empty())
    }

    /// The session of a node that is asked in it.
    fn session_of(&mut self, node: NodeId) -> Option<&mut Session> {
        let mut sessions = self.sessions.iter_mut();
        sessions.find(|session| session.asked.contains(&node))
    }

    /// What `node` still owes the open phase.
    pub(super) fn outstanding(&self, node: NodeId, round: RoundId) -> Option<Instruction> {
        let mut sessions = self.sessions.iter();
        let session = sessions.find(|session| session.asked.contains(&node))?;
        session
            .awaited(&self.asked.declined)
            .contains(&node)
            .then(|| session.asks(node, round))?
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
        let Some(settings) = self.plan.masking.clone() else {
            return;
        };
        let cohort: Vec<NodeId> = asked.cohort.iter().copied().collect();
        let groups = groups::deal(&cohort, settings.groups, self.plan.seed.round(round));
        let grouped = settings.groups > 1;
        if grouped {
            let groups = groups.clone();
            effects.push(Effect::Emit(Event::GroupsDealt { round, groups }));
        }
        let goal = drawn.aims_at.min(cohort.len());
        let mut masked = Masked {
            cohort: asked.cohort.clone(),
            asked,
            sessions: Vec::with_capacity(groups.len()),
            grouped,
            accumulator: self.accumulator(&params, &order),
        };
        let mut last = Failure::Cohort;
        for group in groups {
            let goal = (goal * group.len()).div_ceil(cohort.len());
            match self.begin(&settings, group.clone(), goal, (&params, &order)) {
                Ok(session) => masked.sessions.push(session),
                Err(failure) => {
                    self.lose(&masked, &group, (MaskingPhase::Keys, &failure), effects);
                    last = failure;
                }
            }
        }
        if masked.sessions.is_empty() {
            return self.fail(now, MaskingPhase::Keys, Vec::new(), &last, effects);
        }
        for session in &masked.sessions {
            send_all(session, session.members.iter().copied(), round, effects);
        }
        self.phase = Phase::Masked(Box::new(masked));
    }

    /// The session of one group.
    fn begin(
        &self,
        settings: &Masking,
        group: Vec<NodeId>,
        goal: usize,
        (params, order): (&Arc<Params>, &Arc<TrainOrder>),
    ) -> Result<Session, Failure> {
        let round = self.state.round;
        let members = group.iter().copied().collect();
        let masking = Arc::new(MaskingOrder {
            suite: settings.suite,
            width: settings.width,
            attempt: settings.attempt,
            cohort: group,
            min_survivors: settings.min_survivors,
        });
        let roster = settings.roster.clone();
        let length = self.plan.upload_len();
        let session = masked::session(round, params, order, &masking, &roster, length);
        let begun = Instruction::Train {
            round,
            params: params.clone(),
            order: order.clone(),
            masking: Some(masking),
        };
        let keying = Keying::open(session, roster)?;
        Ok(Session::new(keying, members, goal, begun))
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
        let session = masked.session_of(node).ok_or(Refusal::TooLate)?;
        let taken = session.accept(node, answer);
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
        let mut masked = *masked;
        let (phase, round) = (masked.phase(), self.state.round);
        let silent = self.tell_phase(&masked, effects);
        // Who declined is out of the round; who is asked now is who answered.
        let declined = std::mem::take(&mut masked.asked.declined);
        let mut sums = Vec::new();
        let mut last = None;
        for session in std::mem::take(&mut masked.sessions) {
            if session.phase() > phase {
                masked.sessions.push(session);
                continue;
            }
            let group: Vec<NodeId> = session.members.iter().copied().collect();
            match session.close(&declined) {
                Ok(Closed::Next(session)) => {
                    let asked = session.asked.iter().copied();
                    send_all(&session, asked, round, effects);
                    masked.sessions.push(*session);
                }
                Ok(Closed::Summed(sum)) => sums.push((group, sum)),
                Err(failure) => {
                    self.lose(&masked, &group, (phase, &failure), effects);
                    last = Some(failure);
                }
            }
        }
        masked.asked.declined = declined;
        if !masked.sessions.is_empty() {
            return self.go_on(now, masked, effects);
        }
        match last {
            Some(failure) if sums.is_empty() => self.fail(now, phase, silent, &failure, effects),
            _ => self.add_up(now, masked, sums, effects),
        }
    }

    /// Opens the next phase to those who are asked in it.
    fn go_on(&mut self, now: Tick, mut masked: Masked, effects: &mut Vec<Effect>) {
        let asked = masked.sessions.iter().flat_map(|session| &session.asked);
        let asked = self.ask(now, asked.copied().collect(), masked.asked.quorum, effects);
        let declined = std::mem::replace(&mut masked.asked, asked).declined;
        masked.asked.declined = declined;
        let settled = masked.is_settled();
        self.phase = Phase::Masked(Box::new(masked));
        if settled {
            self.close_masked(now, effects);
        }
    }

    /// Tells who answered in the phase that ends, and gives those who did not.
    fn tell_phase(&self, masked: &Masked, effects: &mut Vec<Effect>) -> Vec<NodeId> {
        let declined = &masked.asked.declined;
        let silent: BTreeSet<NodeId> = masked.due().flat_map(|s| s.awaited(declined)).collect();
        let asked: BTreeSet<NodeId> = masked.due().flat_map(|s| &s.asked).copied().collect();
        let answered = asked.iter().filter(|node| {
            !silent.contains(node) && !declined.contains(node) && !self.state.barred.contains(node)
        });
        let silent: Vec<NodeId> = silent.iter().copied().collect();
        effects.push(Effect::Emit(Event::MaskingPhaseClosed {
            round: self.state.round,
            phase: masked.phase(),
            answered: answered.copied().collect(),
            silent: silent.clone(),
        }));
        silent
    }
}

/// Sends what a session asks to each of these.
fn send_all(
    session: &Session,
    nodes: impl Iterator<Item = NodeId>,
    round: RoundId,
    effects: &mut Vec<Effect>,
) {
    for to in nodes {
        if let Some(instruction) = session.asks(to, round) {
            effects.push(Effect::Send { to, instruction });
        }
    }
}
