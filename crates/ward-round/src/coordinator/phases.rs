//! How phases begin and end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ward_core::{
    Abandoned, Address, Delta, Evaluation, Event, Instruction, NodeId, Outcome, Params, Protection,
    RoundId, Summary, Tick, TrainOrder,
};

use ward_privacy::seal::noise_on_sum;

use super::{Coordinator, Effect};
use crate::phase::{Asked, Collecting, Enrolling, Evaluating, Phase, Summing};
use crate::sent::Sent;
use crate::strategy::{Accumulator, Move, Opening};
use crate::{Plan, RunState};

/// What a round came to.
pub(super) struct Closing {
    /// The aggregate of updates and extras.
    pub(super) aggregate: Delta,
    /// Whose updates are in it.
    pub(super) reporters: Vec<NodeId>,
    /// Who was asked and neither answered nor declined.
    pub(super) silent: Vec<NodeId>,
    /// The mean loss, weighted, where it is told.
    pub(super) loss: Option<f64>,
}

impl Coordinator {
    /// Waits for nodes, or goes on at once when they are there.
    pub(super) fn enrol(&mut self, now: Tick, enrolling: Enrolling, effects: &mut Vec<Effect>) {
        effects.push(Effect::WakeAt(enrolling.deadline));
        self.phase = Phase::Enrolling(enrolling);
        self.try_begin(now, effects);
    }

    /// Leaves `Enrolling` when enough nodes are there.
    pub(super) fn try_begin(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        let Phase::Enrolling(enrolling) = &self.phase else {
            return;
        };
        let due = now >= enrolling.deadline;
        if enrolling.everybody && !due && self.present.len() < self.plan.roster.len() {
            return;
        }
        let present = self.candidates().len();
        if present >= enrolling.enough {
            if self.state.round.0 >= self.plan.rounds {
                self.complete(now, effects);
            } else if self.plan.federated_scaling && self.state.scaling.is_none() {
                self.open_summing(now, effects);
            } else {
                self.open_round(now, effects);
            }
        } else if due {
            let reason = Abandoned::TooFewNodes {
                present: present as u32,
                needed: enrolling.enough as u32,
            };
            self.abandon(now, Vec::new(), reason, effects);
        }
    }

    fn open_summing(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        let round = self.state.round;
        let sampler = &self.strategy.sampler;
        let gives = |node: &NodeId| sampler.sums_rows_of(*node);
        let cohort: BTreeSet<NodeId> = self.present.iter().copied().filter(gives).collect();
        let quorum = cohort.len();
        let asked = self.ask(now, cohort, quorum, effects);
        for &to in &asked.cohort {
            effects.push(Effect::Send {
                to,
                instruction: Instruction::Summarise { round },
            });
        }
        self.phase = Phase::Summing(Summing {
            asked,
            answers: BTreeMap::new(),
        });
    }

    /// Ends `Summing`: the scaling is agreed, or the attempt is given up.
    pub(super) fn close_summing(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        let Phase::Summing(phase) = std::mem::replace(&mut self.phase, Phase::Resting) else {
            return;
        };
        let reports = phase.answers.len();
        if reports < phase.asked.quorum {
            let silent = phase.asked.silent(&phase.answers);
            let quorum = phase.asked.quorum as u32;
            let reason = Abandoned::QuorumMissed {
                reports: reports as u32,
                quorum,
            };
            return self.abandon(now, silent, reason, effects);
        }
        if self.strategy.sampler.learns() {
            for (node, summary) in &phase.answers {
                self.state.standings.learn_rows(*node, summary.rows);
            }
        }
        let mut total = Summary::default();
        phase
            .answers
            .values()
            .for_each(|summary| total.add(summary));
        self.state.scaling = Some(Arc::new(total.scaling()));
        effects.push(Effect::Emit(Event::ScalingAgreed {
            reporters: reports as u32,
            rows: total.rows,
        }));
        self.open_round(now, effects);
    }

    pub(super) fn open_round(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        let candidates = self.candidates();
        let enough = self.enough();
        if candidates.len() < enough {
            let enrolling = Enrolling {
                everybody: false,
                enough,
                deadline: now + self.plan.deadline_ms,
            };
            return self.enrol(now, enrolling, effects);
        }
        let Some(drawn) = self.draw(&candidates, effects) else {
            return self.complete(now, effects);
        };
        let round = self.state.round;
        let quorum = self.plan.quorum_of(drawn.aims_at);
        let cohort: BTreeSet<NodeId> = drawn.cohort.iter().copied().collect();
        if cohort.len() < quorum {
            // Enough are there, but not enough of the right ones: whoever comes may be one.
            let enrolling = Enrolling {
                everybody: false,
                enough: candidates.len() + 1,
                deadline: now + self.plan.deadline_ms,
            };
            return self.enrol(now, enrolling, effects);
        }
        self.note_asked(&cohort);
        let asked = self.ask(now, cohort, quorum, effects);
        effects.push(Effect::Emit(Event::RoundOpened {
            round,
            cohort: asked.cohort.iter().copied().collect(),
            quorum: quorum as u32,
            deadline: asked.deadline,
        }));
        let optimizer = &self.strategy.server_optimizer;
        let mut params = self.state.params.clone();
        params
            .0
            .extend(optimizer.extras(&self.state.optimizer, self.plan.parameters));
        let sent = Sent::of(params, &self.plan);
        let params = sent.first();
        let order = self.order(round);
        if self.plan.masking.is_some() {
            return self.open_masked(now, &drawn, asked, (params, order), effects);
        }
        for &to in &asked.cohort {
            let (params, order) = (sent.to(to), order.clone());
            effects.push(Effect::Send {
                to,
                instruction: Instruction::Train {
                    round,
                    params,
                    order,
                    masking: None,
                },
            });
        }
        self.phase = Phase::Collecting(Collecting {
            goal: drawn.aims_at.min(asked.cohort.len()),
            accumulator: self.accumulator(&params, &order),
            reporters: BTreeMap::new(),
            asked,
            sent,
            order,
        });
    }

    /// Starts the aggregation of the open round.
    pub(super) fn accumulator(&self, params: &Params, order: &TrainOrder) -> Box<dyn Accumulator> {
        let round = self.state.round;
        self.strategy.aggregator.open(Opening {
            len: self.plan.upload_len(),
            round,
            params,
            order,
            seed: self.plan.seed.round(round),
            carried: &self.state.carried,
        })
    }

    /// Ends `Collecting`: a new model, or a round abandoned.
    pub(super) fn close_round(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        let Phase::Collecting(phase) = std::mem::replace(&mut self.phase, Phase::Resting) else {
            return;
        };
        if self.strategy.sampler.learns() {
            let standings = &mut self.state.standings;
            standings.learn(&phase.asked.cohort, &phase.reporters);
        }
        let silent = phase.asked.silent(&phase.reporters);
        let reports = phase.reporters.len();
        if reports < phase.asked.quorum {
            let quorum = phase.asked.quorum as u32;
            let reason = Abandoned::QuorumMissed {
                reports: reports as u32,
                quorum,
            };
            return self.abandon(now, silent, reason, effects);
        }
        let mut accumulator = phase.accumulator;
        let noised = self.noise_on(accumulator.as_mut());
        let aggregate = match noised.and_then(|()| accumulator.finish()) {
            Ok(aggregate) => aggregate,
            Err(reason) => return self.abandon(now, silent, reason, effects),
        };
        let told = || phase.reporters.values();
        let total: u64 = told().map(|told| told.weight).sum();
        let loss: f64 = told().map(|told| told.weight as f64 * told.loss).sum();
        let closing = Closing {
            aggregate,
            reporters: phase.reporters.keys().copied().collect(),
            silent,
            loss: self.tells(loss / total as f64),
        };
        self.apply(now, closing, effects);
    }

    /// Adds to the sum of the open round the noise that the coordinator is to add, as one more upload, of no
    /// weight; nothing where hospitals add it, or nobody does.
    pub(super) fn noise_on(&mut self, sum: &mut dyn Accumulator) -> Result<(), Abandoned> {
        let place = Address {
            round: self.state.round,
            node: NodeId::COORDINATOR,
        };
        let (order, length) = (self.order(place.round), self.plan.upload_len());
        let past = &mut self.state.noise_past;
        let noise = noise_on_sum(&order, length, self.plan.noise, place, past);
        match noise.map_err(|_| Abandoned::NotNoised)? {
            Some(noise) => {
                let added = sum.count(NodeId::COORDINATOR, &noise);
                added.map_err(|_| Abandoned::NotNoised)
            }
            None => Ok(()),
        }
    }

    /// A training loss, where hospitals tell theirs.
    pub(super) fn tells(&self, loss: f64) -> Option<f64> {
        self.plan.order.protection.tells_loss().then_some(loss)
    }

    /// Moves the model, tells, and goes on.
    pub(super) fn apply(&mut self, now: Tick, closing: Closing, effects: &mut Vec<Effect>) {
        let Closing {
            aggregate: mut update,
            reporters,
            silent,
            loss,
        } = closing;
        if self.strategy.aggregator.carries() {
            self.state.carried.clone_from(&update.0);
        }
        if let Some(clipping) = self.plan.clipping {
            self.move_clip_norm(&clipping, update.0.pop(), effects);
        }
        let extras = update.0.split_off(self.plan.models_len());
        let step = Move {
            round: self.state.round,
            rounds: self.plan.rounds,
            share: reporters.len() as f64 / self.admitted as f64,
            aggregate: &update,
            extras: &extras,
        };
        let RunState {
            optimizer, params, ..
        } = &mut self.state;
        self.strategy
            .server_optimizer
            .apply(optimizer, params, &step);
        effects.push(Effect::Emit(Event::RoundClosed {
            round: self.state.round,
            reporters,
            silent,
            loss,
            update_norm: update.norm(),
            model_digest: self.state.params.digest(),
        }));
        self.state.abandoned_in_a_row = 0;
        let round = self.state.round;
        self.state.round = round.next();
        self.state.unscored = Some(round);
        if self.evaluates(round) {
            self.open_evaluation(now, round, effects);
        } else {
            self.next_round(now, effects);
        }
    }

    pub(super) fn abandon(
        &mut self,
        now: Tick,
        silent: Vec<NodeId>,
        reason: Abandoned,
        effects: &mut Vec<Effect>,
    ) {
        let round = self.state.round;
        effects.push(Effect::Emit(Event::RoundAbandoned {
            round,
            silent,
            reason,
        }));
        self.state.round = round.next();
        self.state.abandoned_in_a_row += 1;
        if self.state.abandoned_in_a_row > self.plan.most_abandoned {
            self.finish(Outcome::QuorumLost, effects);
        } else {
            self.next_round(now, effects);
        }
    }

    fn evaluates(&self, round: RoundId) -> bool {
        let every = self.plan.evaluate_every;
        let number = round.0 + 1;
        every > 0
            && (number.is_multiple_of(every) || number >= self.plan.rounds || self.interrupted)
    }

    fn open_evaluation(&mut self, now: Tick, round: RoundId, effects: &mut Vec<Effect>) {
        self.state.unscored = None;
        if self.present.is_empty() {
            return self.next_round(now, effects);
        }
        let asked = self.ask(now, self.present.clone(), 0, effects);
        let sent = Sent::of(self.state.params.clone(), &self.plan);
        let order = self.order(round);
        for &to in &asked.cohort {
            let (params, order) = (sent.to(to), order.clone());
            let instruction = Instruction::Evaluate {
                round,
                params,
                order,
            };
            effects.push(Effect::Send { to, instruction });
        }
        self.phase = Phase::Evaluating(Evaluating {
            asked,
            round,
            sent,
            order,
            answers: BTreeMap::new(),
        });
    }

    /// Ends `Evaluating`: scores are told, never used.
    pub(super) fn close_evaluation(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        let Phase::Evaluating(phase) = std::mem::replace(&mut self.phase, Phase::Resting) else {
            return;
        };
        effects.push(Effect::Emit(Event::EvaluationClosed {
            round: phase.round,
            evaluation: Evaluation::combine(phase.answers.values()),
            silent: phase.asked.silent(&phase.answers),
        }));
        self.next_round(now, effects);
    }

    /// Ends the run once its model is scored: the last rounds may have made none.
    fn complete(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        match self.state.unscored {
            Some(round) if self.plan.evaluate_every > 0 => {
                self.open_evaluation(now, round, effects);
            }
            _ if self.state.round.0 < self.plan.rounds => {
                self.finish(Outcome::HospitalsRest, effects);
            }
            _ => self.finish(Outcome::Completed, effects),
        }
    }

    /// Saves when due, then plays on or ends.
    fn next_round(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        if self.state.round.0 >= self.plan.rounds {
            return self.complete(now, effects);
        }
        if self.interrupted {
            return self.finish(Outcome::Interrupted, effects);
        }
        if self.is_deserted() {
            return self.complete(now, effects);
        }
        let every = self.plan.checkpoint_every;
        if every > 0 && self.state.round.0.is_multiple_of(every) {
            self.checkpoint(effects);
        }
        if self.plan.federated_scaling && self.state.scaling.is_none() {
            self.open_summing(now, effects);
        } else {
            self.open_round(now, effects);
        }
    }

    /// The plan's order, with the scaling that was agreed on and the clip norm as it stands, at the
    /// learning rate of `round`.
    fn order(&self, round: RoundId) -> Arc<TrainOrder> {
        let Plan {
            order,
            schedule,
            rounds,
            ..
        } = &self.plan;
        let first = order.optimizer.learning_rate();
        let optimizer = order
            .optimizer
            .at_rate(schedule.rate(first, round, *rounds));
        let mut order = TrainOrder {
            optimizer,
            scaling: self.state.scaling.clone(),
            ..order.clone()
        };
        if let (Protection::Hospital(noise), Some(norm)) =
            (&mut order.protection, self.state.clip_norm)
        {
            noise.clip_norm = norm;
        }
        Arc::new(order)
    }

    /// Opens a window for `quorum` answers of `cohort`.
    pub(super) fn ask(
        &self,
        now: Tick,
        cohort: BTreeSet<NodeId>,
        quorum: usize,
        effects: &mut Vec<Effect>,
    ) -> Asked {
        let deadline = now + self.plan.deadline_ms;
        effects.push(Effect::WakeAt(deadline));
        Asked::new(cohort, quorum, deadline)
    }

    /// Ends whatever phase has reached its deadline.
    pub(super) fn woke(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        if self.phase.deadline().is_none_or(|deadline| now < deadline) {
            return;
        }
        match self.phase {
            Phase::Resting => {}
            Phase::Enrolling(_) => self.try_begin(now, effects),
            Phase::Summing(_) => self.close_summing(now, effects),
            Phase::Collecting(_) => self.close_round(now, effects),
            Phase::Masked(_) => self.close_masked(now, effects),
            Phase::Evaluating(_) => self.close_evaluation(now, effects),
        }
    }
}
