//! A run in virtual time: how it is put together. How it is played is in `play.rs`.

mod agenda;
mod lookout;
mod node;
mod play;
mod weights;

use std::io;
use std::time::Duration;

use ward_core::{NodeId, Outcome, Record, Seed, Tick};
use ward_round::{Coordinator, NodeSession, RunState, Secrets, Visibility};

use self::node::Node;
use self::play::Play;
use crate::adversary::Adversaries;
use crate::link::Link;
use crate::outage::Faults;
use crate::work::{Crew, Jobs, Misconduct, Wards};

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

/// A federation in virtual time.
pub struct Simulation<'a> {
    coordinator: Coordinator,
    nodes: Vec<Node>,
    joining: Vec<NodeId>,
    wards: &'a dyn Wards,
    pool: &'a rayon::ThreadPool,
    keep: usize,
    now: Tick,
    misconduct: Option<Misconduct>,
}

impl<'a> Simulation<'a> {
    /// A federation of `coordinator`'s roster. `link` and `faults` say what each node's line,
    /// computer and troubles are; work is done on `pool`, of which the caller's thread may be part;
    /// at most `keep` wards stay open between jobs.
    pub fn new(
        coordinator: Coordinator,
        wards: &'a dyn Wards,
        pool: &'a rayon::ThreadPool,
        keep: usize,
        seed: Seed,
        mut network: impl FnMut(NodeId) -> (Link, Faults),
    ) -> Self {
        let parameters = coordinator.plan().parameters;
        let nodes: Vec<Node> = coordinator
            .plan()
            .nodes()
            .map(|node| {
                let (link, faults) = network(node);
                Node::new(node, link, faults, seed, parameters)
            })
            .collect();
        Self {
            joining: coordinator.plan().nodes().collect(),
            coordinator,
            nodes,
            wards,
            pool,
            keep,
            now: Tick::default(),
            misconduct: None,
        }
    }

    /// Gives each node what it needs for masked rounds.
    ///
    /// # Errors
    /// The first of `secrets`.
    pub fn masking<E>(
        mut self,
        mut secrets: impl FnMut(NodeId) -> Result<Secrets, E>,
    ) -> Result<Self, E> {
        for node in &mut self.nodes {
            let id = node.session.node();
            node.session = NodeSession::new(id).masking(secrets(id)?);
        }
        Ok(self)
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
    pub fn run(self, observer: &mut dyn Observer) -> Result<Finished, SimulationError> {
        let plan = self.coordinator.plan();
        // Masked words cannot be added before their masks are on.
        let early = self.coordinator.needs() == Visibility::SumOnly && plan.masking.is_none();
        let sums = early.then(|| plan.upload_len());
        let crew = Crew::new(self.wards, self.pool, sums);
        let threads = self.pool.current_num_threads();
        let mut finished = self.pool.in_place_scope(|scope| {
            let call = || scope.spawn(|_| crew.help());
            let jobs = Jobs::new(
                &crew,
                &call,
                threads,
                self.nodes.len(),
                self.keep,
                self.misconduct,
            );
            Play::new(
                self.coordinator,
                self.nodes,
                jobs,
                self.wards,
                self.now,
                observer,
            )
            .run(self.joining)
        })?;
        finished.work_cpu += crew.cpu();
        Ok(finished)
    }
}
