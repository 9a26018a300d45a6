//! Where coordinator and hospitals find each other.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_data::DataConfig;
use ward_privacy::Policy;
use ward_privacy::ledger::Budget;

/// Where a deployed coordinator listens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CoordinatorConfig {
    /// IP address and port; port 0 takes any free one. Default `127.0.0.1:7443`. Addresses that
    /// other hosts can reach need TLS, which is not here yet. `WARDROUND_LISTEN` in the environment
    /// wins.
    pub listen: String,
    /// Where the coordinator is, in any word that hospitals use for the same place, such as `cn-51`.
    /// Hospitals with `cross_border = "deny"` work for those in their own region alone. Default: it does
    /// not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
}

impl Default for CoordinatorConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:7443".to_owned(),
            region: None,
        }
    }
}

/// How a hospital reaches its coordinator: what `wardround hospital` reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HospitalConfig {
    /// The hospital's name, as in the experiment.
    pub name: String,
    /// The coordinator, for example `http://127.0.0.1:7443`; `WARDROUND_COORDINATOR` in the
    /// environment wins.
    pub coordinator: String,
    /// The experiment file, relative to this one.
    pub experiment: String,
    /// The join token; `WARDROUND_TOKEN` in the environment wins. Default none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// Where this hospital's rows are, where that is not what the experiment says: a table as in
    /// the experiment, its paths relative to this file. Default: the experiment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataConfig>,
    /// `subscribe` (default) or `poll`.
    #[serde(default)]
    pub transport: TransportMode,
    /// What it needs where updates are hidden in their sum. Default none: then it declines such rounds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secure_aggregation: Option<HospitalKeysConfig>,
    /// Where the hospital is, in the word that the coordinator uses for that place, such as `cn-51`; needed
    /// where the policy denies to cross a border. Default: nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// What the hospital does not do, whoever asks. Default: nothing is forbidden.
    #[serde(default)]
    pub policy: Policy,
    /// What it may spend on privacy. Default: the experiment's budget.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetConfig>,
    /// Where the hospital keeps its ledgers, of what left it and of what it spent on privacy, and what it remembers between rounds, relative to this file. Default `.`.
    #[serde(default = "default_state_dir")]
    pub state_dir: String,
}

/// What a hospital may spend on privacy, for whichever unit noise hides.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BudgetConfig {
    /// The most epsilon that one run may cost, above 0. Default: no limit of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epsilon_per_run: Option<f64>,
    /// The most that all runs on this hospital's rows may cost together, above 0. Default: likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epsilon_total: Option<f64>,
    /// The delta at which both are meant, above 0 and below 1; below 1 / the hospital's rows. Default
    /// 1e-5.
    #[serde(default = "default_delta")]
    pub delta: f64,
}

fn default_delta() -> f64 {
    1e-5
}

impl HospitalConfig {
    /// What its privacy ledger keeps to.
    #[must_use]
    pub fn budget(&self) -> Option<Budget> {
        self.budget.map(|config| Budget {
            epsilon_per_run: config.epsilon_per_run,
            epsilon_in_all: config.epsilon_total,
            delta: config.delta,
        })
    }
}

/// A hospital's key, and whom it believes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HospitalKeysConfig {
    /// The file with its secret key, relative to this one; its journal is beside it.
    pub key: String,
    /// The signed list of everybody's public keys, relative to this file.
    pub roster: String,
    /// The public key that must have signed the roster, as `wardround roster` printed it: have it told
    /// to you by other means than the roster itself.
    pub root: String,
}

fn default_state_dir() -> String {
    ".".to_owned()
}

/// How a hospital hears instructions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum TransportMode {
    /// One long-lived stream, with polling where a proxy cuts it.
    #[default]
    Subscribe,
    /// Repeated calls only.
    Poll,
}

impl From<TransportMode> for ward_net::TransportMode {
    fn from(mode: TransportMode) -> Self {
        match mode {
            TransportMode::Subscribe => Self::Subscribe,
            TransportMode::Poll => Self::Poll,
        }
    }
}

/// A text that is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}
