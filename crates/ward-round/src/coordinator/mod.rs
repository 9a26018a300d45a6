//! The coordinator: one function of time and input.

mod clipping;
mod cohort;
pub(crate) mod masking;
mod phases;
mod reports;

use std::collections::BTreeSet;

use ward_core::{Event, Instruction, NodeId, Outcome, Params, Report, Tick};

use ward_privacy::NoiseSource;

use crate::phase::{Enrolling, Phase};
use crate::strategy::Visibility;
use crate::{PhaseName, Plan, RunState, Strategy};

/// What can happen to a coordinator.
#[derive(Debug)]
pub enum Input {
    /// Begin, or go on after a stop.
    Start,
    /// A node is there, for the first time or again.
    Joined(NodeId),
    /// A node is gone.
    Left {
        /// Which one.
        node: NodeId,
        /// What the driver knows of the cause.
        reason: String,
    },
    /// A node said something. Who it was is the driver's knowledge, not the message's.
    From(NodeId, Report),
    /// A time asked for with [`Effect::WakeAt`] has come.
    Woke,
    /// Finish the round under way, save, and stop.
    Interrupt,
}

/// What a coordinator's driver is to do.
#[derive(Debug)]
pub enum Effect {
    /// Tell a node.
    Send {
        /// Whom.
        to: NodeId,
        /// What.
        instruction: Instruction,
    },
    /// Say [`Input::Woke`] at this time. Several may be outstanding.
    WakeAt(Tick),
    /// Save this state.
    Checkpoint(Box<RunState>),
    /// Tell the observers.
    Emit(Event),
    /// The run is over.
    Done(Outcome),
}

/// A run, from the side that combines.
#[derive(Debug)]
pub struct Coordinator {
    plan: Plan,
    strategy: Strategy,
    state: RunState,
    phase: Phase,
    present: BTreeSet<NodeId>,
    /// Nodes that the sampler may ask, there or not.
    admitted: usize,
    interrupted: bool,
    outcome: Option<Outcome>,
}

impl Coordinator {
    /// A coordinator that will play `plan` from `state`: [`RunState::new`], or one loaded from a
    /// checkpoint. The caller has checked the plan ([`Plan::check`]).
    #[must_use]
    pub fn new(plan: Plan, strategy: Strategy, state: RunState) -> Self {
        let admitted = plan.nodes().filter(|node| strategy.sampler.admits(*node));
        // After a stop nobody knows which sums with the noise behind a saved one were released since.
        let state = match plan.noise {
            NoiseSource::System => state.without_noise(),
            NoiseSource::Simulated => state,
        };
        Self {
            admitted: admitted.count(),
            plan,
            strategy,
            state,
            phase: Phase::Resting,
            present: BTreeSet::new(),
            interrupted: false,
            outcome: None,
        }
    }

    /// The plan being played.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The state between rounds.
    #[must_use]
    pub fn state(&self) -> &RunState {
        &self.state
    }

    /// The model as it stands, or all the run's models.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.state.params
    }

    /// What its aggregator must be shown.
    #[must_use]
    pub fn needs(&self) -> Visibility {
        self.strategy.aggregator.needs()
    }

    /// The phase it is in.
    #[must_use]
    pub fn phase(&self) -> PhaseName {
        self.phase.name()
    }

    /// How the run ended, once it has.
    #[must_use]
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// Everything that can happen to a run passes through this function, and nothing in it can
    /// block or fail.
    pub fn handle(&mut self, now: Tick, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        match input {
            Input::Start => self.start(now, &mut effects),
            Input::Joined(node) => self.joined(now, node, &mut effects),
            Input::Left { node, reason } => self.left(node, reason, &mut effects),
            Input::From(node, report) => self.heard(now, node, report, &mut effects),
            Input::Woke => self.woke(now, &mut effects),
            Input::Interrupt => self.interrupt(&mut effects),
        }
        effects
    }

    fn start(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        if self.outcome.is_some() || !matches!(self.phase, Phase::Resting) {
            return;
        }
        effects.push(Effect::Emit(Event::RunStarted {
            round: self.state.round,
            rounds: self.plan.rounds,
            nodes: self.plan.roster.clone(),
            parameters: self.plan.parameters as u64,
        }));
        if let Some(terms) = self.plan.privacy.clone() {
            effects.push(Effect::Emit(Event::PrivacyPromised { terms }));
        }
        let enrolling = Enrolling {
            everybody: true,
            enough: self.enough(),
            deadline: now + self.plan.join_deadline_ms,
        };
        self.enrol(now, enrolling, effects);
    }

    fn joined(&mut self, now: Tick, node: NodeId, effects: &mut Vec<Effect>) {
        if !self.plan.enrols(node) {
            return;
        }
        match self.outcome {
            Some(Outcome::Completed | Outcome::HospitalsRest) => {
                let instruction = Instruction::Rest;
                return effects.push(Effect::Send {
                    to: node,
                    instruction,
                });
            }
            // It waits for the run to go on.
            Some(Outcome::Interrupted | Outcome::QuorumLost) => return,
            None => {}
        }
        if self.present.insert(node) {
            effects.push(Effect::Emit(Event::NodeJoined { node }));
        }
        if matches!(self.phase, Phase::Enrolling(_)) {
            self.try_begin(now, effects);
        } else if let Some(instruction) = self.outstanding(node) {
            effects.push(Effect::Send {
                to: node,
                instruction,
            });
        }
    }

    fn left(&mut self, node: NodeId, reason: String, effects: &mut Vec<Effect>) {
        if self.present.remove(&node) {
            effects.push(Effect::Emit(Event::NodeLost { node, reason }));
        }
    }

    fn interrupt(&mut self, effects: &mut Vec<Effect>) {
        self.interrupted = true;
        if matches!(
            self.phase,
            Phase::Resting | Phase::Enrolling(_) | Phase::Summing(_)
        ) {
            self.finish(Outcome::Interrupted, effects);
        }
    }

    /// Ends the run: saves, says goodbye, tells.
    fn finish(&mut self, outcome: Outcome, effects: &mut Vec<Effect>) {
        if self.outcome.is_some() {
            return;
        }
        self.outcome = Some(outcome);
        self.phase = Phase::Resting;
        self.checkpoint(effects);
        if matches!(outcome, Outcome::Completed | Outcome::HospitalsRest) {
            effects.extend(self.present.iter().map(|&to| Effect::Send {
                to,
                instruction: Instruction::Rest,
            }));
        }
        // After any other end the run can be resumed, and its nodes wait for that.
        effects.push(Effect::Emit(Event::RunFinished {
            rounds: self.state.round.0,
            outcome,
            model_digest: self.state.params.digest(),
        }));
        effects.push(Effect::Done(outcome));
    }

    fn checkpoint(&self, effects: &mut Vec<Effect>) {
        let state = match self.plan.noise {
            NoiseSource::System => self.state.clone().without_noise(),
            NoiseSource::Simulated => self.state.clone(),
        };
        effects.push(Effect::Checkpoint(Box::new(state)));
        effects.push(Effect::Emit(Event::Checkpointed {
            round: self.state.round,
        }));
    }
}
