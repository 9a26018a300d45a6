//! The network and the troubles of a simulation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A simulated network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// No delay at all.
    Ideal,
    /// Latency, bandwidth and speed by tier; hospitals of unknown tiers as tertiary ones.
    #[default]
    Tier,
}

/// The network and the troubles of a simulation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SimulationConfig {
    /// `tier` (default) or `ideal`.
    pub network: Network,
    /// Up to so many milliseconds more for each message, 0 or more. Default 0.
    pub jitter_ms: f64,
    /// Whether hospitals have their tier's power and line failures. Default false.
    pub outages: bool,
    /// Chance that a hospital hears nothing in a round, 0 to below 1. Default 0.
    pub silent: f64,
    /// Chance that a report is held up, 0 to 1. Default 0.
    pub late: f64,
    /// Seconds by which a late report is held up. Default 120.
    pub late_by_s: f64,
    /// Seed of the network's draws, where it is to differ from `seed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_seed: Option<u64>,
    /// Worker threads; 0 is one a core. Default 0. Results do not depend on it.
    pub threads: usize,
    /// Whether everything hospitals send is searched for their training rows. Default true.
    pub audit_egress: bool,
    /// Hospitals whose rows stay in memory between rounds. Default 1024.
    pub keep_open: usize,
}

impl Default for SimulationConfig {
    fn default() -> Self {
        Self {
            network: Network::Tier,
            jitter_ms: 0.0,
            outages: false,
            silent: 0.0,
            late: 0.0,
            late_by_s: 120.0,
            network_seed: None,
            threads: 0,
            audit_egress: true,
            keep_open: 1_024,
        }
    }
}
