//! Straggler: an honest update, always late.
//!
//! Not an attack on the model but on the clock: a synchronous round waits for its slowest member.
//! Li, Sahu, Zaheer et al., "Federated Optimization in Heterogeneous Networks" (FedProx), MLSys 2020,
//! plays rounds with up to 90 % stragglers.
//!
//!   arrival = now + transit + delay                     `late_by_s` = delay

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Holds every update up.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Straggler {
    /// Seconds by which every update is late, above 0. Default 120.
    pub late_by_s: f64,
}

impl Default for Straggler {
    fn default() -> Self {
        Self { late_by_s: 120.0 }
    }
}

impl Straggler {
    /// The delay in milliseconds of virtual time.
    #[must_use]
    pub fn late_by_ms(&self) -> u64 {
        (self.late_by_s * 1_000.0).round() as u64
    }
}
