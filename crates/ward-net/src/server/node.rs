//! The node service: joining, hearing tasks, answering, leaving.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use ward_core::{NodeId, Refusal, Report};
use ward_wire::proto;
use ward_wire::proto::node_service_server::NodeService;
use ward_wire::{Message, PROTOCOL_VERSION, Packed, Unreadable, readable};

use super::listening::{Carried, Listening};
use super::sessions::{NotOpened, Opened};
use super::shared::{Inbound, Shared};
use crate::chance::Instance;
use crate::identity::Credentials;
use crate::settings::LONGEST_POLL;
use crate::status::{Reason, unreadable};

/// The longest name a hospital may have.
const LONGEST_NAME: usize = 256;

pub(super) struct Nodes(pub(super) Arc<Shared>);

impl Nodes {
    /// Who asks to join, if everything about it is right.
    fn admit(&self, join: &proto::JoinRequest) -> Result<(NodeId, Instance), Status> {
        let shared = &self.0;
        if join.protocol_version != PROTOCOL_VERSION {
            return Err(Reason::ProtocolVersion.status(format!(
                "the node speaks protocol version {}, the coordinator version {PROTOCOL_VERSION}; \
                 run the same release on both sides",
                join.protocol_version
            )));
        }
        if join.name.len() > LONGEST_NAME {
            let (got, most) = (join.name.len(), LONGEST_NAME);
            let field = "join.name";
            return Err(unreadable(&Unreadable::TooLong { field, got, most }));
        }
        let credentials = Credentials::new(&join.name, &join.join_token);
        let node = shared.identify.identify(credentials);
        let node = node.map_err(|e| Reason::Identity.status(e.to_string()))?;
        if *join.layout != shared.layout.0 || join.parameters != shared.parameters {
            return Err(Reason::Layout.status(format!(
                "the node's model has {} parameters, the run's has {}{}; start both from the same \
                 experiment file",
                join.parameters,
                shared.parameters,
                if join.parameters == shared.parameters {
                    " under other names or in other shapes"
                } else {
                    ""
                }
            )));
        }
        let instance = join.instance[..].try_into();
        let instance = instance.map_err(|_| {
            let (got, expected) = (join.instance.len(), size_of::<Instance>());
            let field = "join.instance";
            unreadable(&Unreadable::Length {
                field,
                got,
                expected,
            })
        })?;
        Ok((node, instance))
    }

    /// Opens a session for whoever asks to join.
    fn open(&self, join: &proto::JoinRequest) -> Result<(NodeId, Opened), Status> {
        let (node, instance) = self.admit(join)?;
        let opened = self.0.sessions().open(node, instance, Instant::now());
        let opened = opened.map_err(|refused| match refused {
            NotOpened::Alive(left) => Reason::Duplicate.retry_in(
                left,
                format!(
                    "another process runs as `{}`; stop it, or wait {:.1} s for its lease to end",
                    join.name,
                    left.as_secs_f64()
                ),
            ),
            NotOpened::NoRandomness(error) => Status::internal(error.to_string()),
        })?;
        Ok((node, opened))
    }

    /// Reads an answer; the tensor it names is taken out of the store.
    fn read(&self, node: NodeId, message: proto::Report) -> Result<(Report, u64, u32), Unreadable> {
        let named = message.needs()?;
        let taken = named.and_then(|manifest| self.0.store().take(node, &manifest));
        let (tensor, bytes) = taken.unzip();
        let tensors = u32::from(tensor.is_some());
        let report = Report::try_from(Packed { message, tensor })?;
        Ok((report, bytes.unwrap_or(0), tensors))
    }
}

#[tonic::async_trait]
impl NodeService for Nodes {
    async fn join(
        &self,
        request: Request<proto::JoinRequest>,
    ) -> Result<Response<proto::JoinResponse>, Status> {
        let join = request.into_inner();
        let (node, opened) = self.open(&join).inspect_err(|status| {
            let reason = status.message();
            tracing::warn!(name = ?join.name, reason, "a join was refused");
        })?;
        let shared = &self.0;
        let replaced = opened.replaced;
        shared.tell(Inbound::Joined { node, replaced }).await?;
        let settings = &shared.settings;
        Ok(Response::new(proto::JoinResponse {
            protocol_version: PROTOCOL_VERSION,
            node: node.0,
            session_token: opened.token,
            coordinator_instance: Bytes::copy_from_slice(&shared.instance),
            lease_ms: milliseconds(settings.lease),
            heartbeat_ms: milliseconds(settings.heartbeat),
            ping_ms: milliseconds(settings.ping),
            tick_ms: shared.clock.now().0,
            region: settings.region.clone(),
        }))
    }

    type SubscribeStream = ReceiverStream<Carried>;

    async fn subscribe(
        &self,
        request: Request<proto::SubscribeRequest>,
    ) -> Result<Response<Self::SubscribeStream>, Status> {
        let listening = Listening::begin(&self.0, &request)?;
        let last_seq = request.into_inner().last_seq;
        let (stream, receiver) = mpsc::channel(1);
        tokio::spawn(listening.feed(stream, last_seq));
        Ok(Response::new(ReceiverStream::new(receiver)))
    }

    async fn poll_task(
        &self,
        request: Request<proto::PollTaskRequest>,
    ) -> Result<Response<proto::PollTaskResponse>, Status> {
        let listening = Listening::begin(&self.0, &request)?;
        let poll = request.into_inner();
        let wait = Duration::from_millis(poll.wait_ms.into()).min(LONGEST_POLL);
        let task = listening.next(poll.last_seq, wait).await?;
        Ok(Response::new(proto::PollTaskResponse { task }))
    }

    async fn report_progress(
        &self,
        request: Request<proto::ReportProgressRequest>,
    ) -> Result<Response<proto::ReportProgressResponse>, Status> {
        let (node, _) = self.0.session(&request)?;
        let progress = request.into_inner();
        if progress.stage() == proto::Stage::Unspecified {
            let (field, got) = ("progress.stage", progress.stage);
            return Err(unreadable(&Unreadable::Unknown { field, got }));
        }
        tracing::trace!(%node, seq = progress.task_seq, stage = ?progress.stage(), "alive");
        let lease_ms = milliseconds(self.0.settings.lease);
        Ok(Response::new(proto::ReportProgressResponse { lease_ms }))
    }

    async fn complete_task(
        &self,
        request: Request<proto::CompleteTaskRequest>,
    ) -> Result<Response<proto::CompleteTaskResponse>, Status> {
        let (node, _) = self.0.session(&request)?;
        let answer = request.into_inner();
        let control = answer.encoded_len() as u64;
        let key = answer.idempotency_key;
        if key.len() != ward_wire::size::KEY_BYTES {
            let (got, expected) = (key.len(), ward_wire::size::KEY_BYTES);
            let field = "idempotency_key";
            return Err(unreadable(&Unreadable::Length {
                field,
                got,
                expected,
            }));
        }
        if self.0.sessions().has_answered(node, &key) {
            let repeated = true;
            return Ok(Response::new(proto::CompleteTaskResponse { repeated }));
        }
        let message = answer.report.ok_or(Unreadable::Missing("report"));
        let read = message.and_then(|message| self.read(node, message));
        let (report, bytes, tensors) = match read {
            Ok(read) => read,
            Err(error) => return Err(self.refuse(node, error).await),
        };
        self.0
            .tell(Inbound::Report {
                node,
                report,
                bytes: bytes + control,
                tensors,
            })
            .await?;
        self.0.sessions().answered(node, &key);
        let repeated = false;
        Ok(Response::new(proto::CompleteTaskResponse { repeated }))
    }

    async fn leave(
        &self,
        request: Request<proto::LeaveRequest>,
    ) -> Result<Response<proto::LeaveResponse>, Status> {
        let (node, _) = self.0.session(&request)?;
        let reason = request.into_inner().reason;
        let reason = readable("leave.reason", &reason).map_err(|e| unreadable(&e))?;
        self.0.store().forget(node);
        self.0.sessions().close(node);
        self.0.tell(Inbound::Left { node, reason }).await?;
        Ok(Response::new(proto::LeaveResponse {}))
    }
}

impl Nodes {
    /// Refuses an answer that cannot be read, and has the story told. A tensor that is missing is
    /// no mistake: the node pushes it again.
    async fn refuse(&self, node: NodeId, error: Unreadable) -> Status {
        let status = unreadable(&error);
        if !matches!(error, Unreadable::TensorMissing(_)) {
            let refusal = Refusal::Malformed(error.into());
            // When the coordinator is going away there is nobody left to tell.
            let _ = self.0.tell(Inbound::Refused { node, refusal }).await;
        }
        status
    }
}

fn milliseconds(duration: Duration) -> u64 {
    duration.as_millis() as u64
}
