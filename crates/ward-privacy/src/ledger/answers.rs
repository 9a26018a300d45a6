//! The last answers of the accountant that takes long: many hospitals of a simulation ask it the same.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::dp::{Epsilon, Event, account};

/// Answers that are kept.
const KEPT: usize = 256;

struct Answer {
    events: Vec<Event>,
    delta: f64,
    epsilon: Epsilon,
}

static ANSWERS: Mutex<VecDeque<Answer>> = Mutex::new(VecDeque::new());

/// What `events` cost together at `delta`; infinite where nobody can say.
pub(super) fn epsilon(events: Vec<Event>, delta: f64) -> Epsilon {
    let known = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    let same = |answer: &&Answer| answer.events == events && answer.delta == delta;
    if let Some(answer) = known.iter().find(same) {
        return answer.epsilon;
    }
    drop(known);
    let answer = account::epsilon(&events, delta);
    let epsilon = answer.map_or(Epsilon(f64::INFINITY), |answer| answer.epsilon);
    let mut known = ANSWERS.lock().unwrap_or_else(PoisonError::into_inner);
    known.truncate(KEPT - 1);
    known.push_front(Answer {
        events,
        delta,
        epsilon,
    });
    epsilon
}
