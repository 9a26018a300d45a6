//! One step's losses on a grid.
//!
//! Between Q = N(0, z^2) and P = (1 - q) N(0, z^2) + q N(s, z^2) the loss of a record removed, ln(P/Q),
//! rises with x, and that of a record added is its negative. The mass of each interval of losses goes to both
//! of its ends, so that P's and Q's mass are both kept: delta as a function of exp(epsilon) becomes the
//! polygon through its exact values, and lies above itself since it is convex ("connecting the dots",
//! Doroshenko et al. 2022, arXiv:2207.04380).

use super::super::special::{between, upper_tail};
use super::losses::Losses;

/// Normal deviations that the grid covers; what is beyond has a mass below 1e-23.
const DEVIATIONS: f64 = 10.0;

/// Which way a step's losses are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Seen without the record, suspected with it.
    Added,
    /// Seen with the record, suspected without it.
    Removed,
}

/// Pairs of distributions, one of which is drawn in the open for each step.
#[derive(Debug, Clone)]
pub(super) struct Step {
    z: f64,
    shares: Vec<Share>,
}

/// One pair: its probability, the record's sampling rate, how far the record moves the sum.
#[derive(Debug, Clone, Copy)]
struct Share {
    weight: f64,
    rate: f64,
    distance: f64,
}

impl Step {
    /// A record that joins with probability `rate`.
    pub(super) fn sampled(z: f64, rate: f64) -> Self {
        let whole = Share {
            weight: 1.0,
            rate,
            distance: 1.0,
        };
        Self {
            z,
            shares: vec![whole],
        }
    }

    /// The same, where the batch is full without the record with probability `full`: then a record that
    /// joins takes the place of another, which moves the sum by up to twice the clip norm. Whether it is
    /// full is given away, which can only lose more.
    pub(super) fn truncated(z: f64, rate: f64, full: f64) -> Self {
        let share = |weight, distance| Share {
            weight,
            rate,
            distance,
        };
        let mut shares = vec![share(1.0 - full, 1.0), share(full, 2.0)];
        shares.retain(|share| share.weight > 0.0);
        Self { z, shares }
    }

    /// The width of the losses that the grid covers.
    pub(super) fn range(&self) -> f64 {
        let ends = self.shares.iter().map(|share| share.ends(self.z));
        let (low, high) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |all, (low, high)| {
            (all.0.min(low), all.1.max(high))
        });
        high - low
    }

    /// The losses on a grid.
    pub(super) fn losses(&self, direction: Direction, spacing: f64) -> Losses {
        let every = self.shares.iter().map(|share| {
            let mut losses = share.losses(self.z, direction, spacing);
            losses
                .masses
                .iter_mut()
                .for_each(|mass| *mass *= share.weight);
            losses.infinite *= share.weight;
            losses
        });
        let every: Vec<Losses> = every.collect();
        let first = every.iter().map(|losses| losses.first).min().unwrap_or(0);
        let end = |losses: &Losses| losses.first + losses.masses.len() as i64;
        let length = every.iter().map(end).max().unwrap_or(0) - first;
        let mut masses = vec![0.0; length as usize];
        for losses in &every {
            let places = masses.iter_mut().skip((losses.first - first) as usize);
            places
                .zip(&losses.masses)
                .for_each(|(sum, mass)| *sum += mass);
        }
        Losses {
            spacing,
            first,
            masses,
            infinite: every.iter().map(|losses| losses.infinite).sum(),
        }
    }
}

impl Share {
    /// The x that the grid covers.
    fn reach(&self, z: f64) -> (f64, f64) {
        (-DEVIATIONS * z, self.distance + DEVIATIONS * z)
    }

    /// The losses at both ends.
    fn ends(&self, z: f64) -> (f64, f64) {
        let (low, high) = self.reach(z);
        (self.loss(low, z), self.loss(high, z))
    }

    /// ln(P/Q) at x.
    fn loss(&self, x: f64, z: f64) -> f64 {
        let ratio = self.distance * (2.0 * x - self.distance) / (2.0 * z * z);
        if self.rate == 1.0 {
            ratio
        } else if ratio < 30.0 {
            libm::log1p(self.rate * libm::expm1(ratio))
        } else {
            ratio + libm::log(self.rate + (1.0 - self.rate) * libm::exp(-ratio))
        }
    }

    /// Where the loss is reached.
    fn place(&self, loss: f64, z: f64) -> f64 {
        let ratio = if self.rate == 1.0 {
            loss
        } else if loss < 30.0 {
            let inside = libm::expm1(loss) / self.rate;
            if inside <= -1.0 {
                return f64::NEG_INFINITY;
            }
            libm::log1p(inside)
        } else {
            loss + libm::log((1.0 - (1.0 - self.rate) * libm::exp(-loss)) / self.rate)
        };
        self.distance / 2.0 + z * z / self.distance * ratio
    }

    fn losses(&self, z: f64, direction: Direction, spacing: f64) -> Losses {
        let (low, high) = self.reach(z);
        let first = (self.loss(low, z) / spacing).floor() as i64;
        let last = (self.loss(high, z) / spacing).ceil() as i64;
        let mut masses = vec![0.0; (last - first + 1) as usize];
        let mut from = low;
        for index in 1..masses.len() {
            let point = first + index as i64;
            let to = self.place(point as f64 * spacing, z).clamp(from, high);
            let unsampled = between(from / z, to / z);
            let moved = between((from - self.distance) / z, (to - self.distance) / z);
            let sampled = (1.0 - self.rate) * unsampled + self.rate * moved;
            // The interval ends above and below in P's losses; added records mirror it.
            let (seen, suspected, lower) = match direction {
                Direction::Removed => (sampled, unsampled, point - 1),
                Direction::Added => (unsampled, sampled, -point),
            };
            let outweighed = libm::exp(lower as f64 * spacing) * suspected;
            let up = (seen - outweighed) / -libm::expm1(-spacing);
            // Where nothing is precise, up is safe.
            let up = if up.is_finite() {
                up.clamp(0.0, seen)
            } else {
                seen
            };
            let (above, below) = match direction {
                Direction::Removed => (index, index - 1),
                Direction::Added => (index - 1, index),
            };
            masses[above] += up;
            masses[below] += seen - up;
            from = to;
        }
        // What is beyond the ends is raised: to the lowest loss, or without limit.
        let (under, over) = (upper_tail(-low / z), upper_tail(high / z));
        let moved_over = upper_tail((high - self.distance) / z);
        match direction {
            Direction::Removed => {
                masses[0] += under;
                let infinite = (1.0 - self.rate) * over + self.rate * moved_over;
                Losses {
                    spacing,
                    first,
                    masses,
                    infinite,
                }
            }
            Direction::Added => {
                masses.reverse();
                masses[0] += over;
                Losses {
                    spacing,
                    first: -last,
                    masses,
                    infinite: under,
                }
            }
        }
    }
}
