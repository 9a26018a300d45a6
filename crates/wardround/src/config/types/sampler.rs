//! Who is asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who is asked each round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum SamplerConfig {
    /// Everybody who is there.
    All(AllConfig),
    /// A uniform sample without replacement.
    Uniform(UniformConfig),
}

impl Default for SamplerConfig {
    fn default() -> Self {
        Self::All(AllConfig {})
    }
}

/// Asking everybody has no settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct AllConfig {}

/// Settings of a uniform sample. Give `count` or `fraction`, not both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub struct UniformConfig {
    /// Reports that a round aims at, at least 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// The same as a share of all hospitals, above 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fraction: Option<f64>,
}
