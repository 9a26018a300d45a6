//! How a hospital's patients and assays differ from the nation's.

use rand_distr::{Distribution, StandardNormal};
use ward_core::RoundId;

use crate::drift::Drift;
use crate::place::Place;

/// Spread of a hospital's prevalence (logit), and of its features (in their own deviations).
const PREVALENCE: f64 = 0.4;
const FEATURES: f64 = 0.3;

/// One hospital's shifts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shift<const FEATURES: usize> {
    /// Added to the logit of the national prevalence: N(0, .4).
    pub(crate) prevalence: f64,
    /// Added to each feature, in deviations of that feature: N(0, .3).
    pub(crate) features: [f64; FEATURES],
}

impl<const N: usize> Shift<N> {
    /// A hospital like all others.
    pub(crate) const NONE: Self = Self {
        prevalence: 0.0,
        features: [0.0; N],
    };

    /// The shifts of the hospital at `place`.
    pub(crate) fn draw(place: Place) -> Self {
        let mut rng = place.hospital("shift");
        let mut normal = || -> f64 { StandardNormal.sample(&mut rng) };
        Self {
            prevalence: normal() * PREVALENCE,
            features: [(); N].map(|()| normal() * FEATURES),
        }
    }

    /// These shifts where the switch is on, and none where it is not.
    pub(crate) fn where_on(self, on: bool) -> Self {
        if on { self } else { Self::NONE }
    }

    /// These shifts as `drift` has moved them by `round`; `names` are the features'.
    pub(crate) fn drifted(mut self, drift: &Drift, names: [&str; N], round: RoundId) -> Self {
        self.prevalence += drift.prevalence * f64::from(drift.steps(round));
        let moved = self.features.iter_mut().zip(drift.moved(names, round));
        moved.for_each(|(feature, by)| *feature += by);
        self
    }

    /// The prevalence here of what has prevalence `national` in the nation.
    pub(crate) fn prevalence_near(&self, national: f64) -> f64 {
        let odds = national / (1.0 - national) * self.prevalence.exp();
        odds / (1.0 + odds)
    }

    /// The shifts as a fact about the hospital.
    pub(crate) fn fact(&self) -> (&'static str, String) {
        let logit = format!("{:+.2}", self.prevalence);
        ("prevalence shift (logit)", logit)
    }
}
