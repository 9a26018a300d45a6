//! The trainer at work, on a thread where it blocks nobody.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;
use ward_core::{Address, NodeId, RoundId, Trainer};
use ward_round::{NodeEffect, NodeInput};

/// A piece of work that ended.
pub(super) struct Done {
    /// Which series of work it belongs to.
    series: u64,
    /// What came of it; the round alone when it panicked.
    outcome: Result<NodeInput, RoundId>,
}

/// The hospital's trainer and what it is doing.
pub(super) struct Work {
    trainer: Arc<Mutex<Box<dyn Trainer>>>,
    tell: mpsc::UnboundedSender<Done>,
    /// Results of an earlier series are not wanted any more.
    series: u64,
    busy: usize,
}

impl Work {
    /// `trainer`, idle; results come out of the receiver.
    pub(super) fn new(trainer: Box<dyn Trainer>) -> (Self, mpsc::UnboundedReceiver<Done>) {
        let (tell, finished) = mpsc::unbounded_channel();
        let work = Self {
            trainer: Arc::new(Mutex::new(trainer)),
            tell,
            series: 0,
            busy: 0,
        };
        (work, finished)
    }

    /// Whether something is under way that is still wanted.
    pub(super) fn is_busy(&self) -> bool {
        self.busy > 0
    }

    /// What is under way is not wanted any more. It cannot be stopped; its result is dropped.
    pub(super) fn call_off(&mut self) {
        self.series += 1;
        self.busy = 0;
    }

    /// Begins `task`; it waits for the trainer while called-off work is still under way.
    pub(super) fn begin(&mut self, node: NodeId, task: NodeEffect) {
        let (trainer, tell) = (self.trainer.clone(), self.tell.clone());
        let series = self.series;
        self.busy += 1;
        tokio::task::spawn_blocking(move || {
            let mut trainer = trainer.lock().unwrap_or_else(PoisonError::into_inner);
            let round = round_of(&task);
            let run = AssertUnwindSafe(|| carry_out(trainer.as_mut(), node, task));
            let outcome = match catch_unwind(run) {
                Ok(Some(input)) => Ok(input),
                Ok(None) => return,
                Err(_) => Err(round),
            };
            // The node may have left meanwhile.
            let _ = tell.send(Done { series, outcome });
        });
    }

    /// What `done` means to the conversation: nothing, when it was called off.
    ///
    /// # Errors
    /// The round in which the trainer panicked.
    pub(super) fn settle(&mut self, done: Done) -> Result<Option<NodeInput>, RoundId> {
        if done.series != self.series {
            return Ok(None);
        }
        self.busy = self.busy.saturating_sub(1);
        done.outcome.map(Some)
    }
}

fn round_of(task: &NodeEffect) -> RoundId {
    match task {
        NodeEffect::Summarise { round }
        | NodeEffect::Train { round, .. }
        | NodeEffect::Evaluate { round, .. } => *round,
        NodeEffect::Send(report) => report.round(),
        NodeEffect::Done => RoundId::default(),
    }
}

/// Does the work; `None` when there is none to do.
fn carry_out(trainer: &mut dyn Trainer, node: NodeId, task: NodeEffect) -> Option<NodeInput> {
    match task {
        NodeEffect::Summarise { round } => {
            let summary = trainer.summarise();
            Some(NodeInput::Summarised { round, summary })
        }
        NodeEffect::Train {
            round,
            params,
            order,
        } => {
            let result = trainer.train(&params, &order, Address { round, node });
            Some(NodeInput::Trained { round, result })
        }
        NodeEffect::Evaluate {
            round,
            params,
            scaling,
        } => {
            let result = trainer.evaluate(&params, scaling.as_ref());
            Some(NodeInput::Evaluated { round, result })
        }
        NodeEffect::Send(_) | NodeEffect::Done => None,
    }
}
