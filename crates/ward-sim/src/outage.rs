//! Hospitals that do not answer: power and line failures as a two-state Markov chain, and
//! independent silence and lateness.

use rand::RngExt;
use ward_core::{NodeId, Purpose, RoundId, Seed};

/// Outages of one hospital: P(up next | down) = 1 / `mean_rounds`, and the chain is stationary at
/// `up` from the start.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Outage {
    /// Share of rounds in which the hospital is up, 0 to 1.
    pub up: f64,
    /// Mean length of an outage in rounds, at least 1.
    pub mean_rounds: f64,
}

/// What can go wrong with one hospital.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Faults {
    /// The chance that it hears nothing in a round, independently of others.
    pub silent: f64,
    /// The chance that a report is held up.
    pub late: f64,
    /// By how many milliseconds.
    pub late_by_ms: u64,
    /// Longer outages.
    pub outage: Option<Outage>,
}

/// One hospital's faults, round by round. Each draw has its own address, so a fault in one
/// hospital or round changes no other.
#[derive(Debug, Clone)]
pub(crate) struct FaultModel {
    faults: Faults,
    place: Seed,
    /// Rounds the outage chain has been followed through, and whether it is up now.
    followed: u32,
    up: bool,
}

impl FaultModel {
    pub(crate) fn new(faults: Faults, node: NodeId, seed: Seed) -> Self {
        let place = seed.node(node).purpose(Purpose::OUTAGE);
        Self {
            faults,
            place,
            followed: 0,
            up: true,
        }
    }

    /// Whether the hospital hears anything in `round`. Rounds must not go backwards.
    pub(crate) fn hears(&mut self, round: RoundId) -> bool {
        if let Some(outage) = self.faults.outage {
            while self.followed <= round.0 {
                let chance = self.draw("chain", self.followed);
                self.up = if self.followed == 0 {
                    chance < outage.up
                } else if self.up {
                    let down = (1.0 - outage.up) / (outage.up * outage.mean_rounds);
                    chance >= down
                } else {
                    chance < 1.0 / outage.mean_rounds
                };
                self.followed += 1;
            }
        }
        let silent = self.faults.silent;
        self.up && (silent <= 0.0 || self.draw("silent", round.0) >= silent)
    }

    /// Milliseconds by which a report of `round` is held up.
    pub(crate) fn held_up_ms(&self, round: RoundId) -> u64 {
        let late = self.faults.late;
        if late > 0.0 && self.draw("late", round.0) < late {
            self.faults.late_by_ms
        } else {
            0
        }
    }

    fn draw(&self, what: &str, round: u32) -> f64 {
        self.place
            .child(what, 0)
            .stream_of(u64::from(round))
            .random()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_is_up_as_often_and_down_as_long_as_it_says() {
        let outage = Outage {
            up: 0.88,
            mean_rounds: 3.0,
        };
        let faults = Faults {
            outage: Some(outage),
            ..Faults::default()
        };
        let (mut up, mut outages, mut down_rounds) = (0_u32, 0_u32, 0_u32);
        for node in 0..200 {
            let mut model = FaultModel::new(faults, NodeId(node), Seed::run(5));
            let mut before = true;
            for round in 0..500 {
                let now = model.hears(RoundId(round));
                up += u32::from(now);
                down_rounds += u32::from(!now);
                outages += u32::from(before && !now);
                before = now;
            }
        }
        let share = f64::from(up) / 100_000.0;
        assert!((share - 0.88).abs() < 0.01, "up {share}");
        let length = f64::from(down_rounds) / f64::from(outages);
        assert!((length - 3.0).abs() < 0.15, "mean outage {length}");
    }

    #[test]
    fn without_faults_everybody_hears_and_nobody_is_late() {
        let mut model = FaultModel::new(Faults::default(), NodeId(1), Seed::run(1));
        assert!((0..100).all(|r| model.hears(RoundId(r)) && model.held_up_ms(RoundId(r)) == 0));
    }
}
