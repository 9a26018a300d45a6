//! The direction in which min-max and min-sum leave the honest mean.
//!
//! Shejwalkar and Houmansadr, "Manipulating the Byzantine: Optimizing Model Poisoning Attacks and
//! Defenses for Federated Learning", NDSS 2021.
//!
//!   ∇ᵖ_uv  = −mean(H) / ‖mean(H)‖                       [`Perturbation::UnitVector`]
//!   ∇ᵖ_std = −std(H)                                    [`Perturbation::Deviation`]
//!   ∇ᵖ_sgn = −sign(mean(H))                             [`Perturbation::Sign`]

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::honest::{Honest, squared_norm};

/// Which way the forged update is pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Perturbation {
    /// Against the honest mean.
    #[default]
    UnitVector,
    /// Downwards, each coordinate by its standard deviation.
    Deviation,
    /// Each coordinate against the sign of the honest mean.
    Sign,
}

impl Perturbation {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::UnitVector => "unit-vector",
            Self::Deviation => "deviation",
            Self::Sign => "sign",
        }
    }

    /// The direction, d numbers; zeros where the honest updates give none.
    #[must_use]
    pub fn direction(self, honest: &Honest) -> Vec<f64> {
        let mean = honest.mean();
        match self {
            Self::UnitVector => {
                let norm = squared_norm(&mean).sqrt();
                let against = |m: &f64| if norm > 0.0 { -m / norm } else { 0.0 };
                mean.iter().map(against).collect()
            }
            Self::Deviation => honest.deviations().iter().map(|d| -d).collect(),
            Self::Sign => mean
                .iter()
                .map(|&m| if m == 0.0 { 0.0 } else { -m.signum() })
                .collect(),
        }
    }
}
