//! Accountants against the known answers of `tests/vectors/dp_known_answers.csv`, their laws.

mod known_answers;
mod laws;
