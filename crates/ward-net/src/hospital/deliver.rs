//! Bringing an answer to the coordinator: tensor first, from where the last attempt broke, then the
//! report that names it.

use bytes::Bytes;
use tonic::Status;
use ward_core::{Digest, Report};
use ward_wire::proto;
use ward_wire::size::KEY_BYTES;
use ward_wire::{Packed, Tensor, chunks};

use super::link::{Link, persist};
use super::listen::News;
use crate::chance::Instance;
use crate::status::{Fault, fault};

/// How often a tensor that arrived and was lost again is pushed anew.
const MOST_PUSHES: usize = 5;

/// The same in every attempt to send the same answer of this process to this coordinator.
pub(super) fn key(instance: Instance, coordinator: Instance, report: &Report) -> Bytes {
    let round = report.round().0.to_le_bytes();
    let kind = report.kind().as_bytes();
    let name = [&instance[..], &coordinator, &round, kind].concat();
    Bytes::copy_from_slice(&Digest::of(&name).0[..KEY_BYTES])
}

/// An answer under way.
pub(super) struct Delivery {
    link: Link,
    kind: &'static str,
    request: proto::CompleteTaskRequest,
    tensor: Option<Tensor>,
}

impl Delivery {
    pub(super) fn new(link: Link, report: &Report, idempotency_key: Bytes) -> Self {
        let packed = Packed::<proto::Report>::from(report);
        Self {
            link,
            kind: report.kind(),
            request: proto::CompleteTaskRequest {
                idempotency_key,
                report: Some(packed.message),
            },
            tensor: packed.tensor,
        }
    }

    /// Tries until it has arrived, or cannot arrive in this session, or is not wanted.
    pub(super) async fn deliver(self) -> News {
        for _ in 0..MOST_PUSHES {
            let failed = match self.bring().await {
                Ok(()) => return News::Delivered,
                Err(failed) => failed,
            };
            match failed.fault {
                Fault::TensorMissing => {}
                Fault::SessionOver => {
                    return News::SessionOver(failed.status.message().to_owned());
                }
                _ => {
                    let reason = failed.status.message();
                    tracing::warn!(kind = self.kind, reason, "an answer was refused");
                    return News::Delivered;
                }
            }
        }
        tracing::warn!(
            kind = self.kind,
            "an answer's tensor was lost again and again"
        );
        News::Delivered
    }

    /// Pushes what is not there, then answers.
    async fn bring(&self) -> Result<(), super::link::GaveUp> {
        if let Some(tensor) = &self.tensor {
            let mut again = false;
            persist(&self.link, || {
                let resume = std::mem::replace(&mut again, true);
                self.push(tensor, resume)
            })
            .await?;
        }
        persist(&self.link, || self.complete()).await
    }

    /// One push; a repeated one asks first how much has arrived.
    async fn push(&self, tensor: &Tensor, resume: bool) -> Result<(), Status> {
        let mut offset = 0;
        if resume {
            let manifest = Some(tensor.manifest().into());
            let query = proto::QueryTensorRequest { manifest };
            let request = self.link.call("query", query);
            let answer = self.link.tensors().query_tensor(request).await?;
            offset = answer.into_inner().held_bytes;
            if offset >= tensor.manifest().total() {
                return Ok(());
            }
        }
        let link = self.link.clone();
        let stream = chunks(tensor, offset).map(move |chunk| {
            let first = u32::from(chunk.offset == 0);
            let message = proto::PushTensorsRequest { chunk: Some(chunk) };
            link.pass("tensor", &message, first);
            message
        });
        let request = self.link.with_session(tokio_stream::iter(stream));
        let pushed = self.link.tensors().push_tensors(request).await;
        pushed.map(|_| ())
    }

    async fn complete(&self) -> Result<(), Status> {
        let request = self.link.call(self.kind, self.request.clone());
        let completed = self.link.nodes().complete_task(request).await;
        if let Err(status) = &completed
            && fault(status) == Fault::TensorMissing
        {
            tracing::debug!("the coordinator no longer has the tensor; pushing it again");
        }
        completed.map(|_| ())
    }
}
