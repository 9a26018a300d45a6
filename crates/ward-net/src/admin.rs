//! Looking at a run from outside, and stopping it.

use ward_core::{Digest, NodeId, NodeInfo, RoundId, Tick};
use ward_round::PhaseName;
use ward_wire::proto::{self, admin_service_client::AdminServiceClient};

use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, Endpoint};

/// Why an administrator's call failed.
#[derive(Debug, thiserror::Error)]
pub enum AdminError {
    /// The address is no address.
    #[error("`{address}` is not an address such as http://127.0.0.1:7400")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        source: tonic::transport::Error,
    },
    /// The token cannot be sent.
    #[error("the admin token holds characters that cannot be sent; use printable ASCII")]
    Token,
    /// The coordinator did not answer, or refused.
    #[error("the coordinator says: {}", .0.message())]
    Refused(Box<tonic::Status>),
    /// The answer is not what the protocol says.
    #[error("the coordinator's answer cannot be read: `{0}` is missing or unknown")]
    Unreadable(&'static str),
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunStatus {
    /// What the coordinator is doing.
    pub phase: PhaseName,
    /// The open round, or the next one.
    pub round: RoundId,
    /// Rounds in the plan.
    pub rounds: u32,
    /// The model as it stands.
    pub model_digest: Digest,
    /// Since the run began.
    pub at: Tick,
    /// Whether the run is over.
    pub over: bool,
}

/// How a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not there.
    Absent,
    /// There.
    Present,
    /// Its connection broke; it may come back.
    Broken,
}

/// One node and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeStatus {
    /// Who it is.
    pub info: NodeInfo,
    /// How it stands.
    pub standing: Standing,
    /// Milliseconds until its lease runs out.
    pub lease_ms: u64,
}

/// An administrator's connection to a coordinator.
#[derive(Debug, Clone)]
pub struct Admin {
    client: AdminServiceClient<Channel>,
    token: MetadataValue<Ascii>,
}

impl Admin {
    /// A connection to the coordinator at `address` (`http://host:port`), made when first needed.
    ///
    /// # Errors
    /// [`AdminError::Address`] or [`AdminError::Token`].
    pub fn new(address: &str, token: &str) -> Result<Self, AdminError> {
        let endpoint = Endpoint::from_shared(address.to_owned());
        let endpoint = endpoint.map_err(|source| AdminError::Address {
            address: address.to_owned(),
            source,
        })?;
        let timeout = std::time::Duration::from_secs(10);
        let channel = endpoint
            .connect_timeout(timeout)
            .timeout(timeout)
            .connect_lazy();
        Ok(Self {
            client: AdminServiceClient::new(channel),
            token: token.parse().map_err(|_| AdminError::Token)?,
        })
    }

    fn request<M>(&self, message: M) -> tonic::Request<M> {
        let mut request = tonic::Request::new(message);
        let token = self.token.clone();
        request.metadata_mut().insert(crate::ADMIN_KEY, token);
        request
    }

    /// Where the run stands.
    ///
    /// # Errors
    /// [`AdminError`] when there is no answer, or none that can be read.
    pub async fn run(&mut self) -> Result<RunStatus, AdminError> {
        let request = self.request(proto::GetRunRequest {});
        let answer = self.client.get_run(request).await.map_err(refused)?;
        let run = answer.into_inner();
        let phase = match run.phase() {
            proto::RunPhase::Resting => PhaseName::Resting,
            proto::RunPhase::Enrolling => PhaseName::Enrolling,
            proto::RunPhase::Summing => PhaseName::Summing,
            proto::RunPhase::Collecting => PhaseName::Collecting,
            proto::RunPhase::Keying => PhaseName::Keying,
            proto::RunPhase::Drawing => PhaseName::Drawing,
            proto::RunPhase::Sharing => PhaseName::Sharing,
            proto::RunPhase::Masking => PhaseName::Masking,
            proto::RunPhase::Consenting => PhaseName::Consenting,
            proto::RunPhase::Unmasking => PhaseName::Unmasking,
            proto::RunPhase::Evaluating => PhaseName::Evaluating,
            proto::RunPhase::Unspecified => return Err(AdminError::Unreadable("phase")),
        };
        let digest = run.model_digest[..].try_into();
        let digest = digest.map_err(|_| AdminError::Unreadable("model_digest"))?;
        Ok(RunStatus {
            phase,
            round: RoundId(run.round),
            rounds: run.rounds,
            model_digest: Digest(digest),
            at: Tick(run.tick_ms),
            over: run.over,
        })
    }

    /// Everyone enrolled, in the order of the roster.
    ///
    /// # Errors
    /// [`AdminError`] when there is no answer, or none that can be read.
    pub async fn nodes(&mut self) -> Result<Vec<NodeStatus>, AdminError> {
        let request = self.request(proto::ListNodesRequest {});
        let answer = self.client.list_nodes(request).await.map_err(refused)?;
        let nodes = answer.into_inner().nodes.into_iter();
        nodes.map(read_node).collect()
    }

    /// Has the run stop after the round under way; it can be resumed.
    ///
    /// # Errors
    /// [`AdminError`] when there is no answer.
    pub async fn cancel(&mut self) -> Result<(), AdminError> {
        let request = self.request(proto::CancelRunRequest {});
        self.client.cancel_run(request).await.map_err(refused)?;
        Ok(())
    }
}

fn refused(status: tonic::Status) -> AdminError {
    AdminError::Refused(Box::new(status))
}

fn read_node(status: proto::NodeStatus) -> Result<NodeStatus, AdminError> {
    let standing = match status.standing() {
        proto::NodeStanding::Absent => Standing::Absent,
        proto::NodeStanding::Present => Standing::Present,
        proto::NodeStanding::Broken => Standing::Broken,
        proto::NodeStanding::Unspecified => return Err(AdminError::Unreadable("standing")),
    };
    Ok(NodeStatus {
        info: NodeInfo {
            node: NodeId(status.node),
            name: status.name,
            tier: status.tier,
            ..NodeInfo::default()
        },
        standing,
        lease_ms: status.lease_ms,
    })
}
