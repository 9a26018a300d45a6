//! The mathematics of differential privacy: what a release costs, and the noise that pays for it.
//!
//! **What it costs.** [`event`] says what happened, in numbers that both the training loop and the accountants
//! read; [`account`] turns events into epsilon, [`calibrate`] an epsilon into noise. [`rdp`] is a curve that adds,
//! fast enough for a ledger; [`pld`] is tighter and takes longer; [`gaussian`] is exact where nothing is sampled.
//!
//! **What pays.** [`noise`] is where noise comes from, [`discrete_gaussian`] what is added to words of the ring,
//! [`distributed`] a hospital's share of it, [`continuous`] what is added to the steps of training, [`matrix`]
//! noise that cancels between steps. [`clipping`] bounds what it must hide. [`audit`] measures what is left.
//!
//! `docs/differential-privacy.md` says which claims are sound for whom.
//!
//! Noise multipliers are standard deviation over clip norm everywhere. Epsilon and delta are always for
//! one [`PrivacyUnit`], which is told beside them.

pub mod account;
pub mod audit;
mod bernoulli;
pub mod calibrate;
pub mod clipping;
pub mod continuous;
pub mod discrete_gaussian;
pub mod distributed;
pub mod event;
pub mod gaussian;
pub mod guarantee;
pub mod matrix;
pub mod noise;
pub mod pld;
pub mod rdp;
mod special;

#[cfg(test)]
mod tests;

pub use account::{Accountant, Answer};
pub use discrete_gaussian::DiscreteGaussian;
pub use event::{Event, Invalid, Sampling};
pub use guarantee::{Epsilon, Neighbours, PrivacyUnit};
pub use noise::NoiseRng;
pub use pld::Pld;
pub use rdp::RdpCurve;
mod normal;
