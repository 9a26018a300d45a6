//! The checked settings of a run. Nothing downstream checks them again.

use std::sync::Arc;

use ward_core::{MaskSuite, NodeId, NodeInfo, PrivacyTerms, Schedule, Seed, TrainOrder, WordWidth};
use ward_privacy::NoiseSource;
use ward_privacy::dp::clipping::AdaptiveClip;
use ward_privacy::secagg::Roster;

use crate::strategy::RegionOf;

/// Everything the engine needs to know before round 0.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How many rounds to play, abandoned ones included; at least 1.
    pub rounds: u32,
    /// Everyone enrolled; ids are dense from 0.
    pub roster: Vec<NodeInfo>,
    /// The root of the run's random choices.
    pub seed: Seed,
    /// How nodes are to train. Its `scaling` and the learning rate of each round are filled in by the
    /// engine.
    pub order: TrainOrder,
    /// How the order's learning rate changes from round to round; above 0 in each.
    pub schedule: Schedule,
    /// Whether hospitals first agree on means and deviations (sums only).
    pub federated_scaling: bool,
    /// Features in one row: what a [`ward_core::Summary`] must have.
    pub features: usize,
    /// Parameters of a model.
    pub parameters: usize,
    /// By node, which of the run's models it is sent, where each region has one; `None` where all are
    /// sent the same.
    pub region_of: Option<RegionOf>,
    /// The share of the reports aimed at that is enough at the deadline, above 0 to 1.
    pub quorum: f64,
    /// Milliseconds a phase may last.
    pub deadline_ms: u64,
    /// Milliseconds to wait for nodes before the first round.
    pub join_deadline_ms: u64,
    /// How many more nodes to ask than reports are needed; 1 or more.
    pub over_selection: f64,
    /// Rounds in a row that may be abandoned before the run gives up.
    pub most_abandoned: u32,
    /// Score the model on hospitals' test rows every so many rounds, and after the last;
    /// 0 is never.
    pub evaluate_every: u32,
    /// Save the state every so many rounds, and at the end; 0 is only at the end.
    pub checkpoint_every: u32,
    /// Whether the run ends with the first hospital that will train no more, because its rules or its
    /// privacy budget forbid it; otherwise it goes on without.
    pub rests_with_first: bool,
    /// How the order's clip norm follows the norms of updates; `None` where it stays.
    pub clipping: Option<AdaptiveClip>,
    /// What noised updates cost, for those who watch; `None` where nothing is noised.
    pub privacy: Option<PrivacyTerms>,
    /// Where noise comes from that the coordinator adds.
    pub noise: NoiseSource,
    /// How updates are hidden in their sum; `None` where the coordinator sees each.
    pub masking: Option<Masking>,
}

/// How updates are hidden in their sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Masking {
    /// What masks are expanded with.
    pub suite: MaskSuite,
    /// How wide masked words are.
    pub width: WordWidth,
    /// Higher at each start of a coordinator, which cannot know which of the run's rounds an earlier
    /// one had begun: hospitals give keys once for each.
    pub attempt: u32,
    /// The fewest updates that a sum may hold.
    pub min_survivors: u32,
    /// The groups that a cohort is dealt into, each with a sum of its own; 1 is one sum over all.
    pub groups: usize,
    /// Everybody's keys.
    pub roster: Arc<Roster>,
}

/// A plan that cannot work.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// Nothing to play.
    #[error("a run needs at least one round")]
    NoRounds,
    /// Nobody to play with.
    #[error("a run needs at least one node")]
    NoNodes,
    /// Ids must be 0, 1, 2, ... and names unique.
    #[error("node {0} of the roster has another id or a name that is already taken")]
    Roster(usize),
    /// Not a share.
    #[error("the quorum is a share above 0 and up to 1, not {0}")]
    Quorum(f64),
    /// Asking fewer than needed.
    #[error("over-selection is a ratio of 1 or more, not {0}")]
    OverSelection(f64),
    /// Phases that end before they begin.
    #[error("the {0} deadline must be longer than 0")]
    Deadline(&'static str),
    /// A sum could wrap.
    #[error(
        "the sum of updates may overflow: total weight {total_weight} x range {range} x \
         2^{fraction_bits} is not below 2^{limit}; lower ring.fraction_bits, ring.range or \
         round.most_weight"
    )]
    Headroom {
        /// The most that the weights of one round can add up to.
        total_weight: u64,
        /// The ring's range.
        range: f32,
        /// The ring's resolution.
        fraction_bits: u32,
        /// The power of two at which a word wraps.
        limit: u32,
    },
}

impl Plan {
    /// The id of every enrolled node.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.roster.iter().map(|info| info.node)
    }

    /// Whether a node is enrolled.
    #[must_use]
    pub fn enrols(&self, node: NodeId) -> bool {
        (node.0 as usize) < self.roster.len()
    }

    /// Numbers of all the run's models.
    #[must_use]
    pub fn models_len(&self) -> usize {
        let regions = self.region_of.as_ref();
        let last = regions.and_then(|regions| regions.iter().max());
        match last {
            Some(last) => (last + 1).saturating_mul(self.parameters),
            None => self.order.algorithm.models_len(self.parameters),
        }
    }

    /// Numbers of the models that an instruction to score carries.
    #[must_use]
    pub fn scored_len(&self) -> usize {
        self.order.algorithm.models_len(self.parameters)
    }

    /// Numbers that an upload must have: those of the models, the algorithm's extras and the bits of the
    /// protection.
    #[must_use]
    pub fn upload_len(&self) -> usize {
        self.order.upload_len(self.parameters)
    }

    /// How wide the words are in which uploads travel.
    #[must_use]
    pub fn width(&self) -> WordWidth {
        let masking = self.masking.as_ref();
        masking.map_or(WordWidth::Wide, |masking| masking.width)
    }

    /// Words that an upload travels in: under masks, weight and weighted loss are two more.
    #[must_use]
    pub fn words_sent(&self) -> usize {
        self.upload_len() + if self.masking.is_some() { 2 } else { 0 }
    }

    /// Numbers that an instruction to train carries, likewise.
    #[must_use]
    pub fn instruction_len(&self) -> usize {
        self.order.algorithm.instruction_len(self.parameters)
    }

    /// Reports needed at the deadline when `target` are aimed at.
    #[must_use]
    pub fn quorum_of(&self, target: usize) -> usize {
        ((self.quorum * target as f64).ceil() as usize).clamp(1, target.max(1))
    }

    /// Everything that is wrong with the plan; `largest_cohort` is the most nodes that one round
    /// can ask.
    #[must_use]
    pub fn check(&self, largest_cohort: usize) -> Vec<PlanError> {
        let mut errors = Vec::new();
        if self.rounds == 0 {
            errors.push(PlanError::NoRounds);
        }
        if self.roster.is_empty() {
            errors.push(PlanError::NoNodes);
        }
        let mut names = std::collections::BTreeSet::new();
        errors.extend(self.roster.iter().enumerate().find_map(|(i, info)| {
            (info.node.0 as usize != i || !names.insert(&info.name)).then_some(PlanError::Roster(i))
        }));
        if !(self.quorum > 0.0 && self.quorum <= 1.0) {
            errors.push(PlanError::Quorum(self.quorum));
        }
        if !(self.over_selection >= 1.0 && self.over_selection.is_finite()) {
            errors.push(PlanError::OverSelection(self.over_selection));
        }
        if self.deadline_ms == 0 {
            errors.push(PlanError::Deadline("round"));
        }
        if self.join_deadline_ms == 0 {
            errors.push(PlanError::Deadline("join"));
        }
        let ring = self.order.ring;
        let total_weight = self.most_weight().saturating_mul(largest_cohort as u64);
        if !ward_privacy::ring::fits(&ring, total_weight, self.width()) {
            errors.push(PlanError::Headroom {
                limit: self.width().bits() - 1,
                total_weight,
                range: ring.range,
                fraction_bits: ring.fraction_bits,
            });
        }
        errors
    }

    /// The most that one update can count.
    fn most_weight(&self) -> u64 {
        match self.order.weighting {
            ward_core::Weighting::Examples => self.order.ring.most_weight,
            ward_core::Weighting::Uniform => 1,
        }
    }
}
