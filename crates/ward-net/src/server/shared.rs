//! What the services and the engine's task share, and what they tell each other.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tonic::{Request, Status};
use ward_core::{Digest, NodeId, NodeInfo, Refusal, Report, Tick};

use super::sessions::Sessions;
use super::store::Store;
use crate::chance::Instance;
use crate::identity::Identify;
use crate::settings::ServerSettings;
use crate::status::Reason;

/// Stands in for moments that a clock cannot tell: ten years.
const FAR: Duration = Duration::from_secs(10 * 365 * 86_400);

/// What the services tell the engine's task.
#[derive(Debug)]
pub(super) enum Inbound {
    /// A node opened a session; `replaced` when another process had the place.
    Joined { node: NodeId, replaced: bool },
    /// A node left by itself.
    Left { node: NodeId, reason: String },
    /// A report, with the bytes that brought it.
    Report {
        node: NodeId,
        report: Report,
        bytes: u64,
        tensors: u32,
    },
    /// Something that could not even become a report.
    Refused { node: NodeId, refusal: Refusal },
    /// An administrator wants the run to stop after this round.
    Cancel,
    /// An administrator asks how it goes.
    Look(oneshot::Sender<Look>),
}

/// Where the run stands.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) phase: ward_round::PhaseName,
    pub(super) round: u32,
    pub(super) rounds: u32,
    pub(super) model_digest: Digest,
    pub(super) over: bool,
}

/// Milliseconds since the run began.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    pub(super) base: Tick,
    pub(super) start: Instant,
}

impl Clock {
    pub(super) fn now(&self) -> Tick {
        self.base + self.start.elapsed().as_millis() as u64
    }

    /// The moment at which [`Clock::now`] reaches `tick`.
    pub(super) fn moment(&self, tick: Tick) -> Instant {
        let wait = Duration::from_millis(tick - self.base);
        self.start.checked_add(wait).unwrap_or(self.start + FAR)
    }
}

/// What the services and the engine's task share.
pub(super) struct Shared {
    pub(super) sessions: Mutex<Sessions>,
    pub(super) store: Mutex<Store>,
    pub(super) inbox: mpsc::Sender<Inbound>,
    pub(super) identify: Arc<dyn Identify>,
    pub(super) settings: ServerSettings,
    pub(super) layout: Digest,
    pub(super) parameters: u64,
    pub(super) roster: Vec<NodeInfo>,
    pub(super) instance: Instance,
    pub(super) clock: Clock,
}

impl Shared {
    pub(super) fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session that a request belongs to; its lease is renewed.
    pub(super) fn session<T>(&self, request: &Request<T>) -> Result<(NodeId, String), Status> {
        let over = || {
            Reason::Session.status(format!(
                "no session with this `{}`: it is over, or the coordinator was restarted; join again",
                crate::SESSION_KEY
            ))
        };
        let token = request.metadata().get(crate::SESSION_KEY);
        let token = token.and_then(|t| t.to_str().ok()).ok_or_else(over)?;
        let node = self.sessions().renew(token, Instant::now());
        node.map(|node| (node, token.to_owned())).ok_or_else(over)
    }

    /// Tells the engine's task; waits while its inbox is full.
    pub(super) async fn tell(&self, inbound: Inbound) -> Result<(), Status> {
        let closing = |_| Reason::Closing.status("the coordinator is going away");
        self.inbox.send(inbound).await.map_err(closing)
    }
}
