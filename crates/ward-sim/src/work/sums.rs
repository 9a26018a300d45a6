//! What each thread adds up of a round: updates are added where they are made.

use std::sync::{Arc, Mutex, PoisonError};

use ward_core::{RoundId, Upload};
use ward_privacy::Part;
use ward_round::NodeEffect;

/// A part of the sum for each thread of a pool, of the round it works for. Each is locked by its own
/// thread alone.
pub(super) struct Sums {
    parts: Vec<Mutex<Option<Open>>>,
    /// Numbers in an upload.
    len: usize,
}

/// A part and the round it belongs to.
type Open = (RoundId, Arc<Part>);

impl Sums {
    pub(super) fn new(threads: usize, len: usize) -> Self {
        let parts = std::iter::repeat_with(Mutex::default).take(threads);
        Self {
            parts: parts.collect(),
            len,
        }
    }

    /// Enters what came of `job` in the part of the current thread, of the pool.
    pub(super) fn enter(&self, job: &NodeEffect, upload: Upload) -> Upload {
        let thread = rayon::current_thread_index().and_then(|index| self.parts.get(index));
        let (Some(thread), NodeEffect::Train { round, order, .. }) = (thread, job) else {
            return upload;
        };
        let mut part = thread.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, part) = match part.take() {
            Some(open) if open.0 == *round => part.insert(open),
            _ => part.insert((*round, Part::new(self.len, order.ring))),
        };
        part.enter(upload)
    }
}
