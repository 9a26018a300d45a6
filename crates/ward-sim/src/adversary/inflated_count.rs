//! Inflated example count: an honest update that claims to rest on more rows than there are.
//!
//! McMahan, Moore, Ramage, Hampson and Agüera y Arcas, "Communication-Efficient Learning of Deep
//! Networks from Decentralized Data", AISTATS 2017, Algorithm 1, weighs an update by n_k, the rows
//! that hospital k says it has. Nobody can check that word.
//!
//!   w̃ = claim,  words = w̃ round(Δ 2^f)                 `claim`, by default the most that the plan allows
//!
//! The attacker seals with a ring of its own that knows no cap, as a forged program would. A claim
//! above the plan's is for the coordinator to refuse.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{TrainOrder, Weighting};

/// Claims more rows than the hospital has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct InflatedCount {
    /// The rows claimed, at least 1; more than `round.most_weight` is refused by the coordinator.
    /// Default: the most that it accepts, which is 1 where all count the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<u64>,
}

impl InflatedCount {
    /// The rows claimed under `order`.
    #[must_use]
    pub fn claim(&self, order: &TrainOrder) -> u64 {
        self.claim.unwrap_or(order.ring.most_weight)
    }

    /// The order as the attacker reads it: updates count by rows, and no count is too large.
    #[must_use]
    pub fn misread(&self, order: &TrainOrder) -> TrainOrder {
        let mut misread = order.clone();
        misread.weighting = Weighting::Examples;
        misread.ring.most_weight = self.claim(order);
        misread
    }
}
