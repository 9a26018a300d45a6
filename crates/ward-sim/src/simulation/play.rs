//! The driver: takes what happens next, tells the engine, and carries its effects out.

use ward_core::{Event, Instruction, NodeId, Outcome, Record, Report, Tick};
use ward_round::{Coordinator, Effect, Input, NodeEffect, NodeInput};

use super::agenda::{Agenda, Happening};
use super::lookout::Lookout;
use super::node::{Egress, Node};
use super::weights::Weights;
use super::{Finished, Observer, SimulationError};
use crate::work::{Jobs, Misconduct, Wards};

/// A run under way.
pub(super) struct Play<'p> {
    coordinator: Coordinator,
    nodes: Vec<Node>,
    jobs: Jobs<'p>,
    wards: &'p dyn Wards,
    observer: &'p mut dyn Observer,
    now: Tick,
    agenda: Agenda,
    weights: Weights,
    lookout: Lookout,
}

impl<'p> Play<'p> {
    pub(super) fn new(
        coordinator: Coordinator,
        nodes: Vec<Node>,
        jobs: Jobs<'p>,
        wards: &'p dyn Wards,
        now: Tick,
        observer: &'p mut dyn Observer,
    ) -> Self {
        Self {
            lookout: Lookout::new(coordinator.plan().masking.is_some()),
            coordinator,
            nodes,
            jobs,
            wards,
            observer,
            now,
            agenda: Agenda::default(),
            weights: Weights::default(),
        }
    }

    /// Plays until the run is over; nodes join in the order of `joining`.
    pub(super) fn run(mut self, joining: Vec<NodeId>) -> Result<Finished, SimulationError> {
        let mut outcome = self.tell(Input::Start)?;
        for node in joining {
            outcome = outcome.or(self.tell(Input::Joined(node))?);
        }
        let mut stopping = false;
        loop {
            if let Some(outcome) = outcome {
                return Ok(Finished {
                    outcome,
                    at: self.now,
                    state: self.coordinator.state().clone(),
                    work_cpu: self.jobs.own_cpu(),
                });
            }
            if !stopping && self.observer.interrupted() {
                stopping = true;
                outcome = self.tell(Input::Interrupt)?;
                continue;
            }
            let Some((at, node, happening)) = self.agenda.next() else {
                return Err(SimulationError::Stalled(self.now));
            };
            self.now = at;
            outcome = self.happen(node, happening)?;
        }
    }

    fn happen(
        &mut self,
        node: NodeId,
        happening: Happening,
    ) -> Result<Option<Outcome>, SimulationError> {
        match happening {
            Happening::ToNode(instruction) => {
                self.ask_node(node, NodeInput::Instruction(instruction))?;
            }
            Happening::Finished(work) => {
                if let Some(result) = self.jobs.result(node, work) {
                    self.ask_node(node, result)?;
                }
            }
            Happening::ToCoordinator(report) => return self.tell(Input::From(node, report)),
            Happening::Woke => return self.tell(Input::Woke),
        }
        Ok(None)
    }

    /// Tells the coordinator and carries its effects out.
    fn tell(&mut self, input: Input) -> Result<Option<Outcome>, SimulationError> {
        let mut outcome = None;
        for effect in self.coordinator.handle(self.now, input) {
            match effect {
                Effect::Send { to, instruction } => self.send(to, instruction)?,
                Effect::WakeAt(tick) => self.agenda.wake(tick),
                Effect::Checkpoint(state) => self.observer.checkpoint(&state)?,
                Effect::Emit(event) => {
                    if matches!(event, Event::RunFinished { .. }) {
                        self.audit()?;
                    }
                    let started = matches!(event, Event::RunStarted { .. });
                    self.emit(event)?;
                    if started {
                        self.name_adversaries()?;
                    }
                }
                Effect::Done(how) => outcome = Some(how),
            }
        }
        Ok(outcome)
    }

    /// Puts an instruction on the line, unless the hospital is cut off.
    fn send(&mut self, to: NodeId, instruction: Instruction) -> Result<(), SimulationError> {
        let node = &mut self.nodes[to.0 as usize];
        if instruction
            .round()
            .is_some_and(|round| !node.faults.hears(round))
        {
            return Ok(());
        }
        let (digest, bytes) = self.weights.of(&instruction, node.holds);
        node.holds = digest.or(node.holds);
        let arrival = self.now + node.transit_ms(bytes);
        // Known before it arrives, so that all that is outstanding can be carried out together.
        if let Some(job) = NodeEffect::asked_by(instruction.clone()) {
            let due = arrival + node.duration_ms(&job, self.wards.rows(to));
            self.jobs.expect(to, job, due);
        }
        let kind = instruction.kind().to_owned();
        self.agenda.add(arrival, to, Happening::ToNode(instruction));
        self.emit(Event::InstructionSent {
            node: to,
            kind,
            bytes,
        })
    }

    /// Tells a node's session and carries its effects out.
    fn ask_node(&mut self, to: NodeId, input: NodeInput) -> Result<(), SimulationError> {
        self.lookout.told(to, &input);
        let node = &mut self.nodes[to.0 as usize];
        for effect in node.session.handle(self.now, input) {
            match effect {
                NodeEffect::Send(report) => self.report(to, report)?,
                job => {
                    if let Some(work) = job.work() {
                        let node = &self.nodes[to.0 as usize];
                        let due = self.now + node.duration_ms(&job, self.wards.rows(to));
                        self.agenda.add(due, to, Happening::Finished(work));
                        self.jobs.begin(to, job, due);
                    }
                }
            }
        }
        Ok(())
    }

    /// Puts a report on the line: weighed as the wire would send it, searched for rows.
    fn report(&mut self, from: NodeId, report: Report) -> Result<(), SimulationError> {
        let node = &mut self.nodes[from.0 as usize];
        let bytes = node.egress.weigh(&report, self.jobs.scanner(from));
        self.jobs.rest(from);
        let misconduct = self.jobs.misconduct();
        let held_up_ms = node.faults.held_up_ms(report.round())
            + misconduct.map_or(0, |m| m.delay_ms(from, &report));
        let arrival = self.now + node.transit_ms(bytes) + held_up_ms;
        let (round, kind) = (report.round(), report.kind().to_owned());
        let tensors = u32::from(report.has_words());
        let ring = &self.coordinator.plan().order.ring;
        let sighting = self.lookout.said(from, &report, ring);
        self.agenda
            .add(arrival, from, Happening::ToCoordinator(report));
        self.emit(Event::ReportReceived {
            node: from,
            kind,
            bytes,
            tensors,
        })?;
        if let Some(sighting) = sighting {
            self.emit(Event::UpdateSighted {
                round,
                node: from,
                sighting,
            })?;
        }
        Ok(())
    }

    /// Tells who misbehaves.
    fn name_adversaries(&mut self) -> Result<(), SimulationError> {
        let Some(adversaries) = self.jobs.misconduct().map(Misconduct::adversaries) else {
            return Ok(());
        };
        let named = Event::AdversariesNamed {
            nodes: adversaries.nodes.iter().copied().collect(),
            attack: adversaries.attack.to_string(),
            from_round: adversaries.from_round,
        };
        self.emit(named)
    }

    /// Tells what was searched for rows in every hospital, and found.
    fn audit(&mut self) -> Result<(), SimulationError> {
        for index in 0..self.nodes.len() {
            let Egress {
                messages,
                bytes,
                rows,
                found,
            } = self.nodes[index].egress;
            if rows > 0 {
                self.emit(Event::EgressAudited {
                    node: NodeId(index as u32),
                    messages,
                    bytes,
                    rows,
                    found,
                })?;
            }
        }
        Ok(())
    }

    fn emit(&mut self, event: Event) -> Result<(), SimulationError> {
        Ok(self.observer.record(&Record {
            at: self.now,
            event,
        })?)
    }
}
