//! Decides what may leave a hospital, at what price.
//!
//! Start with [`seal`](seal()): the one straight line from a hospital's numbers to something that
//! may leave it. [`ring`] is the arithmetic that makes sums exact; [`part`] is a part of a sum, made
//! where the uploads were; [`egress`] searches everything
//! that did leave for the hospital's own rows; [`sighting`] holds an update against the masked words that
//! hide it. [`dp`] says what a release costs in privacy, a [`ledger`] is charged with it, and a [`guard`]
//! asks that and the hospital's [`policy`].
//!
//! **Invariants.** No clock, no socket, no tensor library; threads only where the caller gives a number of
//! them, and a file only where it opens a [journal](secagg::FileJournal). Nothing but [`seal`](seal())
//! makes an [`Upload`](ward_core::Upload) from a [`LocalUpdate`](ward_core::LocalUpdate).

pub mod approval;
mod chain;
pub mod charge;
pub mod dp;
pub mod egress;
pub mod guard;
mod hospital_noise;
pub mod ledger;
pub mod noise;
pub mod part;
pub mod policy;
pub mod ring;
mod score_noise;
pub mod seal;
pub mod secagg;
pub mod sighting;

pub use approval::Approvals;
pub use charge::Charge;
pub use egress::RowScanner;
pub use guard::{Guard, Withheld};
pub use ledger::Ledger;
pub use noise::NoiseSource;
pub use part::Part;
pub use policy::Policy;
pub use ring::RingSum;
pub use seal::{SealError, seal};
