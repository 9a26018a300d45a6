//! Ranges of single settings, table by table.

use ward_core::WordWidth;

use super::found::Found;
use crate::codes::Code;
use crate::config::types::{OptimizerConfig, RingConfig, RoundConfig, SimulationConfig, Training};

/// The longest time a setting may say, in seconds: a year.
const LONGEST_S: f64 = 31_536_000.0;
/// The most that one hospital may count.
const MOST_WEIGHT: u64 = 1 << 32;

pub(super) fn training(found: &mut Found, path: &str, training: &Training) {
    let given = [training.epochs.is_some(), training.steps.is_some()];
    let help = "say how much work: `epochs = 1` or `steps = 10`";
    found.one_of_two(path, given, ["epochs", "steps"], help);
    for (key, work) in [("epochs", training.epochs), ("steps", training.steps)] {
        found.at_least(&format!("{path}.{key}"), work.unwrap_or(1), 1);
    }
    found.not_negative(&format!("{path}.l2"), training.l2);
    for (key, clip_norm) in [
        ("example_clip_norm", training.example_clip_norm),
        ("gradient_clip_norm", training.gradient_clip_norm),
    ] {
        found.not_negative(&format!("{path}.{key}"), clip_norm);
    }
    let path = format!("{path}.optimizer");
    match &training.optimizer {
        OptimizerConfig::Sgd(sgd) => {
            found.positive(&format!("{path}.sgd.learning_rate"), sgd.learning_rate);
            found.decay(&format!("{path}.sgd.momentum"), sgd.momentum);
        }
        OptimizerConfig::Adam(adam) => {
            found.positive(&format!("{path}.adam.learning_rate"), adam.learning_rate);
            found.decay(&format!("{path}.adam.beta1"), adam.beta1);
            found.decay(&format!("{path}.adam.beta2"), adam.beta2);
            found.positive(&format!("{path}.adam.epsilon"), adam.epsilon);
        }
    }
}

pub(super) fn round(found: &mut Found, round: &RoundConfig) {
    let good = |v| v > 0.0 && v <= 1.0;
    found.number(
        "round.quorum",
        round.quorum,
        "a share above 0 and up to 1",
        good,
    );
    // Below a millisecond a deadline would be 0 ticks.
    let good = |v| (0.001..=LONGEST_S).contains(&v);
    let range = "0.001 s to a year";
    found.number("round.deadline_s", round.deadline_s, range, good);
    found.number("round.join_deadline_s", round.join_deadline_s, range, good);
    let ratio = |v| (1.0..=1_000.0).contains(&v);
    found.number(
        "round.over_selection",
        round.over_selection,
        "a ratio from 1 to 1000",
        ratio,
    );
    if !(1..=MOST_WEIGHT).contains(&round.most_weight) {
        let message = format!("must be 1 to {MOST_WEIGHT}, not {}", round.most_weight);
        found.add(Code::OutOfRange, "round.most_weight", message);
    }
}

pub(super) fn ring(found: &mut Found, ring: &RingConfig, width: WordWidth) {
    let [fewest, most] = [
        ward_privacy::ring::fewest_fraction_bits(width),
        ward_privacy::ring::MOST_FRACTION_BITS,
    ];
    if let Some(bits) = ring.fraction_bits
        && !(fewest..=most).contains(&bits)
    {
        let message = format!("must be {fewest} to {most}, not {bits}");
        found.add(Code::OutOfRange, "ring.fraction_bits", message);
    }
    let good = |v| v > 0.0 && v <= 524_288.0;
    found.number("ring.range", ring.range, "above 0 and up to 524288", good);
}

pub(super) fn simulation(found: &mut Found, simulation: &SimulationConfig) {
    let good = |v| (0.0..=60_000.0).contains(&v);
    found.number(
        "simulation.jitter_ms",
        simulation.jitter_ms,
        "0 to 60000",
        good,
    );
    found.decay("simulation.silent", simulation.silent);
    let share = |v| (0.0..=1.0).contains(&v);
    found.number("simulation.late", simulation.late, "between 0 and 1", share);
    let good = |v| (0.0..=LONGEST_S).contains(&v);
    found.number(
        "simulation.late_by_s",
        simulation.late_by_s,
        "0 s to a year",
        good,
    );
    if simulation.threads > 4_096 {
        let message = format!("must be 0 to 4096, not {}", simulation.threads);
        found.add(Code::OutOfRange, "simulation.threads", message);
    }
}
