//! Optimal a-little-is-enough: the τ that does the most damage to a known rule.
//!
//! Baruch, Baruch and Goldberg, NeurIPS 2019 (see `alie`), with the line search of Shejwalkar and
//! Houmansadr, "Manipulating the Byzantine", NDSS 2021, in the form that byzfl's
//! `Optimal_ALittleIsEnough` gives it (see `search`).
//!
//!   τ* = argmax ‖F(H ∪ f copies of mean(H) + τ std(H)) − mean(H)‖    F = `rule`, f = `colluders`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::honest::{Honest, moved};
use super::search::{Target, line_search};

/// A-little-is-enough with as much as the coordinator's own rule makes worth while.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OptimalAlie {}

impl OptimalAlie {
    /// What every colluder sends, d numbers.
    #[must_use]
    pub fn forge(&self, honest: &Honest, target: &Target<'_>) -> Vec<f64> {
        let (mean, deviations) = (honest.mean(), honest.deviations());
        let forged = |tau| moved(mean.clone(), tau, &deviations);
        forged(line_search(|tau| {
            target.damage(honest, &mean, &forged(tau))
        }))
    }
}
