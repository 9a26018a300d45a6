//! A robust rule whose reference the coordinator trains itself, on a root set: rows that it holds.
//!
//! When a round opens, it trains from the round's model as hospitals are ordered to, at its own
//! address ([`NodeId::COORDINATOR`]); what comes of that is the rule's reference. The coordinator
//! answers nobody for as long as that takes.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ward_core::{Abandoned, Address, Delta, Malformed, NodeId, RingSpec, Trainer, Upload};
use ward_privacy::ring;
use ward_round::strategy::{Accumulator, Claims, Opening};
use ward_round::{Aggregator, Visibility};

use crate::Robust;

/// A robust rule, and what trains its reference.
#[derive(Clone)]
pub struct Trusting {
    /// The rule, and all around it.
    pub robust: Robust,
    /// The coordinator's rows and its model.
    pub root: Arc<Mutex<dyn Trainer>>,
}

impl Aggregator for Trusting {
    fn needs(&self) -> Visibility {
        self.robust.needs()
    }

    fn claims(&self) -> Claims {
        self.robust.claims()
    }

    fn open(&self, opening: Opening<'_>) -> Box<dyn Accumulator> {
        let address = Address {
            round: opening.round,
            node: NodeId::COORDINATOR,
        };
        let mut root = self.root.lock().unwrap_or_else(PoisonError::into_inner);
        match root.train(opening.params, opening.order, address) {
            Ok(trusted) => self.robust.open(Opening {
                carried: &trusted.delta.0,
                ..opening
            }),
            Err(_) => Box::new(Untrusted {
                len: opening.len,
                ring: opening.order.ring,
            }),
        }
    }
}

impl fmt::Debug for Trusting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trusting({:?})", self.robust)
    }
}

/// A round without a reference: whatever comes, it is abandoned.
#[derive(Debug)]
struct Untrusted {
    len: usize,
    ring: RingSpec,
}

impl Accumulator for Untrusted {
    fn accept(&mut self, _from: NodeId, upload: &Upload) -> Result<(), Malformed> {
        ring::check(upload, self.len, &self.ring)
    }

    fn count(&mut self, _from: NodeId, _upload: &Upload) -> Result<(), Malformed> {
        Ok(())
    }

    fn finish(&self) -> Result<Delta, Abandoned> {
        Err(Abandoned::NothingTrusted)
    }
}
