//! Privacy loss distributions, composed by Fourier transform.
//!
//! The loss ln(P/Q) of each step is put on a grid so that no guarantee improves (`step.rs`), the steps are
//! convolved (`convolution.rs`), and epsilon is read off the result, in both directions: a record added and
//! one removed (Koskela, Jalko and Honkela 2020, arXiv:1906.03049). What is cut off, and what rounding may
//! have hidden, counts as a loss without limit.

mod convolution;
mod losses;
mod step;

use convolution::{Part, compose};
use losses::Losses;
use step::{Direction, Step};

use super::event::{Event, Sampling};
use super::special::binomial_between;

/// Points of the grid on which the spread of a step is first looked at.
const COARSE: f64 = 4_096.0;
/// The most points that a step may take on its grid.
const MOST_POINTS: f64 = 524_288.0;
/// The widest range of one step's losses.
const MOST_RANGE: f64 = 1e9;
/// The finest grid.
const FINEST: f64 = 1e-12;
/// About how far the grid may raise a small epsilon.
const PRECISION: f64 = 1e-4;

/// The losses of a number of events together, in both directions.
#[derive(Debug, Clone)]
pub struct Pld([Losses; 2]);

impl Pld {
    /// Of events. `None` where one samples without replacement, for which no pair of distributions that
    /// bounds all others is known here.
    #[must_use]
    pub fn of(events: &[Event]) -> Option<Self> {
        let merged = Event::merged(events);
        if merged.iter().any(|event| event.noise_multiplier() == 0.0) {
            return Some(Self([Losses::without_limit(), Losses::without_limit()]));
        }
        let steps: Option<Vec<(Step, u64)>> = merged.iter().map(of_one).collect();
        let steps = steps?;
        let too_wide = |range: f64| range.is_nan() || range > MOST_RANGE;
        if steps.iter().any(|(step, _)| too_wide(step.range())) {
            return Some(Self([Losses::without_limit(), Losses::without_limit()]));
        }
        let spacing = spacing(&steps);
        Some(Self([Direction::Added, Direction::Removed].map(
            |direction| {
                let part = |(step, count): &(Step, u64)| Part {
                    losses: step.losses(direction, spacing),
                    count: *count,
                };
                compose(&steps.iter().map(part).collect::<Vec<_>>(), spacing)
            },
        )))
    }

    /// The smallest epsilon at `delta` (above 0, below 1).
    #[must_use]
    pub fn epsilon(&self, delta: f64) -> f64 {
        let every = self.0.iter().map(|losses| losses.epsilon(delta));
        every.fold(0.0, f64::max)
    }

    /// The smallest delta at `epsilon`.
    #[must_use]
    pub fn delta(&self, epsilon: f64) -> f64 {
        let every = self.0.iter().map(|losses| losses.delta(epsilon));
        every.fold(0.0, f64::max).min(1.0)
    }
}

/// The pair of distributions that bounds one step of an event, and the number of steps.
fn of_one(event: &Event) -> Option<(Step, u64)> {
    let z = event.noise_multiplier();
    let step = match event.sampling() {
        Sampling::FullBatch | Sampling::ShuffledEpochs => Step::sampled(z, 1.0),
        Sampling::Poisson { rate } => Step::sampled(z, rate),
        Sampling::TruncatedPoisson { rate, most, of } => {
            Step::truncated(z, rate, full_batch(rate, most, of))
        }
        Sampling::FixedWithoutReplacement { .. } => return None,
    };
    Some((step, event.steps()))
}

/// The probability that the others of a data set fill a truncated batch before a record joins them.
fn full_batch(rate: f64, most: u64, of: u64) -> f64 {
    let others = of - 1;
    if rate >= 1.0 {
        return f64::from(u8::from(others >= most));
    }
    binomial_between(others, rate, most, others)
}

/// A grid fine enough for all steps together. Putting a loss on two points of a grid adds to its variance
/// at most a fourth of the squared spacing, a sixth on average, and half as much to its mean.
fn spacing(steps: &[(Step, u64)]) -> f64 {
    let (mut count, mut variance, mut least) = (0.0, 0.0, FINEST);
    for (step, times) in steps {
        let range = step.range();
        let coarse = step.losses(Direction::Removed, (range / COARSE).max(FINEST));
        count += *times as f64;
        variance += *times as f64 * coarse.moments().1;
        least = least.max(range / MOST_POINTS);
    }
    let spread = variance.sqrt();
    let precision = PRECISION * (1.0 + variance).powf(0.25);
    let fine = (6.0 * precision / (count * (0.5 + 2.5 / spread))).sqrt();
    fine.min(spread / 50.0).max(least)
}
