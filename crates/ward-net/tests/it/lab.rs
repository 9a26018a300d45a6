//! A coordinator on a port of this machine, its story, and hospitals around it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use ward_core::{
    Batches, Event, LocalWork, NodeId, NodeInfo, OptimizerSpec, Params, Record, RingSpec, Schedule,
    Seed, Tick, TrainOrder, Trainer,
};
use ward_net::{
    BackOff, Egress, Farewell, HospitalError, HospitalSettings, JoinTokens, Observer, ServeError,
    Served, ServerSettings, Service, TransportMode, run_hospital, serve,
};
use ward_privacy::Guard;
use ward_round::{Coordinator, Plan, RunState, Strategy};

use crate::toy::{self, Toy, WIDTH};

/// The word every hospital of a lab knows.
pub(crate) const WORD: &str = "open-sesame";
/// The word of a lab's administrator.
pub(crate) const ADMIN: &str = "chief";

/// How long anything in a test may take before the test is given up.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for `future`, not for ever.
pub(crate) async fn soon<F: Future>(what: &str, future: F) -> F::Output {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("gave up waiting for {what}"),
    }
}

pub(crate) fn name(index: u32) -> String {
    format!("hospital-{index}")
}

/// A plan that waits long for everybody; tests change what they are about.
pub(crate) fn plan(nodes: u32, rounds: u32, parameters: usize) -> Plan {
    let optimizer = OptimizerSpec::Sgd {
        learning_rate: 0.1,
        momentum: 0.0,
    };
    let ring = RingSpec {
        fraction_bits: 32,
        range: 128.0,
        most_weight: 1 << 16,
    };
    Plan {
        rounds,
        roster: (0..nodes)
            .map(|i| NodeInfo {
                node: NodeId(i),
                name: name(i),
                tier: "county".into(),
                ..NodeInfo::default()
            })
            .collect(),
        seed: Seed::run(11),
        order: TrainOrder {
            batches: Batches::InOrder,
            ..TrainOrder::new(LocalWork::Epochs(1), 0, optimizer, ring, Seed::run(11))
        },
        schedule: Schedule::Constant,
        federated_scaling: true,
        features: WIDTH,
        parameters,
        quorum: 1.0,
        deadline_ms: 50_000,
        join_deadline_ms: 50_000,
        over_selection: 1.0,
        most_abandoned: 0,
        evaluate_every: 1,
        checkpoint_every: 1,
        rests_with_first: false,
        clipping: None,
        privacy: None,
        noise: ward_privacy::NoiseSource::System,
        region_of: None,
        masking: None,
    }
}

/// The state before the first round of `plan`.
pub(crate) fn fresh(plan: &Plan) -> RunState {
    RunState::new(Params(vec![0.0; plan.parameters]))
}

/// Short leases, so that tests of lost nodes do not take minutes.
pub(crate) fn brisk() -> ServerSettings {
    ServerSettings {
        lease: Duration::from_secs(8),
        grace: Duration::from_millis(400),
        heartbeat: Duration::from_millis(200),
        ping: Duration::from_millis(300),
        linger: Duration::from_secs(5),
        admin_token: Some(ADMIN.into()),
        ..ServerSettings::default()
    }
}

/// As [`brisk`], for nodes that never say goodbye: the end of the run is the end.
pub(crate) fn curt() -> ServerSettings {
    ServerSettings {
        linger: Duration::ZERO,
        ..brisk()
    }
}

/// What a coordinator told.
#[derive(Clone, Default)]
pub(crate) struct Story {
    records: Arc<Mutex<Vec<Record>>>,
    saved: Arc<Mutex<Option<RunState>>>,
}

impl Story {
    pub(crate) fn events(&self) -> Vec<Event> {
        let records = self.records.lock().unwrap();
        records.iter().map(|r| r.event.clone()).collect()
    }

    pub(crate) fn saved(&self) -> Option<RunState> {
        self.saved.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.events().iter().filter(|e| wanted(e)).count()
    }

    /// Waits until the story has an event that is `wanted`.
    pub(crate) async fn until(&self, what: &str, wanted: impl Fn(&Event) -> bool) {
        let told = async {
            while self.count(&wanted) == 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        soon(what, told).await;
    }
}

impl Observer for Story {
    fn record(&mut self, record: Record) {
        self.records.lock().unwrap().push(record);
    }

    fn checkpoint(&mut self, state: &RunState) -> std::io::Result<()> {
        *self.saved.lock().unwrap() = Some(state.clone());
        Ok(())
    }
}

/// A coordinator in a runtime of its own, so that it can be killed with all its connections.
pub(crate) struct Lab {
    pub(crate) address: SocketAddr,
    pub(crate) story: Story,
    pub(crate) stop: CancellationToken,
    runtime: Option<Runtime>,
    served: oneshot::Receiver<Result<Served, ServeError>>,
}

impl Lab {
    /// A coordinator playing `plan` from its beginning, on any free port.
    pub(crate) async fn start(plan: Plan, settings: ServerSettings) -> Self {
        let state = fresh(&plan);
        Self::resume(plan, state, settings, "127.0.0.1:0").await
    }

    /// A coordinator playing `plan` from `state`, at `address`.
    pub(crate) async fn resume(
        plan: Plan,
        state: RunState,
        settings: ServerSettings,
        address: &str,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let service = Service {
            layout: toy::layout(plan.parameters),
            identify: Arc::new(JoinTokens::shared(&plan.roster, WORD)),
            coordinator: Coordinator::new(plan, Strategy::fed_avg(), state),
            began: Tick(0),
            settings,
        };
        let (story, stop) = (Story::default(), CancellationToken::new());
        let (bound, address_of) = oneshot::channel();
        let (tell, served) = oneshot::channel();
        let (mut observer, stopped) = (story.clone(), stop.clone());
        let address = address.to_owned();
        runtime.spawn(async move {
            let listener = TcpListener::bind(&address).await.unwrap();
            bound.send(listener.local_addr().unwrap()).unwrap();
            let _ = tell.send(serve(listener, service, &mut observer, stopped).await);
        });
        Self {
            address: soon("a port", address_of).await.unwrap(),
            story,
            stop,
            runtime: Some(runtime),
            served,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Settings of hospital number `index`, impatient enough for a test.
    pub(crate) fn settings(&self, index: u32) -> HospitalSettings {
        HospitalSettings {
            back_off: BackOff {
                shortest: Duration::from_millis(20),
                longest: Duration::from_millis(200),
            },
            ..HospitalSettings::new(&self.url(), &name(index), WORD)
        }
    }

    /// Starts hospital number `index`.
    pub(crate) fn hospital(&self, index: u32, toy: Toy) -> Running {
        Running::start(self.settings(index), Box::new(toy))
    }

    /// Starts hospitals 0 to `nodes` as plain toys.
    pub(crate) fn hospitals(&self, nodes: u32, parameters: usize) -> Vec<Running> {
        (0..nodes)
            .map(|i| self.hospital(i, Toy::new(i, parameters)))
            .collect()
    }

    /// Waits for the end of the run.
    pub(crate) async fn end(mut self) -> (Served, Story) {
        let served = soon("the end of the run", &mut self.served).await;
        (served.unwrap().unwrap(), self.story.clone())
    }

    /// Stops the coordinator where it stands; its port is free afterwards.
    pub(crate) async fn kill(mut self) -> Story {
        let runtime = self.runtime.take().unwrap();
        let ended = tokio::task::spawn_blocking(move || {
            runtime.shutdown_timeout(Duration::from_secs(10));
        });
        soon("the coordinator's end", ended).await.unwrap();
        self.story.clone()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What a hospital sent: the kind, the bytes and the tensors of each message.
#[derive(Clone, Default)]
pub(crate) struct Sent(pub(crate) Arc<Mutex<Vec<(String, u64, u32)>>>);

impl Sent {
    /// The kinds of the messages, in order.
    pub(crate) fn kinds(&self) -> Vec<String> {
        let sent = self.0.lock().unwrap();
        sent.iter().map(|(kind, ..)| kind.clone()).collect()
    }
}

impl Egress for Sent {
    fn sent(&mut self, kind: &str, bytes: &[u8], tensors: u32) {
        let message = (kind.to_owned(), bytes.len() as u64, tensors);
        self.0.lock().unwrap().push(message);
    }
}

/// A hospital's node in a runtime of its own, so that it can be killed like a process.
pub(crate) struct Running {
    pub(crate) stop: CancellationToken,
    pub(crate) sent: Sent,
    runtime: Option<Runtime>,
    ended: JoinHandle<Result<Farewell, HospitalError>>,
}

impl Running {
    pub(crate) fn start(settings: HospitalSettings, trainer: Box<dyn Trainer>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (stop, sent) = (CancellationToken::new(), Sent::default());
        let hospital = run_hospital(
            settings,
            trainer,
            Guard::open(),
            Box::new(sent.clone()),
            None,
            stop.clone(),
        );
        let ended = runtime.spawn(hospital);
        Self {
            stop,
            sent,
            runtime: Some(runtime),
            ended,
        }
    }

    /// Waits for the node to end by itself.
    pub(crate) async fn end(mut self) -> Result<Farewell, HospitalError> {
        soon("the end of a hospital", &mut self.ended)
            .await
            .unwrap()
    }

    /// Stops the node where it stands: no goodbye, the connection breaks.
    pub(crate) fn kill(mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Waits for all hospitals to hear that the run is over.
pub(crate) async fn rested(hospitals: Vec<Running>) {
    for hospital in hospitals {
        assert_eq!(hospital.end().await.unwrap(), Farewell::Rested);
    }
}

/// Starts hospitals that hear their tasks in `mode`.
pub(crate) fn in_mode(
    lab: &Lab,
    nodes: u32,
    parameters: usize,
    mode: TransportMode,
) -> Vec<Running> {
    let start = |i| {
        let settings = HospitalSettings {
            mode,
            ..lab.settings(i)
        };
        Running::start(settings, Box::new(Toy::new(i, parameters)))
    };
    (0..nodes).map(start).collect()
}
