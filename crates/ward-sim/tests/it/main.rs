//! Attacks held against known answers.

mod known_answers;
mod rules;
