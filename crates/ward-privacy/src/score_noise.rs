//! Noise on the scores that a hospital tells of its test rows.
//!
//! A share of cases that are right is two numbers, how many are right and how many there are, and one
//! patient moves each by one at most: exact discrete Gaussian noise on both hides the patient
//! ([`DiscreteGaussian`]). What one patient can move without a bound that is known beforehand (a mean
//! loss, an area under a curve) has no such noise, and is not told. Nor is how a hospital's own model does:
//! every training patient may have moved that model, without a bound.

use ward_core::metric::name;
use ward_core::{Estimate, Evaluation};

use crate::charge::Charge;
use crate::dp::calibrate::{self, Uncalibrated};
use crate::dp::{DiscreteGaussian, Event, Invalid, NoiseRng, PrivacyUnit, Sampling};

/// Noise on one evaluation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ScoreNoise {
    noise_multiplier: f64,
}

impl ScoreNoise {
    /// The least noise with which an evaluation costs `epsilon` at `delta`.
    ///
    /// # Errors
    /// [`Uncalibrated`] where there is none.
    pub(crate) fn new(epsilon: f64, delta: f64) -> Result<Self, Uncalibrated> {
        let noise_multiplier = calibrate::noise_multiplier(Sampling::FullBatch, 1, epsilon, delta)?;
        Ok(Self { noise_multiplier })
    }

    /// What an evaluation costs.
    ///
    /// # Errors
    /// [`Invalid`] where the noise is none.
    pub(crate) fn charge(&self) -> Result<Charge, Invalid> {
        Ok(Charge::Noised {
            unit: PrivacyUnit::Patient,
            event: Event::new(Sampling::FullBatch, self.noise_multiplier, 1)?,
        })
    }

    /// What is told of `evaluation`: the share of cases that the common model gets right, noised. Nothing where noise leaves
    /// no case.
    ///
    /// # Errors
    /// [`Invalid`] where there is no such noise.
    pub(crate) fn on(
        &self,
        evaluation: &Evaluation,
        rng: &mut NoiseRng,
    ) -> Result<Evaluation, Invalid> {
        // One patient more or less moves the number of cases, and that of right answers, by one.
        let variance = 2.0 * self.noise_multiplier * self.noise_multiplier;
        // Drawn before any score is looked at.
        let drawn = DiscreteGaussian::new(variance)?.draws(2, rng);
        // That there is no patient at all is not told either.
        let share = evaluation.get(name::ACCURACY).copied();
        let share = share.unwrap_or_else(|| Estimate::share(0, 1, 0));
        let cases = share.n as f64 + drawn[0] as f64;
        let mut noised = Evaluation::default();
        if cases < 1.0 {
            return Ok(noised);
        }
        let right = (share.value * share.n as f64).round() + drawn[1] as f64;
        let value = (right / cases).clamp(0.0, 1.0);
        let sampled = value * (1.0 - value) / cases;
        let added = variance * (1.0 + value * value) / (cases * cases);
        let estimate = Estimate {
            value,
            n: cases as u64,
            standard_error: (sampled + added).sqrt(),
        };
        noised.0.insert(name::ACCURACY.to_owned(), estimate);
        Ok(noised)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dp::account;
    use ward_core::Seed;

    fn evaluation(right: u64, n: u64) -> Evaluation {
        let share = Estimate::share(right, n, n);
        let own = format!("{}{}", name::PERSONAL, name::ACCURACY);
        let names = [name::ACCURACY, name::AUC, name::LOSS, &own].map(str::to_owned);
        Evaluation(names.into_iter().map(|name| (name, share)).collect())
    }

    #[test]
    fn an_evaluation_costs_what_it_was_to_cost() {
        let noise = ScoreNoise::new(0.5, 1e-5).unwrap();
        let Ok(Charge::Noised {
            unit: PrivacyUnit::Patient,
            event,
        }) = noise.charge()
        else {
            panic!("no charge")
        };
        let epsilon = account::epsilon(&[event], 1e-5).unwrap().epsilon.0;
        assert!(epsilon <= 0.5 && epsilon > 0.499, "{epsilon}");
    }

    #[test]
    fn shares_are_told_with_their_noise_and_nothing_else_is() {
        let noise = ScoreNoise::new(1.0, 1e-5).unwrap();
        let mut rng = NoiseRng::simulated(Seed::run(5));
        let told: Vec<Estimate> = (0..2_000)
            .map(|_| {
                let told = noise.on(&evaluation(3_000, 4_000), &mut rng).unwrap();
                assert_eq!(told.0.len(), 1);
                *told.get(name::ACCURACY).unwrap()
            })
            .collect();
        let mean = |of: fn(&Estimate) -> f64| told.iter().map(of).sum::<f64>() / 2_000.0;
        assert!((mean(|told| told.value) - 0.75).abs() < 1e-3);
        // Of the cases' number: the multiplier times the root of the two numbers that a patient moves.
        let spread = told.iter().map(|told| (told.n as f64 - 4_000.0).powi(2));
        let deviation = (spread.sum::<f64>() / 2_000.0).sqrt();
        let expected = noise.noise_multiplier * f64::sqrt(2.0);
        assert!(
            (deviation / expected - 1.0).abs() < 0.05,
            "{deviation} {expected}"
        );
    }

    #[test]
    fn a_hospital_without_test_rows_is_not_given_away() {
        let noise = ScoreNoise::new(0.01, 1e-5).unwrap();
        let mut rng = NoiseRng::simulated(Seed::run(7));
        let told = (0..50).map(|_| noise.on(&Evaluation::default(), &mut rng).unwrap());
        assert!(told.filter(|told| !told.0.is_empty()).count() > 10);
    }

    #[test]
    fn few_cases_may_be_drowned() {
        let noise = ScoreNoise::new(0.01, 1e-5).unwrap();
        let mut rng = NoiseRng::simulated(Seed::run(6));
        let told = (0..50).map(|_| noise.on(&evaluation(3, 4), &mut rng).unwrap());
        let (none, some): (Vec<_>, Vec<_>) = told.partition(|told| told.0.is_empty());
        assert!(none.len() > 10 && some.len() > 10);
        assert!(some.iter().all(Evaluation::is_sound));
    }
}
