//! Server learning rates that may change from round to round.

use ward_round::strategy::LearningRate;

use crate::config::check::Settings;
use crate::config::types::ScheduleConfig;

/// The step size `first`, changed by `schedule`.
pub(super) fn rate(first: f32, schedule: Option<ScheduleConfig>) -> LearningRate {
    let schedule = ScheduleConfig::schedule(schedule);
    LearningRate { first, schedule }
}

/// Finds what is out of range in `learning_rate` and `schedule`.
pub(super) fn check(settings: &mut Settings<'_>, first: f32, schedule: Option<ScheduleConfig>) {
    settings.positive("learning_rate", first);
    settings.schedule(schedule);
}
