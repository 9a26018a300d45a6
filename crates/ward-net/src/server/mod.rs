//! The coordinator's side: three services at the border, one task that holds the engine.

mod admin;
mod driver;
mod listening;
mod node;
mod sessions;
mod shared;
mod store;
mod tensors;

use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpIncoming;
use ward_core::{Layout, Outcome, Record, Tick};
use ward_round::{Coordinator, RunState};
use ward_wire::proto::admin_service_server::AdminServiceServer;
use ward_wire::proto::node_service_server::NodeServiceServer;
use ward_wire::proto::tensor_service_server::TensorServiceServer;
use ward_wire::{CONTROL_LIMIT, Expected, TENSOR_LIMIT};

use crate::chance::{self, NoRandomness};
use crate::identity::Identify;
use crate::settings::{
    CONNECTION_WINDOW, KEEP_ALIVE, KEEP_ALIVE_TIMEOUT, STREAM_WINDOW, ServerSettings,
    TCP_KEEP_ALIVE,
};
use driver::Driver;
use sessions::Sessions;
use shared::{Clock, Shared};
use store::Store;

/// Messages that may wait for the engine; more make their senders wait.
const INBOX: usize = 256;

/// Calls that one connection may have open at one time; a node needs about five.
const STREAMS_A_CONNECTION: u32 = 64;
/// Everything a coordinator process serves.
pub struct Service {
    /// The engine: a new one, or one with a state loaded from a checkpoint.
    pub coordinator: Coordinator,
    /// The layout of the model; a node with another one is refused.
    pub layout: Layout,
    /// Milliseconds of the run that are over already; above 0 after a resume.
    pub began: Tick,
    /// Who is who.
    pub identify: Arc<dyn Identify>,
    /// Leases, limits and the like.
    pub settings: ServerSettings,
}

/// Hears the story of a run as it happens. Called from the task that holds the engine.
pub trait Observer: Send {
    /// Something happened.
    fn record(&mut self, record: Record);

    /// Saves a state, so that the run can go on from it.
    ///
    /// # Errors
    /// Whatever the disk says; it ends the run.
    fn checkpoint(&mut self, state: &RunState) -> std::io::Result<()>;
}

/// A run that came to its end.
#[derive(Debug)]
pub struct Served {
    /// How it ended.
    pub outcome: Outcome,
    /// The engine, with the final model and state.
    pub coordinator: Coordinator,
}

/// Our own trouble: the run cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// A state could not be saved.
    #[error("failed to save a checkpoint; check the run directory's disk, then resume")]
    Checkpoint(#[source] std::io::Error),
    /// The listener or its connections failed.
    #[error("the gRPC server failed")]
    Transport(#[source] tonic::transport::Error),
    /// The server ended before the run did.
    #[error("the gRPC server stopped before the run was over")]
    Stopped,
    /// No random bytes for tokens.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}

/// Serves `service` on `listener` until the run is over, telling `observer` everything.
///
/// `stop` asks the engine to finish the round under way, save, and end with
/// [`Outcome::Interrupted`]. Dropping the future is a crash: what was saved can be resumed.
///
/// # Errors
/// [`ServeError`] when the run cannot go on. A node's mistake is never an error here.
pub async fn serve(
    listener: TcpListener,
    service: Service,
    observer: &mut dyn Observer,
    stop: CancellationToken,
) -> Result<Served, ServeError> {
    let (inbox, messages) = mpsc::channel(INBOX);
    let plan = service.coordinator.plan();
    let parameters = plan.parameters as u64;
    let shared = Arc::new(Shared {
        sessions: Mutex::new(Sessions::new(&service.settings)),
        store: Mutex::new(Store::new(
            Expected::words(plan.words_sent() as u64, plan.width()),
            service.settings.store_bytes,
        )),
        inbox,
        identify: service.identify,
        layout: service.layout.digest(),
        parameters,
        roster: plan.roster.clone(),
        instance: chance::instance()?,
        clock: Clock {
            base: service.began,
            start: Instant::now(),
        },
        settings: service.settings,
    });
    let closed = CancellationToken::new();
    let server = grpc(listener, &shared, closed.clone());
    tokio::pin!(server);
    let mut driver = Driver::new(
        service.coordinator,
        shared.clone(),
        messages,
        observer,
        stop,
    );
    let outcome = tokio::select! {
        outcome = driver.play() => outcome?,
        ended = &mut server => {
            ended.map_err(ServeError::Transport)?;
            return Err(ServeError::Stopped);
        }
    };
    // The goodbyes are still to be fetched. A run that can be resumed sends none: its nodes wait.
    let serving = outcome != Outcome::Completed
        || tokio::select! {
            () = driver.see_off() => true,
            _ = &mut server => false,
        };
    let coordinator = driver.into_coordinator();
    shared.sessions().close_all();
    closed.cancel();
    if serving {
        // A connection that will not close does not keep the run from ending.
        let _ = tokio::time::timeout(shared.settings.grace, server).await;
    }
    Ok(Served {
        outcome,
        coordinator,
    })
}

/// The gRPC server: the three services and health, until `closed`.
async fn grpc(
    listener: TcpListener,
    shared: &Arc<Shared>,
    closed: CancellationToken,
) -> Result<(), tonic::transport::Error> {
    let nodes = NodeServiceServer::new(node::Nodes(shared.clone()))
        .max_decoding_message_size(CONTROL_LIMIT)
        .max_encoding_message_size(CONTROL_LIMIT);
    let tensors = TensorServiceServer::new(tensors::Tensors(shared.clone()))
        .max_decoding_message_size(TENSOR_LIMIT)
        .max_encoding_message_size(TENSOR_LIMIT);
    let admin = AdminServiceServer::new(admin::Administration(shared.clone()))
        .max_decoding_message_size(CONTROL_LIMIT)
        .max_encoding_message_size(CONTROL_LIMIT);
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter
        .set_serving::<NodeServiceServer<node::Nodes>>()
        .await;
    reporter
        .set_serving::<TensorServiceServer<tensors::Tensors>>()
        .await;
    let incoming = TcpIncoming::from(listener)
        .with_nodelay(Some(true))
        .with_keepalive(Some(TCP_KEEP_ALIVE));
    tonic::transport::Server::builder()
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(STREAMS_A_CONNECTION)
        .http2_keepalive_interval(Some(KEEP_ALIVE))
        .http2_keepalive_timeout(Some(KEEP_ALIVE_TIMEOUT))
        .add_service(health)
        .add_service(nodes)
        .add_service(tensors)
        .add_service(admin)
        .serve_with_incoming_shutdown(incoming, closed.cancelled_owned())
        .await
}
