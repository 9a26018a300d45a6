//! Why a node gives up.

use ward_core::RoundId;

use crate::chance::NoRandomness;

/// Why a hospital's node could not go on.
#[derive(Debug, thiserror::Error)]
pub enum HospitalError {
    /// The address is no address.
    #[error("`{address}` is not an address such as http://coordinator.example:7400")]
    Address {
        /// What was given.
        address: String,
        /// What is wrong with it.
        source: tonic::transport::Error,
    },
    /// The coordinator will not have it, and would not have it later.
    #[error("the coordinator refused `{name}`: {reason}")]
    Refused {
        /// The hospital.
        name: String,
        /// The coordinator's words.
        reason: String,
    },
    /// Another process of the same name went on living.
    #[error("the coordinator refused `{name}` for {seconds:.0} s: {reason}")]
    Duplicate {
        /// The hospital.
        name: String,
        /// How long it tried.
        seconds: f64,
        /// The coordinator's words.
        reason: String,
    },
    /// The coordinator was away for longer than the settings allow.
    #[error("the coordinator at {address} has not answered for {seconds:.0} s: {reason}")]
    Unreachable {
        /// Where it should be.
        address: String,
        /// How long it tried.
        seconds: f64,
        /// The last trouble.
        reason: String,
    },
    /// The coordinator's answer to the join is not what the protocol says.
    #[error("the coordinator's answer cannot be read: {0}")]
    Unreadable(String),
    /// Our own trouble.
    #[error("training panicked in {0}; this is a fault of the program, not of the data")]
    Panicked(RoundId),
    /// Our own trouble.
    #[error("a part of the node stopped: {0}; this is a fault of the program")]
    Fault(String),
    /// The operating system gives no thread to train on.
    #[error("the operating system gives no thread to train on")]
    NoThread(#[source] std::io::Error),
    /// No random bytes for the instance.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}
