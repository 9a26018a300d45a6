//! How a learning rate changes from round to round, a server's or a hospital's.
//!
//!   η_t = η s(t)                                       t: rounds before this one
//!
//!   s(t) = min(1, (t + 1) / T)                         warmup: Goyal et al. 2017, arXiv:1706.02677
//!   s(t) = γ^⌊t / T⌋                                   steps: `factor` γ
//!   s(t) = a + (1 − a) (1 + cos π min(1, t / T)) / 2   cosine: Loshchilov and Hutter 2017,
//!                                                      arXiv:1608.03983, equation 5, no restarts
//!
//! A rate depends on the round's number alone, so a resumed run goes on with the same. Rounds that
//! were abandoned count.

use crate::RoundId;

/// How a learning rate changes from round to round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Schedule {
    /// It does not.
    Constant,
    /// It rises in equal steps and is whole from round number `rounds` on.
    LinearWarmup {
        /// Rounds T, at least 1.
        rounds: u32,
    },
    /// It is multiplied by `factor` after every so many rounds.
    Step {
        /// Rounds T between two changes, at least 1.
        every: u32,
        /// The factor γ, above 0.
        factor: f32,
    },
    /// It falls along half a cosine, to `least` times itself.
    Cosine {
        /// Rounds T that the fall takes, at least 1; where nothing is said, those of the run.
        rounds: Option<u32>,
        /// The share a that is left at the end, 0 to 1.
        least: f32,
    },
}

impl Schedule {
    /// The rate that becomes of `first`, η, in `round` of a run of `all` rounds.
    #[must_use]
    pub fn rate(self, first: f32, round: RoundId, all: u32) -> f32 {
        let t = round.0;
        let share = match self {
            Self::Constant => return first,
            Self::LinearWarmup { rounds } => {
                f64::min(1.0, (f64::from(t) + 1.0) / f64::from(rounds))
            }
            Self::Step { every, factor } => libm::pow(f64::from(factor), f64::from(t / every)),
            Self::Cosine { rounds, least } => {
                let done = f64::min(1.0, f64::from(t) / f64::from(rounds.unwrap_or(all)));
                let least = f64::from(least);
                least + (1.0 - least) * 0.5 * (1.0 + libm::cos(std::f64::consts::PI * done))
            }
        };
        (f64::from(first) * share) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// η = 2 in rounds 0, 1, 2, ... of a run of eight.
    fn rates<const N: usize>(schedule: Schedule) -> [f32; N] {
        std::array::from_fn(|round| schedule.rate(2.0, RoundId(round as u32), 8))
    }

    #[test]
    fn schedules_by_hand() {
        assert_eq!(rates(Schedule::Constant), [2.0, 2.0]);
        let warmup = Schedule::LinearWarmup { rounds: 4 };
        assert_eq!(rates(warmup), [0.5, 1.0, 1.5, 2.0, 2.0]);
        let step = Schedule::Step {
            every: 2,
            factor: 0.5,
        };
        assert_eq!(rates(step), [2.0, 2.0, 1.0, 1.0, 0.5, 0.5]);
        let cosine = |rounds, least| Schedule::Cosine { rounds, least };
        // cos 0, π/2, π: 1, 0, −1; then it stays.
        assert_eq!(rates(cosine(Some(2), 0.0)), [2.0, 1.0, 0.0, 0.0]);
        assert_eq!(rates(cosine(Some(2), 0.5)), [2.0, 1.5, 1.0, 1.0]);
        let whole: [f32; 9] = rates(cosine(None, 0.0));
        assert_eq!((whole[0], whole[4], whole[8]), (2.0, 1.0, 0.0));
        assert!(whole.is_sorted_by(|a, b| a > b));
    }
}
