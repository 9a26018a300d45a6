//! `[strategy.fedavg]`: the weighted mean.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{About, StrategyTable};

/// FedAvg has no settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct FedAvgConfig {}

impl StrategyTable for FedAvgConfig {
    fn about(&self) -> About {
        About {
            r#use: "the weighted mean of the updates; the one to start with",
            bears: "none",
            paper: "McMahan et al. 2017, Communication-Efficient Learning of Deep Networks from \
                    Decentralized Data, arXiv:1602.05629",
        }
    }
}
