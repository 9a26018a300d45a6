//! Everything a run must remember: save it, load it, go on to the same bits.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use ward_core::{NodeId, Params, RoundId, Scaling};
use ward_privacy::dp::matrix::NoisePast;

use crate::OptimizerState;
use crate::strategy::Standings;

/// A run between two rounds. Seeds need no state: they are functions of their address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunState {
    pub(crate) round: RoundId,
    pub(crate) params: Params,
    pub(crate) optimizer: OptimizerState,
    /// The last aggregate, where the aggregator asks for it.
    #[serde(default)]
    pub(crate) carried: Vec<f32>,
    pub(crate) scaling: Option<Arc<Scaling>>,
    pub(crate) abandoned_in_a_row: u32,
    /// The round that made the model, where it has not been scored.
    #[serde(default)]
    pub(crate) unscored: Option<RoundId>,
    /// Nodes at fault in a masked round: they are not asked again.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) barred: BTreeSet<NodeId>,
    /// Nodes that will train no more in this run: their own rules or privacy budgets forbid it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) resting: BTreeSet<NodeId>,
    /// The norm to which updates are clipped, where it has moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) clip_norm: Option<f32>,
    /// The noise of the last rounds, where it cancels between rounds. A deployed coordinator saves none.
    #[serde(default, skip_serializing_if = "NoisePast::is_empty")]
    pub(crate) noise_past: NoisePast,
    /// The last round in which each node was asked to train, where it must not be asked again soon.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) last_asked: BTreeMap<NodeId, RoundId>,
    /// How nodes stand, where the sampler asks for it.
    #[serde(default, skip_serializing_if = "Standings::is_empty")]
    pub(crate) standings: Standings,
}

impl RunState {
    /// The state before round 0.
    #[must_use]
    pub fn new(params: Params) -> Self {
        Self {
            round: RoundId(0),
            params,
            optimizer: OptimizerState::default(),
            carried: Vec::new(),
            scaling: None,
            abandoned_in_a_row: 0,
            unscored: None,
            barred: BTreeSet::new(),
            resting: BTreeSet::new(),
            clip_norm: None,
            noise_past: NoisePast::default(),
            last_asked: BTreeMap::new(),
            standings: Standings::default(),
        }
    }

    /// The same without noise that nobody else may know. Without it, noise goes on as at the beginning of
    /// a run, which costs no more.
    #[must_use]
    pub(crate) fn without_noise(mut self) -> Self {
        self.noise_past = NoisePast::default();
        self
    }

    /// The round to play next.
    #[must_use]
    pub fn round(&self) -> RoundId {
        self.round
    }

    /// The model, or all the run's models.
    #[must_use]
    pub fn params(&self) -> &Params {
        &self.params
    }

    /// What the sampler knows of nodes; empty where it does not learn.
    #[must_use]
    pub fn standings(&self) -> &Standings {
        &self.standings
    }

    /// What the hospitals agreed on, where the plan asks for federated scaling.
    #[must_use]
    pub fn scaling(&self) -> Option<&Arc<Scaling>> {
        self.scaling.as_ref()
    }
}
