//! The hospital's side: one node that dials out, works and answers as long as the run lives.
//!
//! Three things outlast a connection: the node's conversation ([`NodeSession`]), the work under
//! way, and answers that have not arrived. They end when the *coordinator* was restarted: what it
//! asks then it asks anew.

mod deliver;
mod error;
mod joining;
mod link;
mod listen;
mod work;

use std::collections::VecDeque;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use ward_core::{Digest, Instruction, Report, Tick, Trainer};
use ward_privacy::Guard;
use ward_round::{NodeEffect, NodeInput, NodeSession, Secrets};
use ward_wire::proto;

use crate::chance::{self, Instance};
use crate::egress::{Egress, Gate};
use crate::settings::HospitalSettings;
use deliver::Delivery;
pub use error::HospitalError;
use joining::Session;
use link::Link;
use listen::{Models, News};
use work::{Done, Work};

/// How a hospital's node ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Farewell {
    /// The coordinator said that the run is over.
    Rested,
    /// The hospital's operator stopped it.
    Stopped,
}

/// Runs one hospital's node until the run is over or `stop` is cancelled.
///
/// It joins with back-off, hears tasks, has `trainer` work on a thread of its own while heartbeats
/// go on and as far as `guard` lets it, and sends what [`NodeSession`] makes of it. `egress` is told of every message before it
/// leaves. `secrets` are what it needs for masked rounds; without them it declines those. A coordinator that is away is waited for; one that was restarted is joined again.
///
/// # Errors
/// [`HospitalError`] when waiting would not help.
pub async fn run_hospital(
    settings: HospitalSettings,
    trainer: Box<dyn Trainer>,
    guard: Guard,
    egress: Box<dyn Egress>,
    secrets: Option<Secrets>,
    stop: CancellationToken,
) -> Result<Farewell, HospitalError> {
    let mut hospital = Hospital::new(settings, trainer, guard, egress)?;
    hospital.secrets = secrets;
    let lived = tokio::select! {
        lived = hospital.live() => Some(lived),
        () = stop.cancelled() => None,
    };
    let (farewell, reason) = match lived {
        Some(Ok(())) => (Ok(Farewell::Rested), "the run is over"),
        Some(Err(error)) => (Err(error), "it met a fault"),
        None => (Ok(Farewell::Stopped), "its operator stopped it"),
    };
    hospital.link.leave(reason).await;
    farewell
}

/// A node's process.
struct Hospital {
    link: Link,
    instance: Instance,
    layout: Digest,
    parameters: u64,
    models: Arc<Mutex<Models>>,
    work: Work,
    finished: mpsc::UnboundedReceiver<Done>,
    /// What it needs for masked rounds, while there is no conversation.
    secrets: Option<Secrets>,
    /// The coordinator's instance and the conversation with it.
    conversation: Option<(Instance, NodeSession)>,
    outgoing: VecDeque<Report>,
    began: Instant,
}

impl Hospital {
    fn new(
        settings: HospitalSettings,
        trainer: Box<dyn Trainer>,
        guard: Guard,
        egress: Box<dyn Egress>,
    ) -> Result<Self, HospitalError> {
        let (layout, parameters) = (trainer.layout().digest(), trainer.layout().len() as u64);
        let (work, finished) = Work::new(trainer, guard).map_err(HospitalError::NoThread)?;
        Ok(Self {
            link: Link::new(settings, Gate::new(egress))?,
            instance: chance::instance()?,
            layout,
            parameters,
            models: Arc::default(),
            work,
            finished,
            secrets: None,
            conversation: None,
            outgoing: VecDeque::new(),
            began: Instant::now(),
        })
    }

    /// One session after another, until the run is over.
    async fn live(&mut self) -> Result<(), HospitalError> {
        loop {
            let session = self.join().await?;
            let known = self.conversation.as_ref().map(|(instance, _)| *instance);
            if known != Some(session.coordinator) {
                self.begin_anew(&session);
            }
            self.work.meet(&session.region);
            if self.attend(&session).await? {
                return Ok(());
            }
            self.link.forget_session();
            tokio::time::sleep(self.link.settings.back_off.shortest).await;
        }
    }

    async fn join(&self) -> Result<Session, HospitalError> {
        let asking = joining::Asking {
            instance: self.instance,
            layout: self.layout,
            parameters: self.parameters,
        };
        joining::join(&self.link, &asking).await
    }

    /// Forgets what another coordinator asked.
    fn begin_anew(&mut self, session: &Session) {
        self.work.call_off();
        self.outgoing.clear();
        if let Some((_, conversation)) = self.conversation.take() {
            self.secrets = conversation.into_secrets();
        }
        let mut conversation = NodeSession::new(session.node);
        if let Some(secrets) = self.secrets.take() {
            conversation = conversation.masking(secrets);
        }
        self.conversation = Some((session.coordinator, conversation));
    }

    /// Plays one session. True when the run is over, false when the session is.
    async fn attend(&mut self, session: &Session) -> Result<bool, HospitalError> {
        let (tell, mut news) = mpsc::channel(4);
        let (stage, watched) = watch::channel(proto::Stage::Idle);
        let heard = Arc::new(AtomicU64::new(0));
        // Everything in this set ends with the session.
        let mut tasks = JoinSet::new();
        let listener = listen::Listener {
            link: self.link.clone(),
            models: self.models.clone(),
            parameters: self.parameters,
            ping: session.ping,
            heard: heard.clone(),
            tell: tell.clone(),
        };
        tasks.spawn(listener.listen());
        tasks.spawn(joining::heartbeat(
            self.link.clone(),
            session.heartbeat,
            watched,
            heard,
            tell.clone(),
        ));
        let mut sending = false;
        loop {
            if !sending && let Some(report) = self.outgoing.front() {
                sending = true;
                let key = deliver::key(self.instance, session.coordinator, report);
                let delivery = Delivery::new(self.link.clone(), report, key);
                let tell = tell.clone();
                tasks.spawn(async move {
                    let _ = tell.send(delivery.deliver().await).await;
                });
            }
            let _ = stage.send(match (sending, self.work.is_busy()) {
                (true, _) => proto::Stage::Sending,
                (false, true) => proto::Stage::Working,
                (false, false) => proto::Stage::Idle,
            });
            tokio::select! {
                Some(heard) = news.recv() => match heard {
                    News::Heard(instruction) => {
                        if self.hear(instruction) {
                            return Ok(true);
                        }
                    }
                    News::Undoable(report) => self.outgoing.push_back(report),
                    News::Delivered => {
                        sending = false;
                        self.outgoing.pop_front();
                    }
                    News::SessionOver(reason) => {
                        tracing::warn!(reason, "the session is over; joining again");
                        return Ok(false);
                    }
                },
                Some(ended) = tasks.join_next() => if let Err(error) = ended {
                    return Err(HospitalError::Fault(error.to_string()));
                },
                Some(done) = self.finished.recv() => {
                    if let Some(input) = self.work.settle(done).map_err(HospitalError::Panicked)? {
                        self.handle(input);
                    }
                }
            }
        }
    }

    /// Takes an instruction. True when it was the last. One whose answer is on its way already, and
    /// is asked for again because the session is new, is not carried out twice.
    fn hear(&mut self, instruction: Instruction) -> bool {
        if self.outgoing.iter().any(|r| answers(r, &instruction)) {
            return false;
        }
        self.handle(NodeInput::Instruction(instruction))
    }

    /// Has the engine speak, and does what it says. True when the run is over.
    fn handle(&mut self, input: NodeInput) -> bool {
        let now = Tick(self.began.elapsed().as_millis() as u64);
        let Some((_, conversation)) = &mut self.conversation else {
            return false;
        };
        let node = conversation.node();
        let mut over = false;
        for effect in conversation.handle(now, input) {
            match effect {
                NodeEffect::Send(report) => {
                    if let Report::Declined {
                        reason, for_good, ..
                    } = &report
                    {
                        tracing::warn!(%reason, for_good, "declined");
                    }
                    self.outgoing.push_back(report);
                }
                NodeEffect::Done => over = true,
                task => self.work.begin(node, task),
            }
        }
        over
    }
}

/// Whether `report` is what `instruction` asks for.
fn answers(report: &Report, instruction: &Instruction) -> bool {
    let asked = match report {
        Report::Summary { .. } => "summarise",
        Report::Upload { .. } => "train",
        Report::Masking { answer, .. } => answer.asked_by(),
        Report::Evaluation { .. } => "evaluate",
        Report::Declined { .. } => instruction.kind(),
    };
    asked == instruction.kind() && Some(report.round()) == instruction.round()
}
