//! The admin service: looking at a run, and stopping it.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;
use tokio::time::Instant;
use tonic::{Request, Response, Status};
use ward_core::Digest;
use ward_round::PhaseName;
use ward_wire::proto::{self, admin_service_server::AdminService};

use super::sessions::Presence;
use super::shared::{Inbound, Shared};
use crate::status::Reason;

pub(super) struct Administration(pub(super) Arc<Shared>);

impl Administration {
    fn admit<T>(&self, request: &Request<T>) -> Result<(), Status> {
        let Some(token) = &self.0.settings.admin_token else {
            return Err(Status::permission_denied(
                "the admin service is closed: the coordinator has no admin token",
            ));
        };
        let shown = request.metadata().get(crate::ADMIN_KEY);
        let shown = shown.map_or(&[][..], |value| value.as_encoded_bytes());
        // Digests are compared, so the time it takes tells nothing of the token.
        if Digest::of(shown) == Digest::of(token.as_bytes()) {
            return Ok(());
        }
        let key = crate::ADMIN_KEY;
        Err(Reason::Identity.status(format!("`{key}` in the metadata is missing or wrong")))
    }
}

#[tonic::async_trait]
impl AdminService for Administration {
    async fn get_run(
        &self,
        request: Request<proto::GetRunRequest>,
    ) -> Result<Response<proto::GetRunResponse>, Status> {
        self.admit(&request)?;
        let (answer, look) = oneshot::channel();
        self.0.tell(Inbound::Look(answer)).await?;
        let look = look.await;
        let look = look.map_err(|_| Reason::Closing.status("the coordinator is going away"))?;
        Ok(Response::new(proto::GetRunResponse {
            phase: phase_message(look.phase).into(),
            round: look.round,
            rounds: look.rounds,
            model_digest: Bytes::copy_from_slice(&look.model_digest.0),
            tick_ms: self.0.clock.now().0,
            over: look.over,
        }))
    }

    async fn list_nodes(
        &self,
        request: Request<proto::ListNodesRequest>,
    ) -> Result<Response<proto::ListNodesResponse>, Status> {
        self.admit(&request)?;
        let now = Instant::now();
        let sessions = self.0.sessions();
        let nodes = self.0.roster.iter().map(|info| {
            let (standing, lease) = match sessions.presence(info.node, now) {
                Presence::Absent => (proto::NodeStanding::Absent, None),
                Presence::Present(lease) => (proto::NodeStanding::Present, Some(lease)),
                Presence::Broken(lease) => (proto::NodeStanding::Broken, Some(lease)),
            };
            proto::NodeStatus {
                node: info.node.0,
                name: info.name.clone(),
                tier: info.tier.clone(),
                standing: standing.into(),
                lease_ms: lease.map_or(0, |l| l.as_millis() as u64),
            }
        });
        let nodes = nodes.collect();
        Ok(Response::new(proto::ListNodesResponse { nodes }))
    }

    async fn cancel_run(
        &self,
        request: Request<proto::CancelRunRequest>,
    ) -> Result<Response<proto::CancelRunResponse>, Status> {
        self.admit(&request)?;
        self.0.tell(Inbound::Cancel).await?;
        Ok(Response::new(proto::CancelRunResponse {}))
    }
}

fn phase_message(phase: PhaseName) -> proto::RunPhase {
    match phase {
        PhaseName::Resting => proto::RunPhase::Resting,
        PhaseName::Enrolling => proto::RunPhase::Enrolling,
        PhaseName::Summing => proto::RunPhase::Summing,
        PhaseName::Collecting => proto::RunPhase::Collecting,
        PhaseName::Keying => proto::RunPhase::Keying,
        PhaseName::Drawing => proto::RunPhase::Drawing,
        PhaseName::Sharing => proto::RunPhase::Sharing,
        PhaseName::Masking => proto::RunPhase::Masking,
        PhaseName::Consenting => proto::RunPhase::Consenting,
        PhaseName::Unmasking => proto::RunPhase::Unmasking,
        PhaseName::Evaluating => proto::RunPhase::Evaluating,
    }
}
