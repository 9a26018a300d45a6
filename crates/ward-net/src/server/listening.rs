//! A node hearing its tasks: one stream, or one poll.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};
use tonic::{Request, Status};
use ward_wire::proto::{self, subscribe_response};

use super::sessions::Outbox;
use super::shared::Shared;
use crate::status::Reason;

/// What a task stream carries.
pub(super) type Carried = Result<proto::SubscribeResponse, Status>;

/// A stream or poll under way. Dropped before its end, its session has only the grace left.
pub(super) struct Listening {
    shared: Arc<Shared>,
    outbox: watch::Receiver<Outbox>,
    token: String,
    listener: u64,
    ended: bool,
}

impl Drop for Listening {
    fn drop(&mut self) {
        if !self.ended {
            let mut sessions = self.shared.sessions();
            sessions.broke(&self.token, self.listener, Instant::now());
        }
    }
}

impl Listening {
    /// Begins for the session that `request` belongs to; an older stream or poll of it ends.
    pub(super) fn begin<T>(shared: &Arc<Shared>, request: &Request<T>) -> Result<Self, Status> {
        let (node, token) = shared.session(request)?;
        let listening = shared.sessions().listen(node);
        let (outbox, listener) = listening.ok_or_else(session_over)?;
        Ok(Self {
            shared: shared.clone(),
            outbox,
            token,
            listener,
            ended: false,
        })
    }

    /// The next task after `last_seq`, or none when `wait` is over.
    pub(super) async fn next(
        mut self,
        last_seq: u64,
        wait: Duration,
    ) -> Result<Option<proto::Task>, Status> {
        let mine = self.listener;
        let news = |o: &Outbox| o.listener != mine || newer(o, last_seq).is_some();
        let heard = match timeout(wait, self.outbox.wait_for(news)).await {
            Err(_) => Ok(None),
            Ok(Err(_)) => Err(session_over()),
            Ok(Ok(outbox)) if outbox.listener != mine => Err(replaced()),
            Ok(Ok(outbox)) => Ok(newer(&outbox, last_seq)),
        };
        self.ended = true;
        heard
    }

    /// Feeds a task stream: each newer task as it comes, a ping when nothing comes.
    pub(super) async fn feed(mut self, stream: mpsc::Sender<Carried>, mut last_seq: u64) {
        loop {
            let newest = self.outbox.borrow_and_update().clone();
            if newest.listener != self.listener {
                return self.close(&stream, replaced()).await;
            }
            if let Some(task) = newer(&newest, last_seq) {
                last_seq = task.seq;
                let message = subscribe_response::Message::Task(task);
                if stream.send(Ok(carrying(message))).await.is_err() {
                    return;
                }
                continue;
            }
            tokio::select! {
                changed = self.outbox.changed() => if changed.is_err() {
                    return self.close(&stream, session_over()).await;
                },
                () = sleep(self.shared.settings.ping) => {
                    let tick_ms = self.shared.clock.now().0;
                    let message = subscribe_response::Message::Ping(proto::Ping { tick_ms });
                    if stream.send(Ok(carrying(message))).await.is_err() {
                        return;
                    }
                }
                () = stream.closed() => return,
            }
        }
    }

    /// Ends a stream from this side.
    async fn close(mut self, stream: &mpsc::Sender<Carried>, status: Status) {
        self.ended = true;
        // The node may have gone meanwhile; its session is over in any case.
        let _ = stream.send(Err(status)).await;
    }
}

fn carrying(message: subscribe_response::Message) -> proto::SubscribeResponse {
    let message = Some(message);
    proto::SubscribeResponse { message }
}

/// The newest task, if it comes after `last_seq`.
fn newer(outbox: &Outbox, last_seq: u64) -> Option<proto::Task> {
    outbox.task.clone().filter(|task| task.seq > last_seq)
}

fn session_over() -> Status {
    Reason::Session.status("the session is over; join again")
}

fn replaced() -> Status {
    Reason::Replaced.status("a newer stream of this session took over")
}
