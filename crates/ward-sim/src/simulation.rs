//! The driver: a queue ordered by (tick, kind, node, number), and effects carried out on it.

mod misconduct;
mod weights;

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use cpu_time::ProcessTime;
use ward_core::{Digest, Event, Instruction, NodeId, Outcome, Record, Report, RoundId, Seed, Tick};
use ward_round::{Coordinator, Effect, Input, NodeEffect, NodeInput, NodeSession, RunState};

use self::misconduct::Misconduct;
use self::weights::Weights;
use crate::adversary::Adversaries;
use crate::link::Link;
use crate::outage::{FaultModel, Faults};
use crate::work::{self, Task, Ward, Wards};

/// Who watches a simulation, and may ask it to stop.
pub trait Observer {
    /// Something happened.
    ///
    /// # Errors
    /// When it cannot be written down; the simulation stops.
    fn record(&mut self, record: &Record) -> io::Result<()>;

    /// The state is to be saved.
    ///
    /// # Errors
    /// When it cannot be saved; the simulation stops.
    fn checkpoint(&mut self, state: &RunState) -> io::Result<()>;

    /// Whether somebody asked to finish the round and stop.
    fn interrupted(&self) -> bool {
        false
    }
}

/// Our bug or our disk. A hospital's trouble is an event, not an error.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// The observer failed.
    #[error("failed to write the run's records")]
    Observer(#[from] io::Error),
    /// Nothing is left to happen and the run is not over.
    #[error("the run stands still at {0}: nothing is left to happen")]
    Stalled(Tick),
}

/// How a simulation ended.
#[derive(Debug)]
pub struct Finished {
    /// How.
    pub outcome: Outcome,
    /// Virtual time at the end.
    pub at: Tick,
    /// The final state.
    pub state: RunState,
    /// Processor time spent in training and scoring.
    pub work_cpu: Duration,
}

/// One simulated hospital.
struct Node {
    session: NodeSession,
    link: Link,
    faults: FaultModel,
    ward: Option<Ward>,
    /// Messages to and from it so far: the address of the next one's jitter.
    messages: u64,
    /// The parameters it has, so that they are not sent twice.
    holds: Option<Digest>,
    egress: Egress,
}

/// What was searched for the hospital's own rows.
#[derive(Debug, Clone, Copy, Default)]
struct Egress {
    messages: u64,
    bytes: u64,
    rows: u64,
    found: u64,
}

/// Something that will happen. The order of variants is the order within a tick.
#[derive(Debug)]
enum Happening {
    ToCoordinator(Report),
    ToNode(Instruction),
    Finished(Work),
    Woke,
}

/// Jobs that are carried out together, for each thread.
const JOBS_A_THREAD: usize = 64;

/// Which piece of work: kind and round.
type Work = (&'static str, RoundId);
/// (tick, rank of the variant, node, number).
type Place = (Tick, u8, NodeId, u64);

/// A federation in virtual time.
pub struct Simulation<'a> {
    coordinator: Coordinator,
    nodes: Vec<Node>,
    joining: Vec<NodeId>,
    wards: &'a dyn Wards,
    pool: &'a rayon::ThreadPool,
    /// Wards kept open between jobs, beside those whose reports are still to be sent.
    keep: usize,
    kept: usize,
    seed: Seed,
    now: Tick,
    number: u64,
    queue: BTreeMap<Place, Happening>,
    outstanding: BTreeMap<(NodeId, Work), NodeEffect>,
    results: BTreeMap<(NodeId, Work), NodeInput>,
    weights: Weights,
    work_cpu: Duration,
    /// `None` where all are honest.
    misconduct: Option<Misconduct>,
}

impl<'a> Simulation<'a> {
    /// A federation of `coordinator`'s roster. `link` and `faults` say what each node's line,
    /// computer and troubles are; work is done on `pool`; at most `keep` wards stay open between
    /// jobs.
    pub fn new(
        coordinator: Coordinator,
        wards: &'a dyn Wards,
        pool: &'a rayon::ThreadPool,
        keep: usize,
        seed: Seed,
        mut network: impl FnMut(NodeId) -> (Link, Faults),
    ) -> Self {
        let nodes: Vec<Node> = coordinator
            .plan()
            .nodes()
            .map(|node| {
                let (link, faults) = network(node);
                Node {
                    session: NodeSession::new(node),
                    link,
                    faults: FaultModel::new(faults, node, seed),
                    ward: None,
                    messages: 0,
                    holds: None,
                    egress: Egress::default(),
                }
            })
            .collect();
        Self {
            joining: coordinator.plan().nodes().collect(),
            coordinator,
            nodes,
            wards,
            pool,
            keep,
            kept: 0,
            seed,
            now: Tick::default(),
            number: 0,
            queue: BTreeMap::new(),
            outstanding: BTreeMap::new(),
            results: BTreeMap::new(),
            weights: Weights::default(),
            work_cpu: Duration::ZERO,
            misconduct: None,
        }
    }

    /// Lets some of the hospitals misbehave.
    #[must_use]
    pub fn against(mut self, adversaries: Adversaries) -> Self {
        self.misconduct = Some(Misconduct::new(adversaries));
        self
    }

    /// Lets nodes join in this order instead of by id. It cannot matter, and a test says so.
    #[must_use]
    pub fn joining(mut self, order: Vec<NodeId>) -> Self {
        self.joining = order;
        self
    }

    /// Lets virtual time go on from `now` instead of 0: for a run that was stopped earlier.
    #[must_use]
    pub fn starting_at(mut self, now: Tick) -> Self {
        self.now = now;
        self
    }

    /// Plays the run to its end.
    ///
    /// # Errors
    /// [`SimulationError`]: our bug or our disk.
    pub fn run(mut self, observer: &mut dyn Observer) -> Result<Finished, SimulationError> {
        let mut outcome = self.tell(Input::Start, observer)?;
        for node in std::mem::take(&mut self.joining) {
            outcome = outcome.or(self.tell(Input::Joined(node), observer)?);
        }
        let mut stopping = false;
        while outcome.is_none() {
            if !stopping && observer.interrupted() {
                stopping = true;
                outcome = self.tell(Input::Interrupt, observer)?;
                continue;
            }
            let Some((place, happening)) = self.queue.pop_first() else {
                return Err(SimulationError::Stalled(self.now));
            };
            self.now = place.0;
            outcome = self.happen(place.2, happening, observer)?;
        }
        Ok(Finished {
            outcome: outcome.unwrap_or(Outcome::Interrupted),
            at: self.now,
            state: self.coordinator.state().clone(),
            work_cpu: self.work_cpu,
        })
    }

    fn happen(
        &mut self,
        node: NodeId,
        happening: Happening,
        observer: &mut dyn Observer,
    ) -> Result<Option<Outcome>, SimulationError> {
        match happening {
            Happening::ToNode(instruction) => {
                self.ask_node(node, NodeInput::Instruction(instruction), observer)?;
            }
            Happening::Finished(work) => {
                if let Some(result) = self.result_of(node, work) {
                    self.ask_node(node, result, observer)?;
                }
            }
            Happening::ToCoordinator(report) => {
                return self.tell(Input::From(node, report), observer);
            }
            Happening::Woke => return self.tell(Input::Woke, observer),
        }
        Ok(None)
    }

    /// Tells the coordinator and carries its effects out.
    fn tell(
        &mut self,
        input: Input,
        observer: &mut dyn Observer,
    ) -> Result<Option<Outcome>, SimulationError> {
        let mut outcome = None;
        for effect in self.coordinator.handle(self.now, input) {
            match effect {
                Effect::Send { to, instruction } => self.send(to, instruction, observer)?,
                Effect::WakeAt(tick) => self.schedule(tick, NodeId(u32::MAX), Happening::Woke),
                Effect::Checkpoint(state) => observer.checkpoint(&state)?,
                Effect::Emit(event) => {
                    if matches!(event, Event::RunFinished { .. }) {
                        self.audit(observer)?;
                    }
                    let started = matches!(event, Event::RunStarted { .. });
                    self.emit(event, observer)?;
                    if started {
                        self.name_adversaries(observer)?;
                    }
                }
                Effect::Done(how) => outcome = Some(how),
            }
        }
        Ok(outcome)
    }

    /// Puts an instruction on the line, unless the hospital is cut off.
    fn send(
        &mut self,
        to: NodeId,
        instruction: Instruction,
        observer: &mut dyn Observer,
    ) -> Result<(), SimulationError> {
        let node = &mut self.nodes[to.0 as usize];
        if instruction
            .round()
            .is_some_and(|round| !node.faults.hears(round))
        {
            return Ok(());
        }
        let (digest, bytes) = self.weights.of(&instruction, node.holds);
        node.holds = digest.or(node.holds);
        node.messages += 1;
        let transit = node.link.transit_ms(bytes, to, node.messages, self.seed);
        // Known before it arrives, so that all that is outstanding can be carried out together.
        if let Some(job) = NodeEffect::asked_by(instruction.clone())
            && let Some(work) = job.work()
        {
            self.outstanding.insert((to, work), job);
        }
        let kind = instruction.kind().to_owned();
        self.schedule(self.now + transit, to, Happening::ToNode(instruction));
        self.emit(
            Event::InstructionSent {
                node: to,
                kind,
                bytes,
            },
            observer,
        )
    }

    /// Tells a node's session and carries its effects out.
    fn ask_node(
        &mut self,
        node: NodeId,
        input: NodeInput,
        observer: &mut dyn Observer,
    ) -> Result<(), SimulationError> {
        let effects = self.nodes[node.0 as usize].session.handle(self.now, input);
        for effect in effects {
            match effect {
                NodeEffect::Send(report) => self.report(node, report, observer)?,
                job => {
                    if let Some(work) = job.work() {
                        let finish = self.now + self.duration_ms(node, &job);
                        self.schedule(finish, node, Happening::Finished(work));
                        self.remember((node, work), job);
                    }
                }
            }
        }
        Ok(())
    }

    /// Makes sure that a job a node has begun will be carried out.
    fn remember(&mut self, key: (NodeId, Work), job: NodeEffect) {
        if !self.results.contains_key(&key) {
            self.outstanding.entry(key).or_insert(job);
        }
    }

    fn duration_ms(&self, node: NodeId, job: &NodeEffect) -> u64 {
        let link = &self.nodes[node.0 as usize].link;
        let (train, test) = self.wards.rows(node);
        let parameters = self.coordinator.plan().parameters;
        match job {
            NodeEffect::Train { order, .. } => link.training_ms(order, train, parameters),
            NodeEffect::Evaluate { order, .. } => link.scoring_ms(order, (train, test), parameters),
            NodeEffect::Summarise { .. } | NodeEffect::Send(_) | NodeEffect::Done => 0,
        }
    }

    /// Puts a report on the line: weighed as the wire would send it, searched for rows.
    fn report(
        &mut self,
        from: NodeId,
        report: Report,
        observer: &mut dyn Observer,
    ) -> Result<(), SimulationError> {
        let round = report.round();
        let tensors = u32::from(matches!(report, Report::Upload { .. }));
        let node = &mut self.nodes[from.0 as usize];
        let bytes = match node.ward.as_ref().and_then(|ward| ward.scanner.as_ref()) {
            Some(scanner) => {
                let messages = ward_wire::encode_report(&report);
                let bytes = messages.iter().map(|m| m.len() as u64).sum();
                node.egress.rows = scanner.rows();
                node.egress.found += messages.iter().map(|m| scanner.found_in(m)).sum::<u64>();
                node.egress.messages += 1;
                node.egress.bytes += bytes;
                bytes
            }
            None => ward_wire::wire_bytes(&report),
        };
        if self.kept > self.keep {
            self.kept -= usize::from(node.ward.take().is_some());
        }
        node.messages += 1;
        let transit = node.link.transit_ms(bytes, from, node.messages, self.seed);
        let arrival = self.now + transit + node.faults.held_up_ms(round);
        let arrival = arrival + self.misconduct_delay_ms(from, &report);
        let kind = report.kind().to_owned();
        self.schedule(arrival, from, Happening::ToCoordinator(report));
        self.emit(
            Event::ReportReceived {
                node: from,
                kind,
                bytes,
                tensors,
            },
            observer,
        )
    }

    /// The result of a node's work; carries it out, and what is outstanding after it, if it is not
    /// there.
    fn result_of(&mut self, node: NodeId, work: Work) -> Option<NodeInput> {
        let key = (node, work);
        while let Some(first) = self.to_be_seen_before(key) {
            self.carry_out(first);
        }
        if !self.results.contains_key(&key) {
            self.carry_out(key);
        }
        self.results.remove(&key)
    }

    /// Carries out the work of `first` and of the nodes after it, in a circle: enough to keep all
    /// threads busy, and no more, so that few results wait in memory. A ward serves one job at a
    /// time, so a node's second job waits for a later batch.
    fn carry_out(&mut self, first: (NodeId, Work)) {
        let most = JOBS_A_THREAD * self.pool.current_num_threads();
        let from_first = self.outstanding.range(first..);
        let before = self.outstanding.range(..first);
        let unseen = self.unseen();
        let mut busy = None;
        let keys: Vec<(NodeId, Work)> = from_first
            .chain(before)
            .map(|(key, _)| *key)
            .filter(|key| key.0 != first.0 || *key == first)
            .filter(|key| !(unseen.contains(&key.1) && self.colludes(*key)))
            .filter(|(node, _)| busy.replace(*node) != Some(*node))
            .take(most)
            .collect();
        let works: Vec<Work> = keys.iter().map(|(_, work)| *work).collect();
        let tasks: Vec<Task> = keys
            .into_iter()
            .filter_map(|key| {
                let conduct = self.conduct(key);
                let job = self.outstanding.remove(&key)?;
                let ward = self.nodes[key.0.0 as usize].ward.take();
                self.kept -= usize::from(ward.is_some());
                let turns = self.turns(key);
                let ward = ward.filter(|_| !turns);
                let node = key.0;
                Some(Task {
                    node,
                    job,
                    ward,
                    conduct,
                })
            })
            .collect();
        let wards = self.wards;
        // Of the process, since nothing else runs meanwhile: asking each thread about each job would
        // cost a tenth of a small one.
        let before = ProcessTime::now();
        let all_done = self.pool.install(|| work::carry_out(tasks, wards));
        self.work_cpu += before.elapsed();
        for (done, work) in all_done.into_iter().zip(works) {
            // At least until its report has been searched for its rows.
            self.kept += usize::from(done.ward.is_some());
            self.nodes[done.node.0 as usize].ward = done.ward;
            if let Some(update) = done.seen {
                self.see(done.node, work, update);
            }
            if let Some(result) = done.result {
                self.results.insert((done.node, work), result);
            }
        }
    }

    fn audit(&mut self, observer: &mut dyn Observer) -> Result<(), SimulationError> {
        for index in 0..self.nodes.len() {
            let Egress {
                messages,
                bytes,
                rows,
                found,
            } = self.nodes[index].egress;
            if rows > 0 {
                let node = NodeId(index as u32);
                let audited = Event::EgressAudited {
                    node,
                    messages,
                    bytes,
                    rows,
                    found,
                };
                self.emit(audited, observer)?;
            }
        }
        Ok(())
    }

    fn emit(&self, event: Event, observer: &mut dyn Observer) -> Result<(), SimulationError> {
        Ok(observer.record(&Record {
            at: self.now,
            event,
        })?)
    }

    fn schedule(&mut self, at: Tick, node: NodeId, happening: Happening) {
        let rank = match happening {
            // Reports first: what has arrived need not wait in memory for others to be made.
            Happening::ToCoordinator(_) => 0,
            Happening::ToNode(_) => 1,
            Happening::Finished(_) => 2,
            Happening::Woke => 3,
        };
        self.number += 1;
        self.queue.insert((at, rank, node, self.number), happening);
    }
}
