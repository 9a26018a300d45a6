//! Sign flip: an update in the opposite direction, and as much larger as one likes.
//!
//! Li, Xu, Chen, Giannakis and Ling, "RSA: Byzantine-Robust Stochastic Aggregation Methods for
//! Distributed Learning from Heterogeneous Datasets", AAAI 2019.
//!
//!   Δ̃ = −s Δ                                           `scale` = s
//!
//! Δ is the attacker's own honest update: nobody else's is needed. Flipping the mean of the honest
//! updates, as byzfl's `SignFlipping` does, is inner-product manipulation (`ipm`) with τ = s.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Sends the hospital's own update backwards.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SignFlip {
    /// How many times as large as the honest update, above 0. Default 1.
    pub scale: f64,
}

impl Default for SignFlip {
    fn default() -> Self {
        Self { scale: 1.0 }
    }
}

impl SignFlip {
    /// What is sent in place of `own`, d numbers.
    #[must_use]
    pub fn alter(&self, own: &[f64]) -> Vec<f64> {
        own.iter().map(|v| -self.scale * v).collect()
    }
}
