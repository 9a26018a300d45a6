//! Optimal inner-product manipulation: the τ that does the most damage to a known rule.
//!
//! Xie, Koyejo and Gupta, UAI 2019 (see `ipm`), with the line search of Shejwalkar and Houmansadr,
//! "Manipulating the Byzantine", NDSS 2021, in the form that byzfl's `Optimal_InnerProductManipulation`
//! gives it (see `search`).
//!
//!   τ* = argmax ‖F(H ∪ f copies of −τ mean(H)) − mean(H)‖        F = `rule`, f = `colluders`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::honest::Honest;
use super::ipm::Ipm;
use super::search::{Target, line_search};

/// Inner-product manipulation as strong as the coordinator's own rule makes worth while.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptimalIpm {}

impl OptimalIpm {
    /// What every colluder sends, d numbers.
    #[must_use]
    pub fn forge(&self, honest: &Honest, target: &Target<'_>) -> Vec<f64> {
        let forged = |tau| Ipm { tau }.forge(honest);
        let mean = honest.mean();
        forged(line_search(|tau| {
            target.damage(honest, &mean, &forged(tau))
        }))
    }
}
