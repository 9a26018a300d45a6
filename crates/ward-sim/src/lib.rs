//! Drives the engine in virtual time: the same conversation as over gRPC, with a queue for a
//! network and a number for a clock.
//!
//! Start with [`Simulation::run`]. Training is an effect: outstanding orders are carried out on all
//! cores, some at a time, and results are fed back in (tick, node) order, so threads and
//! the order of hospitals cannot matter.
//!
//! **Invariant.** No rule of the round lives here. Measured time never enters the queue.

pub mod adversary;
mod link;
mod outage;
pub mod reading;
mod simulation;
mod work;

pub use link::Link;
pub use outage::{Faults, Outage};
pub use simulation::{Finished, Observer, Simulation, SimulationError};
pub use work::{Ward, Wards};
