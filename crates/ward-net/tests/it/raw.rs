//! A node that does by hand, and wrongly if asked to, what `run_hospital` does right.

use std::time::Duration;

use bytes::Bytes;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};
use ward_wire::proto::node_service_client::NodeServiceClient;
use ward_wire::proto::tensor_service_client::TensorServiceClient;
use ward_wire::{PROTOCOL_VERSION, Packed, Tensor, proto};

use ward_core::{Report, RoundId, Upload};

use crate::lab::{Lab, WORD, name, soon};
use crate::toy;

/// One raw connection, and the token of its session.
#[derive(Clone)]
pub(crate) struct Raw {
    pub(crate) nodes: NodeServiceClient<Channel>,
    pub(crate) tensors: TensorServiceClient<Channel>,
    pub(crate) token: String,
}

/// A join that is right in every field, from hospital `index` in process `instance`.
pub(crate) fn join_request(index: u32, instance: u8, parameters: usize) -> proto::JoinRequest {
    proto::JoinRequest {
        protocol_version: PROTOCOL_VERSION,
        name: name(index),
        join_token: WORD.into(),
        instance: Bytes::from(vec![instance; 16]),
        layout: Bytes::copy_from_slice(&toy::layout(parameters).digest().0),
        parameters: parameters as u64,
    }
}

impl Raw {
    pub(crate) async fn connect(lab: &Lab) -> Self {
        let endpoint = Endpoint::from_shared(lab.url()).unwrap();
        let endpoint = endpoint.timeout(Duration::from_secs(40));
        let channel = soon("a connection", endpoint.connect()).await.unwrap();
        Self {
            nodes: NodeServiceClient::new(channel.clone()),
            tensors: TensorServiceClient::new(channel),
            token: String::new(),
        }
    }

    /// Connects and joins as hospital `index`.
    pub(crate) async fn joined(lab: &Lab, index: u32, instance: u8, parameters: usize) -> Self {
        let mut raw = Self::connect(lab).await;
        let joined = raw
            .nodes
            .join(join_request(index, instance, parameters))
            .await;
        raw.token = joined.unwrap().into_inner().session_token;
        raw
    }

    pub(crate) fn request<T>(&self, body: T) -> Request<T> {
        let mut request = Request::new(body);
        let metadata = request.metadata_mut();
        metadata.insert(ward_net::SESSION_KEY, self.token.parse().unwrap());
        request
    }

    /// Polls until a task later than `last_seq` comes.
    pub(crate) async fn task(&mut self, last_seq: u64) -> proto::Task {
        loop {
            let wait_ms = 1000;
            let poll = proto::PollTaskRequest { last_seq, wait_ms };
            let request = self.request(poll);
            let answer = soon("a task", self.nodes.poll_task(request)).await.unwrap();
            if let Some(task) = answer.into_inner().task {
                return task;
            }
        }
    }

    /// How many bytes of `tensor` the coordinator holds.
    pub(crate) async fn held(&mut self, tensor: &Tensor) -> u64 {
        let manifest = Some(tensor.manifest().into());
        let request = self.request(proto::QueryTensorRequest { manifest });
        let answer = self.tensors.query_tensor(request).await.unwrap();
        answer.into_inner().held_bytes
    }

    /// Pushes `chunks` in one stream.
    pub(crate) async fn push(&mut self, chunks: Vec<proto::TensorChunk>) -> Result<u32, Status> {
        let messages = chunks
            .into_iter()
            .map(|c| proto::PushTensorsRequest { chunk: Some(c) });
        let request = self.request(tokio_stream::iter(messages.collect::<Vec<_>>()));
        let pushed = soon("a push", self.tensors.push_tensors(request)).await?;
        Ok(pushed.into_inner().completed)
    }

    /// Answers a task; true when the coordinator had the answer already.
    pub(crate) async fn complete(
        &mut self,
        key: u8,
        message: proto::Report,
    ) -> Result<bool, Status> {
        let request = self.request(proto::CompleteTaskRequest {
            idempotency_key: Bytes::from(vec![key; 16]),
            report: Some(message),
        });
        let completed = self.nodes.complete_task(request).await?;
        Ok(completed.into_inner().repeated)
    }
}

/// An upload of small words for `round`, packed.
pub(crate) fn upload(round: u32, parameters: usize) -> (proto::Report, Tensor) {
    let upload = Upload {
        words: (0..parameters as u64).collect::<Vec<_>>().into(),
        weight: 1,
        loss: 0.5,
    };
    let round = RoundId(round);
    let packed = Packed::<proto::Report>::from(&Report::Upload { round, upload });
    (packed.message, packed.tensor.unwrap())
}

/// That `result` is a refusal with this code, whose words name `part`.
pub(crate) fn refused<T: std::fmt::Debug>(result: Result<T, Status>, code: Code, part: &str) {
    let status = result.unwrap_err();
    assert_eq!(status.code(), code, "{status:?}");
    assert!(
        status.message().contains(part),
        "`{}` does not name `{part}`",
        status.message()
    );
}
