//! Plays a round, both sides, as a value.
//!
//! Start with [`Coordinator::handle`]: time and what was said go in, what is to be done comes out.
//! [`NodeSession::handle`] is the other side of the same conversation. Drivers (`ward-sim`,
//! `ward-net`) carry effects out and decide nothing.
//!
//! **Invariants.** No clock, no socket, no thread, no tensor. Only `handle` moves a [`RunState`].
//! A hospital's numbers are seen as an [`Upload`](ward_core::Upload) and in no other form.

mod coordinator;
pub mod groups;
mod masked;
mod node;
mod phase;
mod plan;
mod sent;
mod state;
pub mod strategy;
mod work;

pub use coordinator::{Coordinator, Effect, Input};
pub use masked::Secrets;
pub use node::{NodeEffect, NodeInput, NodeSession};
pub use phase::{PhaseName, mermaid};
pub use plan::{Masking, Plan, PlanError};
pub use state::RunState;
pub use strategy::{Aggregator, OptimizerState, Sampler, ServerOptimizer, Strategy, Visibility};
pub use work::Declining;
