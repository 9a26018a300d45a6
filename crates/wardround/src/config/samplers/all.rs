//! `[sampler.all]`: everybody.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_data::Federation;
use ward_round::Sampler;
use ward_round::strategy::All;

use super::{About, Crowd, SamplerSettings};

/// Settings of asking everybody.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub struct AllConfig {
    /// Who may be asked, such as `tier == 'township' && name != 'north'`. Default everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub r#where: Option<String>,
}

impl SamplerSettings for AllConfig {
    fn about(&self) -> About {
        About {
            id: "all",
            r#use: "everybody who is there; the one to start with",
            learns: "nothing",
            paper: "none",
        }
    }

    fn condition(&self) -> Option<&str> {
        self.r#where.as_deref()
    }

    fn sampler(&self, _: &Crowd<'_>, _: &Federation) -> Box<dyn Sampler> {
        Box::new(All)
    }
}
