//! `[sampler.all]`: everybody.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_data::Federation;
use ward_round::Sampler;
use ward_round::strategy::All;

use super::{About, Crowd, SamplerSettings};
use crate::config::check::Found;
use crate::config::types::Experiment;

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

    fn check(&self, _: &mut Found, _: &str, _: &Experiment) {}

    fn check_crowd(&self, _: &mut Found, _: &str, _: &Crowd<'_>) {}

    fn target(&self, crowd: &Crowd<'_>) -> usize {
        crowd.admitted
    }

    fn sampler(&self, _: &Crowd<'_>, _: &Federation) -> Box<dyn Sampler> {
        Box::new(All)
    }
}
