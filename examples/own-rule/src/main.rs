//! An aggregation rule of one's own, in a program that is `wardround` with one rule more.
//!
//! `cargo run --release -- strategies check tightest` tries what it claims;
//! `cargo run --release -- run experiment.toml` trains with it against adversaries; without those,
//! `up` does so in many processes.

use std::process::ExitCode;

use ward_robust::{Choice, Points, Rule};
use ward_round::strategy::Claims;

/// The mean of the tightest n − f updates around one of them: those of the least sum of squared
/// distances to it.
#[derive(Debug)]
struct Tightest;

impl Rule for Tightest {
    fn needs(&self, f: usize) -> usize {
        2 * f + 1
    }

    fn claims(&self) -> Claims {
        Claims::ALL
    }

    fn choose(&self, points: &Points<'_>, f: usize) -> Choice {
        let ball = |centre: usize| {
            let squares = &points.squares(centre)[..points.count()];
            let mut nearest: Vec<usize> = (0..points.count()).collect();
            nearest.sort_by(|&i, &j| squares[i].total_cmp(&squares[j]));
            nearest.truncate(points.count() - f);
            let size: f64 = nearest.iter().map(|&i| squares[i]).sum();
            (size, nearest)
        };
        let balls = (0..points.count()).map(ball);
        let tightest = balls.min_by(|a, b| a.0.total_cmp(&b.0));
        points.mean_of(&tightest.unwrap_or_default().1)
    }
}

fn main() -> ExitCode {
    wardround::strategies::register("tightest", |numbers| match numbers.keys().next() {
        None => Ok(Tightest),
        Some(key) => Err(format!("`tightest` has no setting `{key}`")),
    });
    wardround::cli::main()
}
