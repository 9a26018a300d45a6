//! One simulated hospital, without its rows: its session, its line and what left it.

use ward_core::{Digest, NodeId, Report, Seed};
use ward_privacy::RowScanner;
use ward_round::{NodeEffect, NodeSession};

use crate::link::Link;
use crate::outage::{FaultModel, Faults};

/// One simulated hospital.
pub(super) struct Node {
    pub(super) session: NodeSession,
    pub(super) faults: FaultModel,
    /// The parameters it has, so that they are not sent twice.
    pub(super) holds: Option<Digest>,
    pub(super) egress: Egress,
    link: Link,
    seed: Seed,
    /// Numbers in the model.
    parameters: usize,
    /// Messages to and from it so far: the address of the next one's jitter.
    messages: u64,
}

/// What was searched for the hospital's own rows.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Egress {
    pub(super) messages: u64,
    pub(super) bytes: u64,
    pub(super) rows: u64,
    pub(super) found: u64,
}

impl Node {
    /// A node that trains a model of `parameters` numbers.
    pub(super) fn new(
        node: NodeId,
        link: Link,
        faults: Faults,
        seed: Seed,
        parameters: usize,
    ) -> Self {
        Self {
            session: NodeSession::new(node),
            faults: FaultModel::new(faults, node, seed),
            holds: None,
            egress: Egress::default(),
            link,
            seed,
            parameters,
            messages: 0,
        }
    }

    /// Milliseconds for its next message, of `bytes`, in either direction.
    pub(super) fn transit_ms(&mut self, bytes: u64) -> u64 {
        self.messages += 1;
        let node = self.session.node();
        self.link.transit_ms(bytes, node, self.messages, self.seed)
    }

    /// Milliseconds for `job`, with so many training and test rows.
    pub(super) fn duration_ms(&self, job: &NodeEffect, (train, test): (u64, u64)) -> u64 {
        match job {
            NodeEffect::Train { order, .. } => self.link.training_ms(order, train, self.parameters),
            NodeEffect::Evaluate { order, .. } => {
                self.link.scoring_ms(order, (train, test), self.parameters)
            }
            NodeEffect::Summarise { .. } | NodeEffect::Send(_) | NodeEffect::Done => 0,
        }
    }
}

impl Egress {
    /// Bytes of `report` as the wire would send it, searched for rows where there is a scanner.
    pub(super) fn weigh(&mut self, report: &Report, scanner: Option<&RowScanner>) -> u64 {
        let Some(scanner) = scanner else {
            return ward_wire::wire_bytes(report);
        };
        let messages = ward_wire::encode_report(report);
        let bytes = messages.iter().map(|m| m.len() as u64).sum();
        self.rows = scanner.rows();
        self.found += messages.iter().map(|m| scanner.found_in(m)).sum::<u64>();
        self.messages += 1;
        self.bytes += bytes;
        bytes
    }
}
