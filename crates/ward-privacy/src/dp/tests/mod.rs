//! Accountants against the known answers of `tests/vectors/dp_known_answers.csv`, their laws, the noise, audits.

mod audit;
mod known_answers;
mod laws;
mod noise;
