//! Gaussian noise in place of an update.
//!
//! Blanchard, El Mhamdi, Guerraoui and Stainer, "Machine Learning with Adversaries: Byzantine
//! Tolerant Gradient Descent", NeurIPS 2017: the "Gaussian" attack, σ = 200 there and 1 in
//! byzfl.
//!
//!   Δ̃ ~ N(0, σ² I)                                     `deviation` = σ

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::Seed;

use super::normal::white_noise;

/// Sends white noise. Each attacker and round draws its own.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GaussianNoise {
    /// Standard deviation of each coordinate, above 0. Default 1.
    pub deviation: f64,
}

impl Default for GaussianNoise {
    fn default() -> Self {
        Self { deviation: 1.0 }
    }
}

impl GaussianNoise {
    /// What is sent in place of an update of `parameters` numbers, drawn at `place`.
    #[must_use]
    pub fn forge(&self, parameters: usize, place: Seed) -> Vec<f64> {
        white_noise(parameters, self.deviation, place)
    }
}
