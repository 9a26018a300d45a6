//! What becomes of a report: counted, or refused with its reason. A node's mistake is never ours.

use ward_core::scaling::LARGEST_FEATURE;
use ward_core::{Event, Instruction, Malformed, NodeId, Refusal, Report, RoundId, Summary, Tick};

use super::{Coordinator, Effect};
use crate::phase::{Asked, Phase};
use crate::strategy::Told;

impl Coordinator {
    pub(super) fn heard(
        &mut self,
        now: Tick,
        node: NodeId,
        report: Report,
        effects: &mut Vec<Effect>,
    ) {
        let round = report.round();
        if let Report::Declined {
            reason, for_good, ..
        } = &report
        {
            let (reason, for_good) = (reason.clone(), *for_good);
            if for_good && self.plan.enrols(node) {
                self.state.resting.insert(node);
            }
            effects.push(Effect::Emit(Event::ReportDeclined {
                round,
                node,
                reason,
                for_good,
            }));
        }
        match self.count(node, report, effects) {
            Ok(()) => self.close_if_settled(now, effects),
            Err(refusal) => {
                let round = self.state.round;
                effects.push(Effect::Emit(Event::ReportRefused {
                    round,
                    node,
                    refusal,
                }));
            }
        }
    }

    /// Counts a report in the open phase.
    fn count(
        &mut self,
        node: NodeId,
        report: Report,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let features = self.plan.features;
        let open = self.state.round;
        match (&mut self.phase, report) {
            (Phase::Summing(phase), Report::Summary { round, summary }) => {
                belongs(
                    &phase.asked,
                    node,
                    round,
                    open,
                    phase.answers.contains_key(&node),
                )?;
                check_summary(&summary, features)?;
                phase.answers.insert(node, summary);
            }
            (Phase::Collecting(phase), Report::Upload { round, upload }) => {
                belongs(
                    &phase.asked,
                    node,
                    round,
                    open,
                    phase.reporters.contains_key(&node),
                )?;
                phase.accumulator.accept(node, &upload)?;
                let (weight, loss) = (upload.weight, upload.loss);
                phase.reporters.insert(node, Told { weight, loss });
                effects.push(Effect::Emit(Event::ReportAccepted {
                    round,
                    node,
                    weight,
                    loss: phase.order.protection.tells_loss().then_some(loss),
                }));
            }
            (Phase::Evaluating(phase), Report::Evaluation { round, evaluation }) => {
                let twice = phase.answers.contains_key(&node);
                belongs(&phase.asked, node, round, phase.round, twice)?;
                if !evaluation.is_sound() {
                    return Err(Malformed::NotFinite.into());
                }
                phase.answers.insert(node, evaluation.clone());
                effects.push(Effect::Emit(Event::Evaluated {
                    round,
                    node,
                    evaluation,
                }));
            }
            (Phase::Summing(phase), Report::Declined { round, .. }) => {
                decline(
                    &mut phase.asked,
                    node,
                    round,
                    open,
                    phase.answers.contains_key(&node),
                )?;
            }
            (Phase::Collecting(phase), Report::Declined { round, .. }) => {
                let twice = phase.reporters.contains_key(&node);
                decline(&mut phase.asked, node, round, open, twice)?;
            }
            (Phase::Evaluating(phase), Report::Declined { round, .. }) => {
                let twice = phase.answers.contains_key(&node);
                decline(&mut phase.asked, node, round, phase.round, twice)?;
            }
            (Phase::Masked(phase), Report::Declined { round, .. }) => {
                decline(&mut phase.asked, node, round, open, false)?;
            }
            (_, Report::Masking { round, answer }) => self.take_masked(node, round, answer)?,
            (_, report) => return Err(out_of_place(&report, open)),
        }
        Ok(())
    }

    /// Ends the phase when there is nobody left to wait for.
    fn close_if_settled(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        match &self.phase {
            Phase::Summing(phase) if phase.asked.settled(phase.answers.len()) => {
                self.close_summing(now, effects);
            }
            Phase::Collecting(phase)
                if phase.reporters.len() >= phase.goal
                    || phase.asked.settled(phase.reporters.len()) =>
            {
                self.close_round(now, effects);
            }
            Phase::Masked(phase) if phase.is_settled() => self.close_masked(now, effects),
            Phase::Evaluating(phase) if phase.asked.settled(phase.answers.len()) => {
                self.close_evaluation(now, effects);
            }
            _ => {}
        }
    }

    /// What a node that has just come (back) still owes the open phase.
    pub(super) fn outstanding(&self, node: NodeId) -> Option<Instruction> {
        let owes = |asked: &Asked, answered: bool| {
            asked.cohort.contains(&node) && !asked.declined.contains(&node) && !answered
        };
        match &self.phase {
            Phase::Summing(phase) if owes(&phase.asked, phase.answers.contains_key(&node)) => {
                Some(Instruction::Summarise {
                    round: self.state.round,
                })
            }
            Phase::Collecting(phase) if owes(&phase.asked, phase.reporters.contains_key(&node)) => {
                Some(Instruction::Train {
                    round: self.state.round,
                    params: phase.sent.to(node),
                    order: phase.order.clone(),
                    masking: None,
                })
            }
            Phase::Masked(phase) => phase.outstanding(node, self.state.round),
            Phase::Evaluating(phase) if owes(&phase.asked, phase.answers.contains_key(&node)) => {
                Some(Instruction::Evaluate {
                    round: phase.round,
                    params: phase.sent.to(node),
                    order: phase.order.clone(),
                })
            }
            _ => None,
        }
    }
}

/// Whether a report of `round` by `node` may be counted among those `asked` in round `open`.
pub(super) fn belongs(
    asked: &Asked,
    node: NodeId,
    round: RoundId,
    open: RoundId,
    counted: bool,
) -> Result<(), Refusal> {
    if round < open {
        return Err(Refusal::TooLate);
    }
    if round != open {
        return Err(Refusal::WrongRound {
            got: round,
            expected: open,
        });
    }
    if !asked.cohort.contains(&node) {
        return Err(Refusal::NotInCohort);
    }
    if counted || asked.declined.contains(&node) {
        return Err(Refusal::Duplicate);
    }
    Ok(())
}

fn decline(
    asked: &mut Asked,
    node: NodeId,
    round: RoundId,
    open: RoundId,
    counted: bool,
) -> Result<(), Refusal> {
    belongs(asked, node, round, open, counted)?;
    asked.declined.insert(node);
    Ok(())
}

/// Why a report that no open phase asks for is refused: it is late, or it is from nowhere.
fn out_of_place(report: &Report, open: RoundId) -> Refusal {
    match report.round() {
        round if round < open => Refusal::TooLate,
        round if round > open => Refusal::WrongRound {
            got: round,
            expected: open,
        },
        _ => Refusal::Unexpected(report.kind().to_owned()),
    }
}

/// Sums as wide as the rows, and no larger than rows can make them.
fn check_summary(summary: &Summary, features: usize) -> Result<(), Malformed> {
    for sums in [&summary.sums, &summary.squares] {
        if sums.len() != features {
            let (got, expected) = (sums.len() as u64, features as u64);
            return Err(Malformed::WrongLength { got, expected });
        }
    }
    let most = u64::from(u32::MAX);
    if summary.rows == 0 || summary.rows > most {
        return Err(Malformed::Weight {
            got: summary.rows,
            most,
        });
    }
    let unit = LARGEST_FEATURE * summary.rows as f64;
    let limits = [unit, unit * LARGEST_FEATURE].map(|limit| limit * (1u64 << 40) as f64);
    for (sums, limit) in [&summary.sums, &summary.squares].into_iter().zip(limits) {
        if let Some(index) = sums.iter().position(|s| s.unsigned_abs() as f64 > limit) {
            return Err(Malformed::OutOfRange {
                index: index as u64,
            });
        }
    }
    Ok(())
}
