//! How strong an attack is worth making: a line search against the coordinator's own rule.
//!
//! The idea of tailoring an attack to a known rule is Shejwalkar and Houmansadr's, NDSS 2021; the walk
//! is byzfl 0.0.11's: from 0, steps of 10 that double while the damage grows; at the first failure
//! steps shrink by .8 and are taken only where the damage still grows; 20 evaluations in all.

use super::honest::Honest;

/// How updates are combined: n vectors of d numbers to one.
pub type Rule<'a> = dyn Fn(&[&[f64]]) -> Vec<f64> + Send + Sync + 'a;

/// What an optimal attack is aimed at.
#[derive(Clone, Copy)]
pub struct Target<'a> {
    /// How the coordinator combines updates.
    pub rule: &'a Rule<'a>,
    /// How many send the same forged update.
    pub colluders: usize,
    /// The largest magnitude that one coordinate may have: beyond it the attackers' own `seal`
    /// would keep the update back.
    pub range: f64,
}

impl Target<'_> {
    /// How far the aggregate of `honest` and of all copies of `forged` is moved from the honest
    /// `mean`; less than nothing where `forged` could not be sent.
    pub(super) fn damage(&self, honest: &Honest, mean: &[f64], forged: &[f64]) -> f64 {
        if !forged.iter().all(|v| v.abs() <= self.range) {
            return f64::NEG_INFINITY;
        }
        let mut all: Vec<&[f64]> = honest.updates().iter().map(Vec::as_slice).collect();
        all.resize(all.len() + self.colluders, forged);
        super::honest::squared_distance(&(self.rule)(&all), mean).sqrt()
    }
}

/// Evaluations of the damage, the one at 0 included.
const EVALUATIONS: usize = 20;
/// The first step.
const STEP: f64 = 10.0;
/// What steps shrink by.
const RATIO: f64 = 0.8;

/// The strength with the most damage among those that the search looks at.
pub(super) fn line_search(damage: impl Fn(f64) -> f64) -> f64 {
    let (mut best, mut most) = (0.0, damage(0.0));
    let (mut step, mut expanding) = (STEP, true);
    for _ in 1..EVALUATIONS {
        let found = damage(best + step);
        let grows = found > most;
        if grows {
            (best, most) = (best + step, found);
        }
        expanding &= grows;
        step *= if expanding { 2.0 } else { RATIO };
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_closes_in_on_a_peak() {
        // Doubling ends at 30, shrinking steps improve on it.
        let peak = |x: f64| -(x - 37.0).abs();
        assert!((line_search(peak) - 37.0).abs() < 7.0);
        // Nothing gained anywhere: nothing is added.
        assert_eq!(line_search(|x| -x), 0.0);
    }

    #[test]
    fn what_could_not_be_sent_does_no_damage() {
        let honest = Honest::new(vec![vec![1.0], vec![3.0]]).unwrap();
        let mean = |all: &[&[f64]]| vec![all.iter().map(|v| v[0]).sum::<f64>() / all.len() as f64];
        let target = Target {
            rule: &mean,
            colluders: 2,
            range: 4.0,
        };
        assert_eq!(target.damage(&honest, &[2.0], &[4.0]), 1.0);
        assert_eq!(target.damage(&honest, &[2.0], &[4.1]), f64::NEG_INFINITY);
        assert_eq!(
            target.damage(&honest, &[2.0], &[f64::NAN]),
            f64::NEG_INFINITY
        );
    }
}
