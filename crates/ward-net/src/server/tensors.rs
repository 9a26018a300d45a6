//! The tensor service: models out, sealed updates in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout};
use tokio_stream::Stream;
use tonic::{Request, Response, Status, Streaming};
use ward_core::{Digest, Malformed, NodeId, Refusal};
use ward_wire::proto::{self, tensor_service_server::TensorService};
use ward_wire::{ChunkRefusal, Manifest, Message, Unreadable, chunks};

use super::shared::{Inbound, Shared};
use super::store::{NotStored, Progress};
use crate::status::{Reason, unreadable};

/// When to try again after the store was full.
const ROOM_SOON: Duration = Duration::from_secs(1);

pub(super) struct Tensors(pub(super) Arc<Shared>);

impl Tensors {
    /// Takes one message of a push.
    fn take(
        &self,
        node: NodeId,
        message: proto::PushTensorsRequest,
        begun: &mut BTreeMap<Digest, Progress>,
    ) -> Result<(), NotStored> {
        let wire_bytes = message.encoded_len() as u64;
        let chunk = message.chunk.ok_or(Unreadable::Missing("chunk"))?;
        let hash = chunk.manifest.as_ref().map(|m| m.hash.clone());
        let first = !hash.is_some_and(|h| begun.keys().any(|known| h == known.0[..]));
        let progress = self.0.store().accept(node, chunk, first, wire_bytes)?;
        begun.insert(progress.tensor, progress);
        Ok(())
    }

    /// Refuses a chunk, and has the story told where the node did wrong.
    async fn refuse(&self, node: NodeId, refused: NotStored) -> Status {
        let message = refused.to_string();
        let error = match refused {
            NotStored::Full { .. } => return Reason::Quota.retry_in(ROOM_SOON, message),
            NotStored::Unreadable(error) => error,
        };
        let status = unreadable(&error);
        let malformed = match error {
            Unreadable::Chunk(ChunkRefusal::Unexpected {
                got_count: got,
                expected_count: expected,
                ..
            }) if got != expected => Malformed::WrongLength { got, expected },
            other => other.into(),
        };
        let refusal = Refusal::Malformed(malformed);
        // When the coordinator is going away there is nobody left to tell.
        let _ = self.0.tell(Inbound::Refused { node, refusal }).await;
        status
    }
}

#[tonic::async_trait]
impl TensorService for Tensors {
    async fn query_tensor(
        &self,
        request: Request<proto::QueryTensorRequest>,
    ) -> Result<Response<proto::QueryTensorResponse>, Status> {
        let (node, _) = self.0.session(&request)?;
        let manifest = request.into_inner().manifest;
        let manifest = manifest.ok_or(Unreadable::Missing("manifest"));
        let manifest = manifest.and_then(Manifest::try_from);
        let manifest = manifest.map_err(|error| unreadable(&error))?;
        let held_bytes = self.0.store().held(node, &manifest);
        Ok(Response::new(proto::QueryTensorResponse { held_bytes }))
    }

    async fn push_tensors(
        &self,
        request: Request<Streaming<proto::PushTensorsRequest>>,
    ) -> Result<Response<proto::PushTensorsResponse>, Status> {
        let (node, _) = self.0.session(&request)?;
        let mut stream = request.into_inner();
        let idle = self.0.settings.idle;
        let mut begun = BTreeMap::new();
        loop {
            let next = timeout(idle, stream.message()).await.map_err(|_| {
                Status::deadline_exceeded(format!("no chunk came for {} s", idle.as_secs_f64()))
            })?;
            let Some(message) = next? else { break };
            self.0.sessions().keep(node, Instant::now());
            if let Err(refused) = self.take(node, message, &mut begun) {
                return Err(self.refuse(node, refused).await);
            }
        }
        if let Some(part) = begun.values().find(|p| p.held < p.total) {
            let (held, total) = (part.held, part.total);
            let refusal = ChunkRefusal::Truncated { held, total };
            let refused = NotStored::Unreadable(refusal.into());
            return Err(self.refuse(node, refused).await);
        }
        let completed = begun.len() as u32;
        Ok(Response::new(proto::PushTensorsResponse { completed }))
    }

    type PullTensorsStream = Pieces;

    async fn pull_tensors(
        &self,
        request: Request<proto::PullTensorsRequest>,
    ) -> Result<Response<Pieces>, Status> {
        self.0.session(&request)?;
        let pull = request.into_inner();
        let hash = pull.hash[..].try_into().map_err(|_| {
            let (got, expected) = (pull.hash.len(), 32);
            let field = "pull.hash";
            unreadable(&Unreadable::Length {
                field,
                got,
                expected,
            })
        })?;
        let tensor = self.0.store().model(Digest(hash)).ok_or_else(|| {
            Status::not_found("no such model is offered: its phase of the run is over")
        })?;
        Ok(Response::new(Pieces(Box::new(chunks(
            &tensor,
            pull.offset,
        )))))
    }
}

/// The chunks of a pull, cut as they are sent.
pub(super) struct Pieces(Box<dyn Iterator<Item = proto::TensorChunk> + Send>);

impl Stream for Pieces {
    type Item = Result<proto::PullTensorsResponse, Status>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        let next = self.0.next();
        std::task::Poll::Ready(next.map(|chunk| {
            let chunk = Some(chunk);
            Ok(proto::PullTensorsResponse { chunk })
        }))
    }
}
