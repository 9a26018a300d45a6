//! Attacks held against known answers, and the laws of adversaries in a simulation.

mod hospitals;
mod known_answers;
mod laws;
mod rules;
