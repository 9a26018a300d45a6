//! The node's connection: clients that carry the session's token, and an account of what they send.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};
use ward_wire::proto::node_service_client::NodeServiceClient;
use ward_wire::proto::tensor_service_client::TensorServiceClient;
use ward_wire::{CONTROL_LIMIT, Message, TENSOR_LIMIT, proto};

use super::HospitalError;
use crate::egress::Gate;
use crate::settings::{
    CONNECTION_WINDOW, HospitalSettings, KEEP_ALIVE, KEEP_ALIVE_TIMEOUT, STREAM_WINDOW,
    TCP_KEEP_ALIVE,
};
use crate::status::{Fault, fault};

/// A connection that reconnects by itself, and the session on it.
#[derive(Clone)]
pub(super) struct Link {
    pub(super) settings: Arc<HospitalSettings>,
    channel: Channel,
    gate: Gate,
    session: Arc<Mutex<Option<MetadataValue<Ascii>>>>,
}

impl Link {
    /// A link to the coordinator in `settings`; it connects when first used.
    pub(super) fn new(settings: HospitalSettings, gate: Gate) -> Result<Self, HospitalError> {
        let endpoint = Endpoint::from_shared(settings.coordinator.clone());
        let endpoint = endpoint.map_err(|source| HospitalError::Address {
            address: settings.coordinator.clone(),
            source,
        })?;
        let channel = endpoint
            .connect_timeout(settings.call_timeout)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .http2_keep_alive_interval(KEEP_ALIVE)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .keep_alive_while_idle(true)
            .tcp_keepalive(Some(TCP_KEEP_ALIVE))
            .tcp_nodelay(true)
            .connect_lazy();
        Ok(Self {
            settings: Arc::new(settings),
            channel,
            gate,
            session: Arc::default(),
        })
    }

    pub(super) fn nodes(&self) -> NodeServiceClient<Channel> {
        NodeServiceClient::new(self.channel.clone())
            .max_decoding_message_size(CONTROL_LIMIT)
            .max_encoding_message_size(CONTROL_LIMIT)
    }

    pub(super) fn tensors(&self) -> TensorServiceClient<Channel> {
        TensorServiceClient::new(self.channel.clone())
            .max_decoding_message_size(TENSOR_LIMIT)
            .max_encoding_message_size(TENSOR_LIMIT)
    }

    /// Goes on with the session `token`. False when it cannot be sent as metadata.
    pub(super) fn use_session(&self, token: &str) -> bool {
        let value = token.parse().ok();
        let usable = value.is_some() && !token.is_empty();
        *self.lock() = value;
        usable
    }

    pub(super) fn forget_session(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<MetadataValue<Ascii>>> {
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A message that leaves the hospital: it is accounted for here.
    pub(super) fn pass<M: Message>(&self, kind: &str, message: &M, tensors: u32) {
        self.gate.pass(kind, message, tensors);
    }

    /// A request of one message, accounted for, with the session's token and no deadline.
    pub(super) fn open<M: Message>(&self, kind: &str, message: M) -> Request<M> {
        self.pass(kind, &message, 0);
        self.with_session(message)
    }

    /// A request of one message, accounted for, with the session's token and a deadline.
    pub(super) fn call<M: Message>(&self, kind: &str, message: M) -> Request<M> {
        let mut request = self.open(kind, message);
        request.set_timeout(self.settings.call_timeout);
        request
    }

    /// A request with the session's token.
    pub(super) fn with_session<T>(&self, body: T) -> Request<T> {
        let mut request = Request::new(body);
        if let Some(token) = self.lock().clone() {
            request.metadata_mut().insert(crate::SESSION_KEY, token);
        }
        request
    }

    /// Says goodbye, if there is a session. It is a courtesy: without it the lease runs out.
    pub(super) async fn leave(&self, reason: &str) {
        if self.lock().is_none() {
            return;
        }
        let reason = reason.to_owned();
        let request = self.call("leave", proto::LeaveRequest { reason });
        if let Err(status) = self.nodes().leave(request).await {
            tracing::debug!(%status, "could not say goodbye");
        }
        self.forget_session();
    }
}

/// What ends a series of attempts without success.
#[derive(Debug)]
pub(super) struct GaveUp {
    pub(super) fault: Fault,
    pub(super) status: Status,
}

/// Tries `attempt` until it succeeds or fails for good, waiting longer and longer in between.
pub(super) async fn persist<T, F>(link: &Link, mut attempt: impl FnMut() -> F) -> Result<T, GaveUp>
where
    F: Future<Output = Result<T, Status>>,
{
    let mut waits = link.settings.back_off.waits();
    loop {
        let status = match attempt().await {
            Ok(value) => return Ok(value),
            Err(status) => status,
        };
        let fault = fault(&status);
        let Fault::Passing(asked) = fault else {
            return Err(GaveUp { fault, status });
        };
        let wait = pause(waits.next(), asked);
        tracing::debug!(%status, ?wait, "trying again");
        tokio::time::sleep(wait).await;
    }
}

/// The longer of our own wait and the one that was asked for.
pub(super) fn pause(own: Option<Duration>, asked: Option<Duration>) -> Duration {
    own.unwrap_or_default().max(asked.unwrap_or_default())
}
