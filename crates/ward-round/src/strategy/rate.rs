//! A server learning rate and how it changes from round to round.

use ward_core::Schedule;

use super::Move;

/// A server step size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LearningRate {
    /// The step size η before the schedule, above 0.
    pub first: f32,
    /// How it changes.
    pub schedule: Schedule,
}

impl From<f32> for LearningRate {
    /// A rate that does not change.
    fn from(first: f32) -> Self {
        let schedule = Schedule::Constant;
        Self { first, schedule }
    }
}

impl LearningRate {
    /// The step size of one move.
    #[must_use]
    pub fn at(&self, step: &Move<'_>) -> f32 {
        self.schedule.rate(self.first, step.round, step.rounds)
    }
}
