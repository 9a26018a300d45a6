//! The one task that holds the engine: messages, wakes and expired leases go in, effects are
//! carried out. It decides nothing about a round.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;
use ward_core::{Event, Instruction, NodeId, Outcome, Record, Tick};
use ward_round::{Coordinator, Effect, Input};
use ward_wire::{instruction_bytes, instruction_message};

use super::shared::{Inbound, Look, Shared};
use super::{Observer, ServeError};

/// A coordinator under way.
pub(super) struct Driver<'a> {
    coordinator: Coordinator,
    shared: Arc<Shared>,
    messages: mpsc::Receiver<Inbound>,
    observer: &'a mut dyn Observer,
    stop: CancellationToken,
    wakes: BinaryHeap<Reverse<Tick>>,
    outcome: Option<Outcome>,
}

impl<'a> Driver<'a> {
    pub(super) fn new(
        coordinator: Coordinator,
        shared: Arc<Shared>,
        messages: mpsc::Receiver<Inbound>,
        observer: &'a mut dyn Observer,
        stop: CancellationToken,
    ) -> Self {
        Self {
            coordinator,
            shared,
            messages,
            observer,
            stop,
            wakes: BinaryHeap::new(),
            outcome: None,
        }
    }

    pub(super) fn into_coordinator(self) -> Coordinator {
        self.coordinator
    }

    /// Plays until the engine says that the run is over.
    pub(super) async fn play(&mut self) -> Result<Outcome, ServeError> {
        self.handle(Input::Start)?;
        let mut leases = self.lease_clock();
        let stop = self.stop.clone();
        let mut stopping = false;
        loop {
            if let Some(outcome) = self.outcome {
                return Ok(outcome);
            }
            let next = self.wakes.peek().map(|Reverse(tick)| *tick);
            let wake = next.map(|tick| self.shared.clock.moment(tick));
            tokio::select! {
                Some(inbound) = self.messages.recv() => self.hear(inbound)?,
                () = at(wake) => self.wake()?,
                _ = leases.tick() => self.expire()?,
                () = stop.cancelled(), if !stopping => {
                    stopping = true;
                    self.handle(Input::Interrupt)?;
                }
            }
        }
    }

    /// After the run: goes on answering until everybody has left, or the settings' linger is over.
    pub(super) async fn see_off(&mut self) {
        let end = Instant::now() + self.shared.settings.linger;
        let mut leases = self.lease_clock();
        while !self.shared.sessions().is_empty() {
            let heard = tokio::select! {
                Some(inbound) = self.messages.recv() => self.hear(inbound),
                _ = leases.tick() => self.expire(),
                () = sleep_until(end) => return,
            };
            if let Err(error) = heard {
                tracing::warn!(%error, "after the run was over");
            }
        }
    }

    fn lease_clock(&self) -> tokio::time::Interval {
        let settings = &self.shared.settings;
        let shortest = settings.lease.min(settings.grace) / 4;
        let mut clock = interval(shortest.max(std::time::Duration::from_millis(10)));
        clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
        clock
    }

    fn hear(&mut self, inbound: Inbound) -> Result<(), ServeError> {
        match inbound {
            Inbound::Joined { node, replaced } => {
                if replaced {
                    let reason = "another process took its place".to_owned();
                    self.handle(Input::Left { node, reason })?;
                }
                self.handle(Input::Joined(node))
            }
            Inbound::Left { node, reason } => self.handle(Input::Left { node, reason }),
            Inbound::Report {
                node,
                report,
                bytes,
                tensors,
            } => {
                self.record(Event::ReportReceived {
                    node,
                    kind: report.kind().to_owned(),
                    bytes,
                    tensors,
                });
                self.handle(Input::From(node, report))
            }
            Inbound::Refused { node, refusal } => {
                let round = self.coordinator.state().round();
                self.record(Event::ReportRefused {
                    round,
                    node,
                    refusal,
                });
                Ok(())
            }
            Inbound::Cancel => self.handle(Input::Interrupt),
            Inbound::Look(answer) => {
                // Whoever asked may have gone.
                let _ = answer.send(self.look());
                Ok(())
            }
        }
    }

    fn look(&self) -> Look {
        Look {
            phase: self.coordinator.phase(),
            round: self.coordinator.state().round().0,
            rounds: self.coordinator.plan().rounds,
            model_digest: self.coordinator.params().digest(),
            over: self.outcome.is_some(),
        }
    }

    fn wake(&mut self) -> Result<(), ServeError> {
        let now = self.shared.clock.now();
        let mut due = false;
        while self.wakes.peek().is_some_and(|Reverse(tick)| *tick <= now) {
            self.wakes.pop();
            due = true;
        }
        if due {
            self.handle(Input::Woke)
        } else {
            Ok(())
        }
    }

    fn expire(&mut self) -> Result<(), ServeError> {
        let expired = self.shared.sessions().expire(Instant::now());
        for (node, broken) in expired {
            self.shared.store().forget(node);
            let reason = if broken {
                "its connection broke and it did not come back"
            } else {
                "nothing was heard of it for the length of its lease"
            };
            let reason = reason.to_owned();
            self.handle(Input::Left { node, reason })?;
        }
        Ok(())
    }

    fn handle(&mut self, input: Input) -> Result<(), ServeError> {
        let now = self.shared.clock.now();
        for effect in self.coordinator.handle(now, input) {
            match effect {
                Effect::Send { to, instruction } => self.send(to, &instruction),
                Effect::WakeAt(tick) => self.wakes.push(Reverse(tick)),
                Effect::Checkpoint(state) => self
                    .observer
                    .checkpoint(&state)
                    .map_err(ServeError::Checkpoint)?,
                Effect::Emit(event) => self.observer.record(Record { at: now, event }),
                Effect::Done(outcome) => self.outcome = Some(outcome),
            }
        }
        Ok(())
    }

    fn send(&mut self, to: NodeId, instruction: &Instruction) {
        let mut model = None;
        let message = instruction_message(instruction, |params| {
            let manifest = self.shared.store().offer(params);
            model = Some(manifest.hash);
            manifest
        });
        // A node that is away is told when it comes back: the engine sees to that.
        let Some(held) = self.shared.sessions().post(to, message, model) else {
            return;
        };
        self.record(Event::InstructionSent {
            node: to,
            kind: instruction.kind().to_owned(),
            bytes: instruction_bytes(instruction, held),
        });
    }

    fn record(&mut self, event: Event) {
        let at = self.shared.clock.now();
        self.observer.record(Record { at, event });
    }
}

/// Waits for a moment; for ever when there is none.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
