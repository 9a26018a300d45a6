//! How long a message and a piece of training take, modelled from the hospital's tier.

use rand::RngExt;
use ward_core::{NodeId, Purpose, Seed, TrainOrder};

/// A hospital's line and its computer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Milliseconds each way.
    pub latency_ms: f64,
    /// Up to so many milliseconds more, drawn for each message.
    pub jitter_ms: f64,
    /// Megabits per second, each way.
    pub megabits_per_s: f64,
    /// Speed of the computer; 1 trains at [`Link::FLOPS_PER_MS`].
    pub compute_speed: f64,
}

impl Link {
    /// Floating-point operations in a millisecond at compute speed 1: two thousand million a second.
    pub const FLOPS_PER_MS: f64 = 2e6;

    /// No delay at all: every message arrives in the millisecond it was sent.
    pub const IDEAL: Self = Self {
        latency_ms: 0.0,
        jitter_ms: 0.0,
        megabits_per_s: f64::INFINITY,
        compute_speed: f64::INFINITY,
    };

    /// Milliseconds for a message of `bytes`, the `message`-th of `node` in the run.
    pub(crate) fn transit_ms(&self, bytes: u64, node: NodeId, message: u64, seed: Seed) -> u64 {
        let jitter = if self.jitter_ms > 0.0 {
            let mut rng = seed.node(node).purpose(Purpose::LINK).stream_of(message);
            rng.random_range(0.0..self.jitter_ms)
        } else {
            0.0
        };
        let transfer = bytes as f64 * 8.0 / (self.megabits_per_s * 1e3);
        (self.latency_ms + jitter + transfer).round() as u64
    }

    /// Milliseconds of training: six operations a parameter and row (forward, backward, update), and
    /// two for each of several models to choose from.
    pub(crate) fn training_ms(&self, order: &TrainOrder, rows: u64, parameters: usize) -> u64 {
        let training = 6.0 * order.visits(rows) as f64;
        let choosing = 2.0 * order.scored_to_choose(rows) as f64;
        self.operations_ms((training + choosing) * parameters as f64)
    }

    /// Milliseconds of scoring on `test` rows: two operations a parameter and row for each model, and
    /// what is trained, or scored to choose, on `train` rows before.
    pub(crate) fn scoring_ms(
        &self,
        order: &TrainOrder,
        (train, test): (u64, u64),
        parameters: usize,
    ) -> u64 {
        let training = 6.0 * order.visits_before_scoring(train) as f64;
        let scored = order.models_scored() * test + order.scored_to_choose(train);
        let scoring = 2.0 * scored as f64;
        self.operations_ms((training + scoring) * parameters as f64)
    }

    fn operations_ms(&self, operations: f64) -> u64 {
        (operations / (Self::FLOPS_PER_MS * self.compute_speed)).round() as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOW: Link = Link {
        latency_ms: 80.0,
        jitter_ms: 0.0,
        megabits_per_s: 4.0,
        compute_speed: 0.2,
    };

    #[test]
    fn a_megabyte_takes_two_seconds_at_four_megabits() {
        assert_eq!(
            SLOW.transit_ms(1_000_000, NodeId(0), 0, Seed::run(1)),
            2_080
        );
        assert_eq!(
            Link::IDEAL.transit_ms(1_000_000, NodeId(0), 0, Seed::run(1)),
            0
        );
    }

    #[test]
    fn jitter_depends_on_node_and_message_and_stays_in_bounds() {
        let shaky = Link {
            jitter_ms: 50.0,
            ..SLOW
        };
        let times: Vec<u64> = (0..100)
            .map(|m| shaky.transit_ms(0, NodeId(3), m, Seed::run(1)))
            .collect();
        assert!(times.iter().all(|t| (80..=130).contains(t)));
        assert!(times.iter().any(|t| *t != times[0]));
        assert_eq!(times[7], shaky.transit_ms(0, NodeId(3), 7, Seed::run(1)));
    }
}
