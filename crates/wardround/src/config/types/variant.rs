//! Several runs in one experiment file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One of the runs of an experiment file: the file with settings of its own on top.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// What it is called in the table, and in its run directory after the file's own `name`. No two
    /// have the same.
    pub name: String,
    /// Its settings, each as after `--set`: `["rounds=5", "strategy={fedprox={mu=0.1}}"]`. Default
    /// none: the file as it is.
    #[serde(default)]
    pub set: Vec<String>,
}
