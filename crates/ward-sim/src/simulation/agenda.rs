//! What will happen: a queue ordered by (tick, kind, node, number).

use std::collections::BTreeMap;

use ward_core::{Instruction, NodeId, Report, Tick};

use crate::work::Work;

/// Something that will happen. The order of variants is the order within a tick.
#[derive(Debug)]
pub(super) enum Happening {
    /// First: what has arrived need not wait in memory for others to be made.
    ToCoordinator(Report),
    ToNode(Instruction),
    Finished(Work),
    Woke,
}

/// (tick, rank of the variant, node, number).
type Place = (Tick, u8, NodeId, u64);

/// What will happen, in order.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    queue: BTreeMap<Place, Happening>,
    number: u64,
}

impl Agenda {
    /// Lets something happen at `at`, to `node` or by it.
    pub(super) fn add(&mut self, at: Tick, node: NodeId, happening: Happening) {
        self.number += 1;
        let place = (at, rank(&happening), node, self.number);
        self.queue.insert(place, happening);
    }

    /// Lets the coordinator wake at `at`: once, however often it asks. Where messages take no time, all
    /// its deadlines lie at one tick, which never comes.
    pub(super) fn wake(&mut self, at: Tick) {
        let place = (at, rank(&Happening::Woke), NodeId(u32::MAX), 0);
        self.queue.insert(place, Happening::Woke);
    }

    /// What happens next: when, to whom, and what.
    pub(super) fn next(&mut self) -> Option<(Tick, NodeId, Happening)> {
        let ((at, _, node, _), happening) = self.queue.pop_first()?;
        Some((at, node, happening))
    }
}

/// The order within a tick.
fn rank(happening: &Happening) -> u8 {
    match happening {
        Happening::ToCoordinator(_) => 0,
        Happening::ToNode(_) => 1,
        Happening::Finished(_) => 2,
        Happening::Woke => 3,
    }
}
