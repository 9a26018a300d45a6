//! [`RunView`]: what a run looks like now, folded from its events.
//!
//! The terminal, the page and the report are all readings of this fold. It never looks at a
//! clock and never fails: an event about a node or a round it has not heard of makes that node or
//! round known.

mod ledger;
mod masking;
mod privacy;
mod round;

use std::collections::BTreeMap;

use ward_core::sighting::Sighting;
use ward_core::{
    Digest, Estimate, Evaluation, Event, NodeId, NodeInfo, Outcome, PrivacyTerms, Record, RoundId,
    Tick,
};

use crate::text;

pub use ledger::{Audit, ByKind, NodeLedger, Traffic};
pub use masking::{Lost, MaskingView};
pub use round::{RefusedReport, RoundView, Standing};

/// The tier of a node that no roster names.
pub const UNKNOWN_TIER: &str = "unknown";

/// Everything that a run's events tell, so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RunView {
    /// Everyone enrolled.
    pub nodes: BTreeMap<NodeId, NodeView>,
    /// Rounds of the plan.
    pub rounds_planned: u32,
    /// Parameters of the model.
    pub parameters: u64,
    /// How often the run was started: 1, and one more for each resume.
    pub starts: u32,
    /// Who misbehaves in this simulation; `None` where all are honest.
    pub adversaries: Option<AdversaryView>,
    /// On what terms updates are noised; `None` where they are not.
    pub privacy: Option<PrivacyTerms>,
    /// The sums for federated scaling: hospitals and rows.
    pub scaling: Option<(u32, u64)>,
    /// The rounds, first to last. A resumed run plays the rounds after its checkpoint again;
    /// only the last playing of each is here.
    pub rounds: Vec<RoundView>,
    /// Reports refused or declined while their round was not there: before it opened, or after
    /// the last one had closed.
    pub strays: Vec<Stray>,
    /// The round to go on with, as last saved.
    pub checkpoint: Option<RoundId>,
    /// How it ended; `None` while it runs and after a crash.
    pub finished: Option<Finished>,
    /// One hospital's update beside what the coordinator saw of it, where a simulation told both.
    pub sighting: Option<(RoundId, NodeId, Sighting)>,
    /// When the last thing happened.
    pub now: Tick,
}

/// One node, as its events tell.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeView {
    /// Its id, name and tier.
    pub info: NodeInfo,
    /// Whether it is there now.
    pub present: bool,
    /// When it came and went: `None` is a joining, a text is the cause of a loss.
    pub comings: Vec<(Tick, Option<String>)>,
    /// What left it and what reached it.
    pub ledger: NodeLedger,
    /// What the search for its rows found.
    pub audit: Option<Audit>,
    /// Its newest scores and the round that made their model.
    pub evaluation: Option<(RoundId, Evaluation)>,
}

/// The hospitals of a simulation that misbehave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdversaryView {
    /// Which ones, in the order of the roster.
    pub nodes: Vec<NodeId>,
    /// What they do: `sign-flip (scale 5)`.
    pub attack: String,
    /// The first round in which they do it.
    pub from_round: RoundId,
}

/// A report that was not counted, outside any open round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    /// From whom.
    pub node: NodeId,
    /// Why it was not counted.
    pub reason: String,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// Rounds played, abandoned ones included.
    pub rounds: u32,
    /// How.
    pub outcome: Outcome,
    /// The final model.
    pub model_digest: Digest,
}

impl RunView {
    /// The view of a whole story.
    #[must_use]
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut view = Self::default();
        records.into_iter().for_each(|record| view.apply(record));
        view
    }

    /// Takes in one more thing that happened.
    pub fn apply(&mut self, record: &Record) {
        self.now = self.now.max(record.at);
        match &record.event {
            Event::RunStarted {
                round,
                rounds,
                nodes,
                parameters,
            } => {
                self.starts += 1;
                self.rounds_planned = *rounds;
                self.parameters = *parameters;
                self.finished = None;
                self.rounds.retain(|played| played.round < *round);
                for info in nodes {
                    self.node(info.node).info = info.clone();
                }
            }
            Event::AdversariesNamed {
                nodes,
                attack,
                from_round,
            } => {
                self.adversaries = Some(AdversaryView {
                    nodes: sorted(nodes),
                    attack: attack.clone(),
                    from_round: *from_round,
                });
            }
            Event::PrivacyPromised { terms } => self.privacy = Some(terms.clone()),
            Event::NodeJoined { node } => {
                let view = self.node(*node);
                view.present = true;
                view.comings.push((record.at, None));
            }
            Event::NodeLost { node, reason } => {
                let view = self.node(*node);
                view.present = false;
                view.comings.push((record.at, Some(reason.clone())));
            }
            Event::ScalingAgreed { reporters, rows } => self.scaling = Some((*reporters, *rows)),
            Event::RoundOpened {
                round,
                cohort,
                quorum,
                deadline,
            } => {
                let view = self.round(*round);
                *view = RoundView::new(*round);
                view.opened = record.at;
                view.cohort = sorted(cohort);
                view.quorum = *quorum;
                view.deadline = *deadline;
            }
            Event::ReportAccepted { round, node, .. } => {
                self.round(*round).heard.insert(*node);
            }
            Event::ReportRefused {
                round,
                node,
                refusal,
            } => {
                let refused = RefusedReport {
                    node: *node,
                    refusal: refusal.clone(),
                };
                match self.known_round(*round) {
                    Some(view) => view.refused.push(refused),
                    None => self.stray(*node, format!("refused, {refusal}")),
                }
            }
            Event::ReportDeclined {
                round,
                node,
                reason,
                ..
            } => match self.known_round(*round) {
                Some(view) => view.declined.push((*node, reason.clone())),
                None => self.stray(*node, format!("declined, {reason}")),
            },
            Event::ClipNormMoved {
                round,
                norm,
                within,
                ..
            } => self.round(*round).clip = Some((*norm, *within)),
            Event::GroupsDealt { round, groups } => self.round(*round).groups.clone_from(groups),
            Event::GroupLost {
                round,
                group,
                reason,
            } => {
                let lost = (group.clone(), *reason);
                self.round(*round).groups_lost.push(lost);
            }
            Event::UpdateSighted {
                round,
                node,
                sighting,
            } => self.sighting = Some((*round, *node, sighting.clone())),
            Event::MaskingPhaseClosed {
                round,
                phase,
                answered,
                silent,
            } => {
                let (answered, silent) = (sorted(answered), sorted(silent));
                let view = self.round(*round);
                view.close_masking(*phase, record.at, answered, silent);
            }
            Event::RoundClosed {
                round,
                reporters,
                silent,
                loss,
                update_norm,
                ..
            } => {
                let view = self.round(*round);
                view.reporters = sorted(reporters);
                view.heard.clear();
                view.silent = sorted(silent);
                view.loss = *loss;
                view.update_norm = Some(*update_norm);
                view.closed = Some(record.at);
            }
            Event::RoundAbandoned {
                round,
                silent,
                reason,
            } => {
                let view = self.round(*round);
                view.silent = sorted(silent);
                view.reporters = std::mem::take(&mut view.heard).into_iter().collect();
                view.abandoned = Some(*reason);
                view.closed = Some(record.at);
            }
            Event::Evaluated {
                round,
                node,
                evaluation,
            } => self.node(*node).evaluation = Some((*round, evaluation.clone())),
            Event::EvaluationClosed {
                round,
                evaluation,
                silent,
            } => {
                let by_tier = self.evaluation_by_tier(*round);
                let view = self.round(*round);
                view.evaluation = Some(evaluation.clone());
                view.evaluation_by_tier = by_tier;
                view.evaluation_silent = sorted(silent);
            }
            Event::InstructionSent { node, kind, bytes } => {
                self.node(*node).ledger.received.add(kind, *bytes, 0);
                if let Some(round) = self.rounds.last_mut() {
                    round.bytes_down = round.bytes_down.saturating_add(*bytes);
                }
            }
            Event::ReportReceived {
                node,
                kind,
                bytes,
                tensors,
            } => {
                let tensors = u64::from(*tensors);
                self.node(*node).ledger.sent.add(kind, *bytes, tensors);
                if let Some(round) = self.rounds.last_mut() {
                    round.bytes_up = round.bytes_up.saturating_add(*bytes);
                }
            }
            Event::EgressAudited {
                node,
                messages,
                bytes,
                rows,
                found,
            } => {
                let later = Audit {
                    messages: *messages,
                    bytes: *bytes,
                    rows: *rows,
                    found: *found,
                };
                let view = self.node(*node);
                view.audit = Some(view.audit.unwrap_or_default().and(later));
            }
            Event::Checkpointed { round } => self.checkpoint = Some(*round),
            Event::RunFinished {
                rounds,
                outcome,
                model_digest,
            } => {
                self.finished = Some(Finished {
                    rounds: *rounds,
                    outcome: *outcome,
                    model_digest: *model_digest,
                });
            }
        }
    }

    /// The tiers, in the order in which the roster first names them.
    #[must_use]
    pub fn tiers(&self) -> Vec<String> {
        let mut tiers: Vec<String> = Vec::new();
        for node in self.nodes.values() {
            if !tiers.contains(&node.info.tier) {
                tiers.push(node.info.tier.clone());
            }
        }
        tiers
    }

    /// The name of a node; its id where nobody named it.
    #[must_use]
    pub fn name(&self, node: NodeId) -> String {
        self.nodes
            .get(&node)
            .map_or_else(|| node.to_string(), |view| view.info.name.clone())
    }

    /// Who misbehaves, in a sentence without its end: `4 of 21 hospitals misbehave from round 1 on:
    /// sign-flip (scale 5)`.
    #[must_use]
    pub fn misconduct(&self) -> Option<String> {
        let AdversaryView {
            nodes,
            attack,
            from_round,
        } = self.adversaries.as_ref()?;
        let few = nodes.len() as u64;
        let all = text::things(self.nodes.len() as u64, "hospital", "hospitals");
        let verb = if few == 1 { "misbehaves" } else { "misbehave" };
        let first = u64::from(from_round.0) + 1;
        let few = text::count(few);
        Some(format!(
            "{few} of {all} {verb} from round {first} on: {attack}"
        ))
    }

    /// Whether a node misbehaves, or is going to.
    #[must_use]
    pub fn is_adversary(&self, node: NodeId) -> bool {
        let adversaries = self.adversaries.as_ref();
        adversaries.is_some_and(|a| a.nodes.binary_search(&node).is_ok())
    }

    /// Mean training loss by round; abandoned rounds are left out.
    #[must_use]
    pub fn loss_curve(&self) -> Vec<(RoundId, f64)> {
        let losses = self.rounds.iter();
        losses.filter_map(|r| Some((r.round, r.loss?))).collect()
    }

    /// One metric of the evaluated rounds: of everybody, or of one tier.
    #[must_use]
    pub fn curve(&self, tier: Option<&str>, metric: &str) -> Vec<(RoundId, Estimate)> {
        self.rounds
            .iter()
            .filter_map(|round| {
                let evaluation = match tier {
                    None => round.evaluation.as_ref(),
                    Some(tier) => round.evaluation_by_tier.get(tier),
                };
                Some((round.round, *evaluation?.get(metric)?))
            })
            .collect()
    }

    /// The names of all metrics that were ever scored.
    #[must_use]
    pub fn metrics(&self) -> Vec<String> {
        let evaluations = self.rounds.iter().filter_map(|r| r.evaluation.as_ref());
        let names: std::collections::BTreeSet<_> =
            evaluations.flat_map(|e| e.0.keys().cloned()).collect();
        names.into_iter().collect()
    }

    /// The metric to show while it runs: `auc`, else `accuracy`, else the first there is.
    #[must_use]
    pub fn main_metric(&self) -> Option<String> {
        use ward_core::metric::name::{ACCURACY, AUC};
        let names = self.metrics();
        let wanted = [AUC, ACCURACY].into_iter();
        wanted
            .map(str::to_owned)
            .find(|name| names.contains(name))
            .or_else(|| names.first().cloned())
    }

    /// All that left all hospitals.
    #[must_use]
    pub fn sent(&self) -> Traffic {
        let nodes = self.nodes.values();
        nodes.map(|node| node.ledger.sent.total()).sum()
    }

    /// All that reached all hospitals.
    #[must_use]
    pub fn received(&self) -> Traffic {
        let nodes = self.nodes.values();
        nodes.map(|node| node.ledger.received.total()).sum()
    }

    /// All audits as one, and how many hospitals they cover.
    #[must_use]
    pub fn audit(&self) -> (Audit, usize) {
        let audits: Vec<_> = self.nodes.values().filter_map(|n| n.audit).collect();
        let all = audits.iter().copied().reduce(Audit::with);
        (all.unwrap_or_default(), audits.len())
    }

    /// The newest scores of each tier's hospitals, combined in the order of the roster.
    fn evaluation_by_tier(&self, round: RoundId) -> BTreeMap<String, Evaluation> {
        let mut parts: BTreeMap<&str, Vec<&Evaluation>> = BTreeMap::new();
        for node in self.nodes.values() {
            if let Some((of, evaluation)) = &node.evaluation
                && *of == round
            {
                parts.entry(&node.info.tier).or_default().push(evaluation);
            }
        }
        parts
            .into_iter()
            .map(|(tier, parts)| (tier.to_owned(), Evaluation::combine(parts)))
            .collect()
    }

    fn node(&mut self, node: NodeId) -> &mut NodeView {
        self.nodes.entry(node).or_insert_with(|| NodeView {
            info: NodeInfo {
                node,
                name: node.to_string(),
                tier: UNKNOWN_TIER.to_owned(),
                ..NodeInfo::default()
            },
            present: false,
            comings: Vec::new(),
            ledger: NodeLedger::default(),
            audit: None,
            evaluation: None,
        })
    }

    fn known_round(&mut self, round: RoundId) -> Option<&mut RoundView> {
        let place = self.rounds.binary_search_by_key(&round, |r| r.round);
        place.ok().map(|place| &mut self.rounds[place])
    }

    fn stray(&mut self, node: NodeId, reason: String) {
        self.strays.push(Stray { node, reason });
    }

    fn round(&mut self, round: RoundId) -> &mut RoundView {
        let place = match self.rounds.binary_search_by_key(&round, |r| r.round) {
            Ok(place) => place,
            Err(place) => {
                self.rounds.insert(place, RoundView::new(round));
                place
            }
        };
        &mut self.rounds[place]
    }
}

fn sorted(nodes: &[NodeId]) -> Vec<NodeId> {
    let mut nodes = nodes.to_vec();
    nodes.sort_unstable();
    nodes
}

#[cfg(test)]
mod tests;
