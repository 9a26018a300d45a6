//! Hospitals that misbehave, in simulation only: the product has no code that does.
//!
//! Each attack has a file, headed by its paper, its equations and where each symbol is set. They
//! take hold where a real one could:
//!
//! | where | attacks | what stands in its way |
//! |---|---|---|
//! | the rows | [`LabelFlip`], [`FeatureNoise`], [`Backdoor`] | nothing before training |
//! | the update, alone | [`SignFlip`], [`GaussianNoise`], [`FreeRider`] | `seal`, as from a careless hospital |
//! | the update, in collusion | [`Ipm`], [`OptimalIpm`], [`Alie`], [`OptimalAlie`], [`Mimic`], [`MinMax`], [`MinSum`], a disguised [`FreeRider`] | `seal` |
//! | the wire | [`NonFinite`], [`InflatedCount`] | the coordinator's checks |
//! | the clock | [`Straggler`] | the deadline |
//!
//! Start with [`Adversaries`], a value given to [`Simulation`](crate::Simulation).
//! Colluders are omniscient: they see the honest updates of their own round's cohort, and nobody
//! else does. A draw's address is (seed, round, node, [`ATTACK`](ward_core::Purpose::ATTACK)).

mod adversaries;
mod alie;
mod attack;
mod backdoor;
mod conduct;
mod feature_noise;
mod free_rider;
mod gaussian_noise;
mod honest;
mod inflated_count;
mod ipm;
mod label_flip;
mod mimic;
mod min_max;
mod min_sum;
mod non_finite;
mod normal;
mod optimal_alie;
mod optimal_ipm;
mod perturbation;
mod plot;
mod rows;
mod search;
mod sign_flip;
mod straggler;

pub use adversaries::Adversaries;
pub use alie::{Alie, z_max};
pub use attack::Attack;
pub use backdoor::{Backdoor, Trigger};
pub use feature_noise::FeatureNoise;
pub use free_rider::FreeRider;
pub use gaussian_noise::GaussianNoise;
pub use honest::Honest;
pub use inflated_count::InflatedCount;
pub use ipm::Ipm;
pub use label_flip::LabelFlip;
pub use mimic::Mimic;
pub use min_max::MinMax;
pub use min_sum::MinSum;
pub use non_finite::{NonFinite, NotANumber};
pub use optimal_alie::OptimalAlie;
pub use optimal_ipm::OptimalIpm;
pub use perturbation::Perturbation;
pub use rows::{Poison, RowsMut};
pub use search::{Rule, Target};
pub use sign_flip::SignFlip;
pub use straggler::Straggler;

pub(crate) use conduct::Conduct;
pub(crate) use plot::Plot;
