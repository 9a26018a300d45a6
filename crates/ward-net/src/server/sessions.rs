//! Who is there: sessions, their leases, and the newest task of each.
//!
//! Nothing here knows a round. A lease is renewed by every call; a session whose task stream broke
//! ends after a shorter grace, and until then another process of the same name may take its place.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use ward_core::{Digest, NodeId};
use ward_wire::proto;

use crate::chance::{Instance, NoRandomness, token};
use crate::settings::{MODELS_KEPT, ServerSettings};

/// Idempotency keys remembered for each node.
const KEYS_KEPT: usize = 32;

/// What a task stream watches.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outbox {
    /// The newest task.
    pub(crate) task: Option<proto::Task>,
    /// Which stream or poll is the session's own; an older one ends.
    pub(crate) listener: u64,
}

#[derive(Debug)]
struct Session {
    token: String,
    instance: Instance,
    expires: Instant,
    broken: bool,
    outbox: watch::Sender<Outbox>,
    /// Models that the node holds, newest last.
    models: VecDeque<Digest>,
}

/// How a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    Absent,
    Present(Duration),
    Broken(Duration),
}

/// A session that was opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) token: String,
    /// Another process had the place before.
    pub(crate) replaced: bool,
}

/// Why no session was opened.
#[derive(Debug)]
pub(crate) enum NotOpened {
    /// Another process of the name is alive; its lease runs so long.
    Alive(Duration),
    NoRandomness(NoRandomness),
}

/// All sessions of a coordinator.
#[derive(Debug)]
pub(crate) struct Sessions {
    lease: Duration,
    grace: Duration,
    nodes: BTreeMap<NodeId, Session>,
    tokens: BTreeMap<String, NodeId>,
    answered: BTreeMap<NodeId, VecDeque<Vec<u8>>>,
}

impl Sessions {
    pub(crate) fn new(settings: &ServerSettings) -> Self {
        Self {
            lease: settings.lease,
            grace: settings.grace,
            nodes: BTreeMap::new(),
            tokens: BTreeMap::new(),
            answered: BTreeMap::new(),
        }
    }

    /// Opens a session for `node`, unless another process of it is alive.
    pub(crate) fn open(
        &mut self,
        node: NodeId,
        instance: Instance,
        now: Instant,
    ) -> Result<Opened, NotOpened> {
        let replaced = match self.nodes.get(&node) {
            Some(old) if old.instance == instance => false,
            Some(old) if old.broken || old.expires <= now => true,
            Some(old) => return Err(NotOpened::Alive(old.expires - now)),
            None => false,
        };
        let token = token().map_err(NotOpened::NoRandomness)?;
        self.close(node);
        self.tokens.insert(token.clone(), node);
        let session = Session {
            token: token.clone(),
            instance,
            expires: now + self.lease,
            broken: false,
            outbox: watch::Sender::default(),
            models: VecDeque::new(),
        };
        self.nodes.insert(node, session);
        Ok(Opened { token, replaced })
    }

    /// Whose session `token` is; renews its lease.
    pub(crate) fn renew(&mut self, token: &str, now: Instant) -> Option<NodeId> {
        let node = *self.tokens.get(token)?;
        let session = self.nodes.get_mut(&node)?;
        session.expires = now + self.lease;
        session.broken = false;
        Some(node)
    }

    /// Renews a lease during a long call.
    pub(crate) fn keep(&mut self, node: NodeId, now: Instant) {
        if let Some(session) = self.nodes.get_mut(&node) {
            session.expires = session.expires.max(now + self.lease);
        }
    }

    /// Begins a stream or a poll: the receiver, and its number in the session.
    pub(crate) fn listen(&mut self, node: NodeId) -> Option<(watch::Receiver<Outbox>, u64)> {
        let session = self.nodes.get_mut(&node)?;
        session.outbox.send_modify(|outbox| outbox.listener += 1);
        let receiver = session.outbox.subscribe();
        let listener = receiver.borrow().listener;
        Some((receiver, listener))
    }

    /// The stream or poll `listener` broke. Its session has only the grace left.
    pub(crate) fn broke(&mut self, token: &str, listener: u64, now: Instant) {
        let session = self
            .tokens
            .get(token)
            .and_then(|node| self.nodes.get_mut(node));
        if let Some(session) = session.filter(|s| s.outbox.borrow().listener == listener) {
            session.broken = true;
            session.expires = session.expires.min(now + self.grace);
        }
    }

    /// Puts an instruction in a node's outbox, in place of an older one. `None` when it is absent;
    /// otherwise whether the node already holds `model`.
    pub(crate) fn post(
        &mut self,
        node: NodeId,
        instruction: proto::Instruction,
        model: Option<Digest>,
    ) -> Option<bool> {
        let session = self.nodes.get_mut(&node)?;
        let held = model.is_none_or(|model| session.models.contains(&model));
        if let Some(model) = model {
            session.models.retain(|m| *m != model);
            session.models.push_back(model);
            if session.models.len() > MODELS_KEPT {
                session.models.pop_front();
            }
        }
        session.outbox.send_modify(|outbox| {
            let seq = outbox.task.as_ref().map_or(0, |task| task.seq) + 1;
            outbox.task = Some(proto::Task {
                seq,
                instruction: Some(instruction),
            });
        });
        Some(held)
    }

    /// Whether an answer with this key has been counted.
    pub(crate) fn has_answered(&self, node: NodeId, key: &[u8]) -> bool {
        let keys = self.answered.get(&node);
        keys.is_some_and(|keys| keys.iter().any(|k| k == key))
    }

    /// Remembers the key of a counted answer.
    pub(crate) fn answered(&mut self, node: NodeId, key: &[u8]) {
        let keys = self.answered.entry(node).or_default();
        keys.push_back(key.to_vec());
        if keys.len() > KEYS_KEPT {
            keys.pop_front();
        }
    }

    /// Ends a session; its stream ends with it. Whether there was one.
    pub(crate) fn close(&mut self, node: NodeId) -> bool {
        let session = self.nodes.remove(&node);
        if let Some(session) = &session {
            self.tokens.remove(&session.token);
        }
        session.is_some()
    }

    /// Ends all sessions that nothing was heard of, and says which: true for a broken connection.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<(NodeId, bool)> {
        let over = self.nodes.iter().filter(|(_, s)| s.expires <= now);
        let over: Vec<(NodeId, bool)> = over.map(|(node, s)| (*node, s.broken)).collect();
        for (node, _) in &over {
            self.close(*node);
        }
        over
    }

    /// How a node stands.
    pub(crate) fn presence(&self, node: NodeId, now: Instant) -> Presence {
        match self.nodes.get(&node) {
            None => Presence::Absent,
            Some(s) if s.broken => Presence::Broken(s.expires - now),
            Some(s) => Presence::Present(s.expires - now),
        }
    }

    /// Whether nobody is there.
    pub(crate) fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Ends every session.
    pub(crate) fn close_all(&mut self) {
        self.nodes.clear();
        self.tokens.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NODE: NodeId = NodeId(3);

    fn sessions() -> (Sessions, Instant) {
        (Sessions::new(&ServerSettings::default()), Instant::now())
    }

    #[test]
    fn a_second_process_is_let_in_only_when_the_first_is_gone() {
        let (mut sessions, now) = sessions();
        let first = sessions.open(NODE, [1; 16], now).unwrap();
        assert!(!first.replaced);
        assert!(matches!(
            sessions.open(NODE, [2; 16], now),
            Err(NotOpened::Alive(_))
        ));
        let (_, listener) = sessions.listen(NODE).unwrap();
        sessions.broke(&first.token, listener, now);
        assert!(sessions.open(NODE, [2; 16], now).unwrap().replaced);
        assert_eq!(sessions.renew(&first.token, now), None);
    }

    #[test]
    fn the_same_process_may_always_come_back() {
        let (mut sessions, now) = sessions();
        let first = sessions.open(NODE, [1; 16], now).unwrap();
        let again = sessions.open(NODE, [1; 16], now).unwrap();
        assert!(!again.replaced);
        assert_ne!(first.token, again.token);
        assert_eq!(sessions.renew(&again.token, now), Some(NODE));
    }

    #[test]
    fn a_lease_ends_when_nothing_is_heard_and_sooner_when_the_stream_broke() {
        let (mut sessions, now) = sessions();
        let settings = ServerSettings::default();
        let opened = sessions.open(NODE, [1; 16], now).unwrap();
        assert!(sessions.expire(now + settings.grace).is_empty());
        let (_, listener) = sessions.listen(NODE).unwrap();
        sessions.broke(&opened.token, listener, now);
        assert!(matches!(sessions.presence(NODE, now), Presence::Broken(_)));
        // A sign of life mends it.
        assert_eq!(sessions.renew(&opened.token, now), Some(NODE));
        assert!(sessions.expire(now + settings.grace).is_empty());
        assert_eq!(sessions.expire(now + settings.lease), [(NODE, false)]);
        assert!(sessions.is_empty());
    }

    #[test]
    fn an_old_stream_that_breaks_does_not_harm_the_new_one() {
        let (mut sessions, now) = sessions();
        let opened = sessions.open(NODE, [1; 16], now).unwrap();
        let (_, old) = sessions.listen(NODE).unwrap();
        let (_, new) = sessions.listen(NODE).unwrap();
        sessions.broke(&opened.token, old, now);
        assert!(matches!(sessions.presence(NODE, now), Presence::Present(_)));
        sessions.broke(&opened.token, new, now);
        assert!(matches!(sessions.presence(NODE, now), Presence::Broken(_)));
    }

    #[test]
    fn the_outbox_holds_the_newest_task_and_knows_the_models() {
        let (mut sessions, now) = sessions();
        sessions.open(NODE, [1; 16], now).unwrap();
        let model = |byte| Some(Digest([byte; 32]));
        let mut post = |m| sessions.post(NODE, proto::Instruction::default(), m);
        assert_eq!(post(model(1)), Some(false));
        assert_eq!(post(model(1)), Some(true));
        assert_eq!(post(model(2)), Some(false));
        assert_eq!(post(model(3)), Some(false));
        assert_eq!(post(model(1)), Some(false));
        assert_eq!(post(None), Some(true));
        let (receiver, _) = sessions.listen(NODE).unwrap();
        assert_eq!(receiver.borrow().task.as_ref().unwrap().seq, 6);
        assert_eq!(
            sessions.post(NodeId(9), proto::Instruction::default(), None),
            None
        );
    }

    #[test]
    fn keys_are_remembered_for_a_while() {
        let (mut sessions, _) = sessions();
        sessions.answered(NODE, b"first");
        assert!(sessions.has_answered(NODE, b"first"));
        assert!(!sessions.has_answered(NodeId(4), b"first"));
        (0..KEYS_KEPT).for_each(|i| sessions.answered(NODE, &[i as u8]));
        assert!(!sessions.has_answered(NODE, b"first"));
    }
}
