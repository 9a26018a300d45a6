//! Drives the engine over real sockets.
//!
//! Two doors: [`serve`] runs a coordinator on a listener, [`run_hospital`] runs one hospital's node.
//! Both carry out what the engine asks for and decide nothing about a round. [`identity`] is where
//! certificates will be plugged in; today there is no TLS, and this is **not secure** on a network
//! that is not trusted.
//!
//! **Invariants.** Nodes only dial out. Who sent a report is known from its session and never from
//! the message. Whatever arrives, the coordinator goes on: a wrong message is refused with its
//! reason and told as an event. Memory is bounded by the settings, not by what callers announce.

pub mod admin;
mod chance;
mod egress;
mod hospital;
pub mod identity;
mod server;
mod settings;
mod status;

pub use admin::Admin;
pub use chance::NoRandomness;
pub use egress::{Egress, Unwatched};
pub use hospital::{Farewell, HospitalError, run_hospital};
pub use identity::{Credentials, Identify, JoinTokens, Unidentified};
pub use server::{Observer, ServeError, Served, Service, serve};
pub use settings::{BackOff, HospitalSettings, ServerSettings, TransportMode};

/// The metadata key of a session's token.
pub const SESSION_KEY: &str = "wardround-session";
/// The metadata key of the administrator's token.
pub const ADMIN_KEY: &str = "wardround-admin";
