//! Inner-product manipulation (IPM): against the honest mean, so that aggregate and true gradient
//! point apart.
//!
//! Xie, Koyejo and Gupta, "Fall of Empires: Breaking Byzantine-tolerant SGD by Inner Product
//! Manipulation", UAI 2019 (PMLR 115, 2020).
//!
//!   Δ̃ = −τ mean(H)                                     `tau` = τ (the paper's ε)
//!
//! H are the honest updates of the round. Small τ hides among them, large τ overturns the mean.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::honest::Honest;

/// All colluders send the honest mean backwards.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ipm {
    /// How many times as large as the honest mean, above 0. Default 2.
    pub tau: f64,
}

impl Default for Ipm {
    fn default() -> Self {
        Self { tau: 2.0 }
    }
}

impl Ipm {
    /// What every colluder sends, d numbers.
    #[must_use]
    pub fn forge(&self, honest: &Honest) -> Vec<f64> {
        let mean = honest.mean();
        mean.iter().map(|m| -self.tau * m).collect()
    }
}
