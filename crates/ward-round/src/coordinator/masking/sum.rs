//! What a masked round comes to: the sums that were unmasked, combined as the strategy says, or why
//! there is none.

use std::collections::{BTreeMap, BTreeSet};

use ward_core::{Abandoned, Event, MaskingPhase, NodeId, Tick, Upload};
use ward_privacy::secagg::coordinator::Unmasked;
use ward_privacy::secagg::{Failure, Fault};

use super::super::phases::Closing;
use super::super::{Coordinator, Effect};
use super::Masked;

impl Coordinator {
    /// Takes a group out of the round. Where there is only one, giving the round up says as much.
    pub(super) fn lose(
        &mut self,
        masked: &Masked,
        group: &[NodeId],
        (phase, failure): (MaskingPhase, &Failure),
        effects: &mut Vec<Effect>,
    ) {
        let reason = self.blame(phase, failure);
        self.tell_lost(masked, group, reason, effects);
    }

    fn tell_lost(
        &self,
        masked: &Masked,
        group: &[NodeId],
        reason: Abandoned,
        effects: &mut Vec<Effect>,
    ) {
        if masked.grouped {
            effects.push(Effect::Emit(Event::GroupLost {
                round: self.state.round,
                group: group.to_vec(),
                reason,
            }));
        }
    }

    /// Gives a masked round up.
    pub(super) fn fail(
        &mut self,
        now: Tick,
        phase: MaskingPhase,
        silent: Vec<NodeId>,
        failure: &Failure,
        effects: &mut Vec<Effect>,
    ) {
        let reason = self.blame(phase, failure);
        self.abandon(now, silent, reason, effects);
    }

    /// What a failure is called in events. Whoever is to blame is not asked again.
    fn blame(&mut self, phase: MaskingPhase, failure: &Failure) -> Abandoned {
        match *failure {
            Failure::BelowThreshold { left, needed, .. }
            | Failure::TooFewShares {
                got: left, needed, ..
            } => Abandoned::BelowThreshold {
                phase,
                left: left as u32,
                needed: needed as u32,
            },
            Failure::Unopened(missing) => Abandoned::GraphNotDrawn { missing },
            Failure::Fault(Fault { node, .. }) => {
                self.state.barred.insert(node);
                Abandoned::NotUnmasked { culprit: node }
            }
            Failure::Sum(_) | Failure::Weight(_) => Abandoned::UnsoundSum,
            Failure::Cohort | Failure::OtherRoster | Failure::OtherGraph => Abandoned::NoMaskedSum,
        }
    }

    /// Combines the sums. Each is an upload that weighs as much as those in it together, under the name
    /// of its group's first member.
    pub(super) fn add_up(
        &mut self,
        now: Tick,
        mut masked: Masked,
        sums: Vec<(Vec<NodeId>, Unmasked)>,
        effects: &mut Vec<Effect>,
    ) {
        if self.strategy.sampler.learns() {
            let standings = &mut self.state.standings;
            standings.learn(&masked.cohort, &BTreeMap::new());
        }
        let mut reporters = BTreeSet::new();
        let (mut weights, mut losses) = (0.0, 0.0);
        for (group, sum) in sums {
            let upload = Upload {
                words: sum.words.into(),
                weight: sum.weight,
                loss: sum.loss,
            };
            let first = group.first().copied().unwrap_or(NodeId::COORDINATOR);
            if masked.accumulator.count(first, &upload).is_err() {
                // A mean is as long only where some update is, and nobody can see whose.
                self.tell_lost(&masked, &group, Abandoned::UnsoundSum, effects);
                continue;
            }
            reporters.extend(sum.survivors);
            weights += sum.weight as f64;
            losses += sum.weight as f64 * sum.loss;
        }
        // A group without a sum is silent, whatever its members answered.
        let silent = masked
            .cohort
            .iter()
            .filter(|node| !reporters.contains(node) && !masked.asked.declined.contains(node));
        let silent: Vec<NodeId> = silent.copied().collect();
        let noised = self.noise_on(masked.accumulator.as_mut());
        let aggregate = match noised.and_then(|()| masked.accumulator.finish()) {
            Ok(aggregate) if !reporters.is_empty() => aggregate,
            Ok(_) => return self.abandon(now, silent, Abandoned::UnsoundSum, effects),
            Err(reason) => return self.abandon(now, silent, reason, effects),
        };
        let closing = Closing {
            aggregate,
            reporters: reporters.into_iter().collect(),
            silent,
            loss: self.tells(losses / weights),
        };
        self.apply(now, closing, effects);
    }
}
