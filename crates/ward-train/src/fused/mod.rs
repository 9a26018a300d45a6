//! Training on flat parameters: forward, loss, backward and optimiser in one workspace.
//!
//! No autodiff graph, no allocation in a step, no global state, and a fixed order of every
//! addition: the same bits on any number of threads and any x86-64 processor. Tests hold its
//! gradients equal to burn's.

mod backward;
mod conv;
mod gemm;
mod loss;
mod network;
mod optimizer;
mod vectors;

pub(crate) use loss::cross_entropy;
pub(crate) use network::Network;
pub(crate) use optimizer::Optimizer;
pub(crate) use vectors::{all_finite, difference};
