//! Joining with back-off, and saying that the node is alive.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{mpsc, watch};
use tonic::Status;
use ward_core::{Digest, NodeId};
use ward_wire::{PROTOCOL_VERSION, proto};

use super::HospitalError;
use super::link::{Link, pause};
use super::listen::News;
use crate::chance::Instance;
use crate::status::{Fault, fault};

/// What a node says of itself.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) instance: Instance,
    pub(super) layout: Digest,
    pub(super) parameters: u64,
}

/// What the coordinator says of the session.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) node: NodeId,
    pub(super) coordinator: Instance,
    /// Where the coordinator says it is; empty where it does not.
    pub(super) region: String,
    pub(super) heartbeat: Duration,
    pub(super) ping: Duration,
}

/// Joins, as often as it takes; the link uses the new session.
pub(super) async fn join(link: &Link, asking: &Asking) -> Result<Session, HospitalError> {
    let settings = &link.settings;
    let began = Instant::now();
    let mut taken_since = None;
    let mut waits = settings.back_off.waits();
    let mut told = None;
    loop {
        let request = link.call("join", message(link, asking));
        let status = match link.nodes().join(request).await {
            Ok(answer) => {
                if told.is_some() {
                    tracing::warn!("joined");
                }
                return read(link, &answer.into_inner());
            }
            Err(status) => status,
        };
        let asked = match fault(&status) {
            Fault::Passing(asked) => {
                taken_since = None;
                unreachable(link, began, &status)?;
                asked
            }
            Fault::Duplicate(asked) => {
                let since = *taken_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= settings.patience {
                    return Err(HospitalError::Duplicate {
                        name: settings.name.clone(),
                        seconds: since.elapsed().as_secs_f64(),
                        reason: status.message().to_owned(),
                    });
                }
                // Its lease may be shortened meanwhile, so the whole of it is not waited for.
                asked.map(|a| a.min(settings.back_off.longest))
            }
            Fault::SessionOver | Fault::TensorMissing | Fault::Lasting => {
                return Err(HospitalError::Refused {
                    name: settings.name.clone(),
                    reason: status.message().to_owned(),
                });
            }
        };
        let own = waits.next();
        let wait = match taken_since {
            Some(_) => own.unwrap_or_default().min(pause(None, asked)),
            None => pause(own, asked),
        };
        // The same trouble once more is no news, but for those who want to hear everything.
        let (reason, coordinator) = (status.message(), &settings.coordinator);
        if told.replace(status.code()) == Some(status.code()) {
            tracing::info!(reason, ?wait, "could not join yet");
        } else {
            tracing::warn!(%coordinator, reason, "could not join yet; trying again and again");
        }
        tokio::time::sleep(wait).await;
    }
}

fn message(link: &Link, asking: &Asking) -> proto::JoinRequest {
    proto::JoinRequest {
        protocol_version: PROTOCOL_VERSION,
        name: link.settings.name.clone(),
        join_token: link.settings.join_token.clone(),
        instance: Bytes::copy_from_slice(&asking.instance),
        layout: Bytes::copy_from_slice(&asking.layout.0),
        parameters: asking.parameters,
    }
}

/// An error when the coordinator has been away for too long.
fn unreachable(link: &Link, began: Instant, status: &Status) -> Result<(), HospitalError> {
    let limit = link.settings.give_up_after;
    if limit.is_none_or(|limit| began.elapsed() < limit) {
        return Ok(());
    }
    Err(HospitalError::Unreachable {
        address: link.settings.coordinator.clone(),
        seconds: began.elapsed().as_secs_f64(),
        reason: status.message().to_owned(),
    })
}

fn read(link: &Link, answer: &proto::JoinResponse) -> Result<Session, HospitalError> {
    let unreadable = |what: &str| HospitalError::Unreadable(what.to_owned());
    let coordinator = answer.coordinator_instance[..].try_into();
    let coordinator = coordinator.map_err(|_| unreadable("its instance is not 16 bytes"))?;
    if answer.heartbeat_ms == 0 || answer.ping_ms == 0 {
        return Err(unreadable("it wants heartbeats or pings every 0 ms"));
    }
    if !link.use_session(&answer.session_token) {
        return Err(unreadable("its session token is empty or not ASCII"));
    }
    Ok(Session {
        node: NodeId(answer.node),
        coordinator,
        region: answer.region.clone(),
        heartbeat: Duration::from_millis(answer.heartbeat_ms),
        ping: Duration::from_millis(answer.ping_ms),
    })
}

/// Renews the lease, also while training goes on and the task stream is silent.
pub(super) async fn heartbeat(
    link: Link,
    every: Duration,
    stage: watch::Receiver<proto::Stage>,
    heard: Arc<AtomicU64>,
    tell: mpsc::Sender<News>,
) {
    loop {
        tokio::time::sleep(every).await;
        let progress = proto::ReportProgressRequest {
            task_seq: heard.load(Ordering::Relaxed),
            stage: (*stage.borrow()).into(),
        };
        let request = link.call("progress", progress);
        if let Err(status) = link.nodes().report_progress(request).await
            && fault(&status) == Fault::SessionOver
        {
            let over = News::SessionOver(status.message().to_owned());
            let _ = tell.send(over).await;
            return;
        }
    }
}
