//! Adversaries at work: which jobs are carried out how, and in which order colluders see them.
//!
//! A colluder's job waits until all honest jobs of its round are done. Honest updates are kept from
//! then until the colluders' plot is made, and only in rounds that have colluders: bounded by the
//! cohort, and nothing where all are honest.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ward_core::{LocalUpdate, NodeId, Report, RoundId};
use ward_round::NodeEffect;

use super::Work;
use crate::adversary::{Adversaries, Conduct, Plot};

/// What adversaries know and are about.
pub(crate) struct Misconduct {
    adversaries: Arc<Adversaries>,
    /// Rounds of which some training is still to be done, where there is collusion.
    rounds: BTreeMap<RoundId, Round>,
    /// Adversaries whose ward was last opened with poisoned rows.
    turned: BTreeSet<NodeId>,
}

/// A round's training, as colluders see it.
#[derive(Default)]
struct Round {
    /// Honest hospitals that are not done.
    honest: BTreeSet<NodeId>,
    /// Colluders that have not begun.
    colluders: BTreeSet<NodeId>,
    /// Honest updates, in the order of the roster, until the plot is made.
    seen: BTreeMap<NodeId, LocalUpdate>,
    /// What is agreed on, once it is; nothing where nothing was seen.
    plot: Option<Option<Arc<Plot>>>,
}

impl Misconduct {
    pub(crate) fn new(adversaries: Adversaries) -> Self {
        Self {
            adversaries: Arc::new(adversaries),
            rounds: BTreeMap::new(),
            turned: BTreeSet::new(),
        }
    }

    /// Who misbehaves, and how.
    pub(crate) fn adversaries(&self) -> &Adversaries {
        &self.adversaries
    }

    /// Milliseconds by which `node` holds `report` up on purpose: its updates, and nothing else.
    pub(crate) fn delay_ms(&self, node: NodeId, report: &Report) -> u64 {
        if report.has_words() && self.adversaries.attacks(node, report.round()) {
            return self.adversaries.attack.late_by_ms();
        }
        0
    }

    /// Whether some jobs are forged from what others send.
    pub(super) fn colludes(&self) -> bool {
        self.adversaries.attack.colludes()
    }

    /// Notes a job that is to be done.
    pub(super) fn expect(&mut self, node: NodeId, (kind, number): Work) {
        if kind == "train" && self.colludes() {
            let attacks = self.adversaries.attacks(node, number);
            let round = self.rounds.entry(number).or_default();
            let side = match attacks {
                true => &mut round.colluders,
                false => &mut round.honest,
            };
            side.insert(node);
        }
    }

    /// An honest hospital that must be done before this job may begin, if there is one.
    pub(super) fn to_be_seen_before(&self, node: NodeId, (kind, number): Work) -> Option<NodeId> {
        let round = self.rounds.get(&number).filter(|_| kind == "train")?;
        let colludes = round.colluders.contains(&node);
        colludes.then(|| round.honest.first().copied())?
    }

    /// How `job` is to be carried out, which now begins.
    pub(super) fn conduct(&mut self, node: NodeId, job: &NodeEffect) -> Conduct {
        let Some((kind, number)) = job.work() else {
            return Conduct::Honest;
        };
        let adversaries = self.adversaries.clone();
        let attacks = adversaries.attacks(node, number);
        let round = self.rounds.get_mut(&number).filter(|_| kind == "train");
        match (attacks, round) {
            (true, Some(round)) => {
                let plot = round.plot(&adversaries, job);
                round.colluders.remove(&node);
                self.forget_if_over(number);
                Conduct::Colluding(adversaries, plot)
            }
            (true, None) => Conduct::Alone(adversaries),
            (false, Some(round)) if !round.colluders.is_empty() => Conduct::Seen,
            (false, _) => Conduct::Honest,
        }
    }

    /// Whether the ward that is open for this job has other rows than it needs, honest ones or
    /// poisoned ones.
    pub(super) fn turns(&mut self, node: NodeId, (_, round): Work) -> bool {
        let adversaries = &self.adversaries;
        let poisons = adversaries.attack.poison().is_some() && adversaries.attacks(node, round);
        let poisoned = if poisons {
            !self.turned.insert(node)
        } else {
            self.turned.remove(&node)
        };
        poisons != poisoned
    }

    /// Notes that a job is done, and shows colluders its update. Answers with those that waited for
    /// it, the last of all, and may begin.
    pub(super) fn done(
        &mut self,
        node: NodeId,
        (kind, number): Work,
        seen: Option<LocalUpdate>,
    ) -> Vec<NodeId> {
        let Some(round) = self.rounds.get_mut(&number).filter(|_| kind == "train") else {
            return Vec::new();
        };
        round.seen.extend(seen.map(|update| (node, update)));
        if !round.honest.remove(&node) || !round.honest.is_empty() {
            return Vec::new();
        }
        let free = round.colluders.iter().copied().collect();
        self.forget_if_over(number);
        free
    }

    fn forget_if_over(&mut self, number: RoundId) {
        let over = |round: &Round| round.honest.is_empty() && round.colluders.is_empty();
        if self.rounds.get(&number).is_some_and(over) {
            self.rounds.remove(&number);
        }
    }
}

impl Round {
    /// What its colluders agree on, made when the first of them acts.
    fn plot(&mut self, adversaries: &Adversaries, job: &NodeEffect) -> Option<Arc<Plot>> {
        let Self {
            colluders,
            seen,
            plot,
            ..
        } = self;
        let hatch = || {
            let NodeEffect::Train { order, .. } = job else {
                return None;
            };
            let seen: Vec<LocalUpdate> = std::mem::take(seen).into_values().collect();
            let Adversaries { attack, rule, .. } = adversaries;
            Plot::hatch(attack, &seen, colluders.len(), rule.as_ref(), &order.ring).map(Arc::new)
        };
        plot.get_or_insert_with(hatch).clone()
    }
}
