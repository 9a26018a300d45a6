//! Hearing tasks, on a stream or by polling, and fetching the models they name.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::ExponentialBackoff;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tonic::Status;
use ward_core::{Digest, Instruction, Report, RoundId};
use ward_wire::proto::{self, subscribe_response};
use ward_wire::{Expected, Manifest, Packed, Reassembler, Tensor, Unreadable};

use super::link::{Link, pause};
use crate::settings::{LONGEST_POLL, LONGEST_SILENCE, MODELS_KEPT, TransportMode};
use crate::status::{Fault, fault};

/// What the node's main task hears.
#[derive(Debug)]
pub(super) enum News {
    /// An instruction, whole.
    Heard(Instruction),
    /// An instruction that cannot be carried out, and the answer to it.
    Undoable(Report),
    /// The answer under way has arrived, or will never be wanted.
    Delivered,
    /// The coordinator no longer knows the session.
    SessionOver(String),
}

/// The last models, by their hash.
#[derive(Debug, Default)]
pub(super) struct Models(VecDeque<Tensor>);

impl Models {
    fn get(&mut self, hash: Digest) -> Option<Tensor> {
        let at = self.0.iter().position(|t| t.manifest().hash == hash)?;
        let tensor = self.0.remove(at)?;
        self.0.push_back(tensor.clone());
        Some(tensor)
    }

    fn keep(&mut self, tensor: Tensor) {
        self.0.push_back(tensor);
        if self.0.len() > MODELS_KEPT {
            self.0.pop_front();
        }
    }
}

/// The listening half of a session.
pub(super) struct Listener {
    pub(super) link: Link,
    pub(super) models: Arc<Mutex<Models>>,
    pub(super) parameters: u64,
    /// How often the stream carries something.
    pub(super) ping: Duration,
    /// The last task heard in this session.
    pub(super) heard: Arc<AtomicU64>,
    pub(super) tell: mpsc::Sender<News>,
}

/// Why a stream or poll ended.
enum Ended {
    /// It broke.
    Broke(Status),
    /// Nobody listens any more.
    Unheard,
}

impl From<Status> for Ended {
    fn from(status: Status) -> Self {
        Self::Broke(status)
    }
}

impl Listener {
    /// Listens until the session is over.
    pub(super) async fn listen(self) {
        let mut waits = self.link.settings.back_off.waits();
        loop {
            let ended = match self.link.settings.mode {
                TransportMode::Subscribe => self.subscribe(&mut waits).await,
                TransportMode::Poll => self.poll().await,
            };
            let status = match ended {
                Ok(()) => {
                    waits = self.link.settings.back_off.waits();
                    continue;
                }
                Err(Ended::Unheard) => return,
                Err(Ended::Broke(status)) => status,
            };
            match fault(&status) {
                Fault::Passing(asked) => sleep(pause(waits.next(), asked)).await,
                // Anything lasting about listening is cured by a new session, if at all.
                _ => {
                    let over = News::SessionOver(status.message().to_owned());
                    let _ = self.tell.send(over).await;
                    return;
                }
            }
        }
    }

    fn last_seq(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// One stream, until it breaks.
    async fn subscribe(&self, waits: &mut ExponentialBackoff) -> Result<(), Ended> {
        let call_timeout = self.link.settings.call_timeout;
        let subscribe = proto::SubscribeRequest {
            last_seq: self.last_seq(),
        };
        let request = self.link.open("subscribe", subscribe);
        let mut nodes = self.link.nodes();
        let opened = timeout(call_timeout, nodes.subscribe(request)).await;
        let mut stream = opened.map_err(|_| late(call_timeout))??.into_inner();
        loop {
            let silence = self.ping * 3;
            let next = timeout(silence, stream.message()).await;
            let Some(message) = next.map_err(|_| late(silence))?? else {
                return Err(Status::unavailable("the task stream ended").into());
            };
            *waits = self.link.settings.back_off.waits();
            match message.message {
                Some(subscribe_response::Message::Task(task)) => self.take(task).await?,
                Some(subscribe_response::Message::Ping(_)) | None => {}
            }
        }
    }

    /// One question for a task.
    async fn poll(&self) -> Result<(), Ended> {
        let poll = proto::PollTaskRequest {
            last_seq: self.last_seq(),
            wait_ms: LONGEST_POLL.as_millis() as u32,
        };
        let mut request = self.link.open("poll", poll);
        request.set_timeout(LONGEST_POLL + self.link.settings.call_timeout);
        let answer = self.link.nodes().poll_task(request).await?;
        match answer.into_inner().task {
            Some(task) => self.take(task).await,
            None => Ok(()),
        }
    }

    /// Fetches what a task needs and hands it on. It counts as heard only then, so that a broken
    /// transfer is asked for again.
    async fn take(&self, task: proto::Task) -> Result<(), Ended> {
        let seq = task.seq;
        if seq <= self.last_seq() {
            return Ok(());
        }
        let message = task.instruction.unwrap_or_default();
        let round = message.round();
        let news = match self.unpack(message).await {
            Ok(instruction) => Some(News::Heard(instruction)),
            Err(Trouble::Call(status)) if fault(&status) == Fault::Lasting => {
                tracing::warn!(%status, "a task's model is no longer offered");
                None
            }
            Err(Trouble::Call(status)) => return Err(status.into()),
            Err(Trouble::Unreadable(error)) => {
                tracing::warn!(%error, "a task that cannot be carried out");
                round.map(|round| undoable(round, &error))
            }
        };
        self.heard.store(seq, Ordering::Relaxed);
        match news {
            Some(news) => self.tell.send(news).await.map_err(|_| Ended::Unheard),
            None => Ok(()),
        }
    }

    async fn unpack(&self, message: proto::Instruction) -> Result<Instruction, Trouble> {
        let tensor = match message.needs()? {
            Some(manifest) => {
                let expected = message.expects(self.parameters)?;
                Some(self.fetch(manifest, expected).await?)
            }
            None => None,
        };
        Ok(Instruction::try_from(Packed { message, tensor })?)
    }

    /// The model that `manifest` names: kept from before, or pulled.
    async fn fetch(&self, manifest: Manifest, expected: Expected) -> Result<Tensor, Trouble> {
        let mut pulled = Reassembler::new(manifest, expected).map_err(Unreadable::from)?;
        if let Some(tensor) = self.models().get(manifest.hash) {
            return Ok(tensor);
        }
        let mut waits = self.link.settings.back_off.waits();
        while !pulled.is_full() {
            let held = pulled.held();
            let Err(trouble) = self.pull(&mut pulled).await else {
                continue;
            };
            let Trouble::Call(status) = &trouble else {
                return Err(trouble);
            };
            let Fault::Passing(asked) = fault(status) else {
                return Err(trouble);
            };
            if pulled.held() > held {
                waits = self.link.settings.back_off.waits();
            }
            sleep(pause(waits.next(), asked)).await;
        }
        let tensor = pulled.finish().map_err(Unreadable::from)?;
        self.models().keep(tensor.clone());
        Ok(tensor)
    }

    /// One transfer, from where the last one broke.
    async fn pull(&self, pulled: &mut Reassembler) -> Result<(), Trouble> {
        let call_timeout = self.link.settings.call_timeout;
        let pull = proto::PullTensorsRequest {
            hash: Bytes::copy_from_slice(&pulled.manifest().hash.0),
            offset: pulled.held(),
        };
        let request = self.link.open("pull", pull);
        let mut tensors = self.link.tensors();
        let opened = timeout(call_timeout, tensors.pull_tensors(request)).await;
        let mut stream = opened.map_err(|_| late_status(call_timeout))??.into_inner();
        loop {
            let next = timeout(LONGEST_SILENCE, stream.message()).await;
            let Some(message) = next.map_err(|_| late_status(LONGEST_SILENCE))?? else {
                return if pulled.is_full() {
                    Ok(())
                } else {
                    Err(Status::unavailable("the transfer ended early").into())
                };
            };
            let chunk = message.chunk.ok_or(Unreadable::Missing("chunk"))?;
            pulled.accept(chunk)?;
        }
    }

    fn models(&self) -> std::sync::MutexGuard<'_, Models> {
        self.models.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a task's model is not there.
#[derive(Debug)]
enum Trouble {
    Call(Status),
    Unreadable(Unreadable),
}

impl From<Status> for Trouble {
    fn from(status: Status) -> Self {
        Self::Call(status)
    }
}

impl From<Unreadable> for Trouble {
    fn from(error: Unreadable) -> Self {
        Self::Unreadable(error)
    }
}

fn undoable(round: RoundId, error: &Unreadable) -> News {
    let reason = format!("the instruction cannot be carried out: {error}");
    News::Undoable(Report::Declined {
        round,
        reason,
        for_good: false,
    })
}

fn late_status(limit: Duration) -> Status {
    Status::deadline_exceeded(format!("nothing came for {} s", limit.as_secs_f64()))
}

fn late(limit: Duration) -> Ended {
    Ended::Broke(late_status(limit))
}
