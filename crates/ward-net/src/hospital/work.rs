//! The trainer at work, on a thread of its own: heartbeats go on meanwhile, and a node that leaves
//! does not wait for work that nobody wants.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc as queue;

use tokio::sync::mpsc;
use ward_core::{NodeId, RoundId, Trainer};
use ward_privacy::Guard;
use ward_round::{NodeEffect, NodeInput};

/// A piece of work to do.
struct Job {
    series: u64,
    node: NodeId,
    /// Where the coordinator says it is.
    region: String,
    task: NodeEffect,
}

/// A piece of work that ended.
pub(super) struct Done {
    /// Which series of work it belongs to.
    series: u64,
    /// What came of it; the round alone when it panicked.
    outcome: Result<NodeInput, RoundId>,
}

/// The hospital's trainer and what it is doing.
pub(super) struct Work {
    jobs: queue::Sender<Job>,
    /// Results of an earlier series are not wanted any more.
    series: u64,
    under_way: usize,
    region: String,
}

impl Work {
    /// `trainer`, idle, behind `guard`; results come out of the receiver. The thread ends with the `Work`, or with
    /// the job it is at.
    ///
    /// # Errors
    /// The operating system's, when it gives no thread.
    pub(super) fn new(
        trainer: Box<dyn Trainer>,
        guard: Guard,
    ) -> std::io::Result<(Self, mpsc::UnboundedReceiver<Done>)> {
        let (jobs, waiting) = queue::channel();
        let (tell, finished) = mpsc::unbounded_channel();
        std::thread::Builder::new()
            .name("trainer".to_owned())
            .spawn(move || labour(trainer, guard, &waiting, &tell))?;
        let work = Self {
            jobs,
            series: 0,
            under_way: 0,
            region: String::new(),
        };
        Ok((work, finished))
    }

    /// Works from here on for a coordinator that says it is in `region`.
    pub(super) fn meet(&mut self, region: &str) {
        region.clone_into(&mut self.region);
    }

    /// Whether something is under way that is still wanted.
    pub(super) fn is_busy(&self) -> bool {
        self.under_way > 0
    }

    /// What is under way is not wanted any more. It cannot be stopped; its result is dropped.
    pub(super) fn call_off(&mut self) {
        self.series += 1;
        self.under_way = 0;
    }

    /// Begins `task`, after whatever is under way.
    pub(super) fn begin(&mut self, node: NodeId, task: NodeEffect) {
        let job = Job {
            series: self.series,
            node,
            region: self.region.clone(),
            task,
        };
        // The thread goes away only after a panic, which is told by its own message.
        if self.jobs.send(job).is_ok() {
            self.under_way += 1;
        }
    }

    /// What `done` means to the conversation: nothing, when it was called off.
    ///
    /// # Errors
    /// The round in which the trainer panicked.
    pub(super) fn settle(&mut self, done: Done) -> Result<Option<NodeInput>, RoundId> {
        let outcome = done.outcome?;
        if done.series != self.series {
            return Ok(None);
        }
        self.under_way = self.under_way.saturating_sub(1);
        Ok(Some(outcome))
    }
}

/// Does one job after another, until there are no more or nobody wants the results.
fn labour(
    mut trainer: Box<dyn Trainer>,
    mut guard: Guard,
    waiting: &queue::Receiver<Job>,
    tell: &mpsc::UnboundedSender<Done>,
) {
    for job in waiting {
        let Job {
            series,
            node,
            region,
            task,
        } = job;
        let Some((_, round)) = task.work() else {
            continue;
        };
        guard.meet(&region);
        let run = AssertUnwindSafe(|| task.carry_out(node, trainer.as_mut(), &mut guard));
        let outcome = match catch_unwind(run) {
            Ok(Some(input)) => Ok(input),
            Ok(None) => continue,
            Err(_) => Err(round),
        };
        let panicked = outcome.is_err();
        if tell.send(Done { series, outcome }).is_err() || panicked {
            return;
        }
    }
}
