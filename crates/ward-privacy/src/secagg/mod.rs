//! Secure aggregation: the coordinator learns the sum of the hospitals' uploads and none of them.
//!
//! The protocol is `fl-secagg/1`: double masking as of Bonawitz et al. 2017 (CCS,
//! doi:10.1145/3133956.3133982), hardened against a coordinator that lies, over a complete graph or a
//! regular one (Bell et al. 2020, CCS, doi:10.1145/3372297.3417885). `docs/secagg.md` fixes every byte.
//!
//! Both sides are values without clock or socket. The hospital's is [`node`], the coordinator's
//! [`coordinator`]; the messages between them are [`ward_core::secagg`]. [`SessionInputs`] says what a
//! session is about, [`Roster`] who may take part, [`Journal`] what a hospital must not forget.
//!
//! **Invariants.** Secrets are wiped when dropped and neither print, copy nor serialise. No message
//! holds one, except shares sealed for one neighbour, and shares that a quorum of signatures allows to
//! reveal: of each node shares of one kind only.

pub mod coordinator;
pub mod fault;
mod graph;
pub mod identity;
pub mod journal;
mod journal_file;
mod keys;
mod mask;
pub mod node;
pub mod refused;
pub mod secret;
pub mod session;
mod shamir;
pub mod shape;
mod statements;
#[cfg(test)]
mod tests;
mod words;

pub use fault::{Failure, Fault, Wrong};
pub use identity::{Identity, IdentityKey, Member, Roster};
pub use journal::{Journal, JournalError, MemoryJournal};
pub use journal_file::{FileJournal, NoJournal};
pub use refused::Refused;
pub use secret::{NoRandomness, SecretRng};
pub use session::{MaskingParams, SessionId, SessionInputs, model_digest};
pub use shape::Shape;
