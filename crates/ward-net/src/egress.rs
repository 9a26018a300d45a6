//! A hospital's own account of what leaves it.

use std::sync::{Arc, Mutex, PoisonError};

/// Told of every message before it leaves the hospital.
pub trait Egress: Send {
    /// `bytes` is the whole encoded message. `kind` is `summary`, `upload`, `evaluation` or
    /// `declined` for reports; `tensor` for the chunks of an upload; and `join`, `subscribe`,
    /// `poll`, `progress`, `pull`, `query` or `leave` for what keeps the conversation going.
    /// `tensors` is 1 with the first chunk of a tensor and 0 otherwise.
    fn sent(&mut self, kind: &str, bytes: &[u8], tensors: u32);
}

/// Keeps no account.
#[derive(Debug, Clone, Copy, Default)]
pub struct Unwatched;

impl Egress for Unwatched {
    fn sent(&mut self, _: &str, _: &[u8], _: u32) {}
}

/// The account, shared by everything in the node that sends.
#[derive(Clone)]
pub(crate) struct Gate(Arc<Mutex<Box<dyn Egress>>>);

impl Gate {
    pub(crate) fn new(egress: Box<dyn Egress>) -> Self {
        Self(Arc::new(Mutex::new(egress)))
    }

    /// Tells the account of a message.
    pub(crate) fn pass<M: ward_wire::Message>(&self, kind: &str, message: &M, tensors: u32) {
        let bytes = message.encode_to_vec();
        let mut egress = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        egress.sent(kind, &bytes, tensors);
    }
}
