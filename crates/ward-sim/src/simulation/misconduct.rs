//! Adversaries at work: which jobs are carried out how, and in which order colluders see them.
//!
//! A colluder's job waits until all honest jobs of its round are done. Honest updates are kept from
//! then until the colluders' plot is made, and only in rounds that have colluders: bounded by the
//! cohort, and nothing where all are honest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ward_core::{Event, LocalUpdate, NodeId, Report, RoundId};
use ward_round::NodeEffect;

use super::{Observer, Simulation, SimulationError, Work};
use crate::adversary::{Adversaries, Conduct, Plot};

/// What adversaries know and are about.
pub(super) struct Misconduct {
    adversaries: Arc<Adversaries>,
    /// Honest updates of rounds whose plot is not yet made, in the order of the roster.
    seen: BTreeMap<RoundId, BTreeMap<NodeId, LocalUpdate>>,
    /// Plots that some colluders have still to act on; `None` where nothing was seen.
    plots: BTreeMap<RoundId, Option<Arc<Plot>>>,
    /// Adversaries whose ward was last opened with poisoned rows.
    turned: BTreeSet<NodeId>,
}

impl Misconduct {
    pub(super) fn new(adversaries: Adversaries) -> Self {
        Self {
            adversaries: Arc::new(adversaries),
            seen: BTreeMap::new(),
            plots: BTreeMap::new(),
            turned: BTreeSet::new(),
        }
    }

    /// Whether this job of `node` is forged from what others send.
    fn colludes(&self, node: NodeId, (kind, round): Work) -> bool {
        kind == "train"
            && self.adversaries.attack.colludes()
            && self.adversaries.attacks(node, round)
    }
}

impl Simulation<'_> {
    /// Tells who misbehaves.
    pub(super) fn name_adversaries(
        &self,
        observer: &mut dyn Observer,
    ) -> Result<(), SimulationError> {
        let Some(misconduct) = &self.misconduct else {
            return Ok(());
        };
        let adversaries = &misconduct.adversaries;
        let named = Event::AdversariesNamed {
            nodes: adversaries.nodes.iter().copied().collect(),
            attack: adversaries.attack.to_string(),
            from_round: adversaries.from_round,
        };
        self.emit(named, observer)
    }

    /// Milliseconds by which `node` holds `report` up on purpose: its updates, and nothing else.
    pub(super) fn misconduct_delay_ms(&self, node: NodeId, report: &Report) -> u64 {
        let Report::Upload { round, .. } = report else {
            return 0;
        };
        let adversaries = self.misconduct.as_ref().map(|m| &m.adversaries);
        adversaries
            .filter(|adversaries| adversaries.attacks(node, *round))
            .map_or(0, |adversaries| adversaries.attack.late_by_ms())
    }

    /// Whether this outstanding job is a colluder's.
    pub(super) fn colludes(&self, (node, work): (NodeId, Work)) -> bool {
        let misconduct = self.misconduct.as_ref();
        misconduct.is_some_and(|misconduct| misconduct.colludes(node, work))
    }

    /// Honest work that is outstanding and that colluders wait to see.
    pub(super) fn unseen(&self) -> BTreeSet<Work> {
        match &self.misconduct {
            Some(misconduct) if misconduct.adversaries.attack.colludes() => self
                .outstanding
                .keys()
                .filter(|(node, work)| work.0 == "train" && !misconduct.colludes(*node, *work))
                .map(|(_, work)| *work)
                .collect(),
            _ => BTreeSet::new(),
        }
    }

    /// An honest job that must be done before the colluder's job `key`, if there is one.
    pub(super) fn to_be_seen_before(&self, key: (NodeId, Work)) -> Option<(NodeId, Work)> {
        if !self.colludes(key) || !self.outstanding.contains_key(&key) {
            return None;
        }
        let mut others = self.outstanding.keys();
        others
            .find(|other| other.1 == key.1 && !self.colludes(**other))
            .copied()
    }

    /// Whether colluders of `round` are outstanding.
    fn has_colluders(&self, misconduct: &Misconduct, round: RoundId) -> bool {
        let nodes = &misconduct.adversaries.nodes;
        let work = ("train", round);
        nodes.iter().any(|&node| {
            misconduct.colludes(node, work) && self.outstanding.contains_key(&(node, work))
        })
    }

    /// How the outstanding job `key` is to be carried out.
    pub(super) fn conduct(&mut self, key: (NodeId, Work)) -> Conduct {
        let (node, work) = key;
        let Some(misconduct) = &self.misconduct else {
            return Conduct::Honest;
        };
        let adversaries = misconduct.adversaries.clone();
        if self.colludes(key) {
            let plot = self.plot(work);
            return Conduct::Colluding(adversaries, plot);
        }
        if adversaries.attacks(node, work.1) {
            return Conduct::Alone(adversaries);
        }
        if work.0 == "train" && self.has_colluders(misconduct, work.1) {
            return Conduct::Seen;
        }
        Conduct::Honest
    }

    /// What the colluders of this work agree on: made when the first of them acts, and forgotten
    /// with the last.
    fn plot(&mut self, work: Work) -> Option<Arc<Plot>> {
        let cohort = self.outstanding.keys().filter(|key| key.1 == work);
        let left = cohort.filter(|key| self.colludes(**key)).count();
        let ring = self.outstanding.iter().find_map(|(key, job)| match job {
            NodeEffect::Train { order, .. } if key.1 == work => Some(order.ring),
            _ => None,
        });
        let misconduct = self.misconduct.as_mut()?;
        let plot = misconduct.plots.remove(&work.1).or_else(|| {
            let seen = misconduct.seen.remove(&work.1).unwrap_or_default();
            let seen: Vec<LocalUpdate> = seen.into_values().collect();
            let Adversaries { attack, rule, .. } = misconduct.adversaries.as_ref();
            Some(Plot::hatch(attack, &seen, left, rule.as_ref(), &ring?).map(Arc::new))
        })?;
        if left > 1 {
            misconduct.plots.insert(work.1, plot.clone());
        }
        plot
    }

    /// Whether the ward that is open for this job has other rows than it needs, honest ones or
    /// poisoned ones.
    pub(super) fn turns(&mut self, (node, work): (NodeId, Work)) -> bool {
        let Some(misconduct) = &mut self.misconduct else {
            return false;
        };
        let adversaries = &misconduct.adversaries;
        let poisons = adversaries.attack.poison().is_some() && adversaries.attacks(node, work.1);
        let poisoned = if poisons {
            !misconduct.turned.insert(node)
        } else {
            misconduct.turned.remove(&node)
        };
        poisons != poisoned
    }

    /// Shows colluders an honest update.
    pub(super) fn see(&mut self, node: NodeId, (_, round): Work, update: LocalUpdate) {
        if let Some(misconduct) = &mut self.misconduct {
            misconduct
                .seen
                .entry(round)
                .or_default()
                .insert(node, update);
        }
    }
}
