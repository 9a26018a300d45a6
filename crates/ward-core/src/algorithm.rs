//! What hospitals do beside plain local training, and which numbers travel for it.
//!
//! A run has one model, or as many as its algorithm says: their numbers then stand one model after
//! the other wherever a model's are spoken of, in [`Params`](crate::Params) and in updates.
//!
//! **Extras** are those numbers. Behind the model the coordinator may send some; behind its update a
//! hospital may return some. Returned extras are sealed, weighed and summed as the update is, so
//! that an algorithm which needs only their mean works on sums.

use serde::{Deserialize, Serialize};

use crate::StateKind;

/// What a hospital does beside plain local training.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Algorithm {
    /// Nothing.
    #[default]
    Plain,
    /// FedDyn's dynamic regulariser (Acar et al. 2021, arXiv:2111.04263, Algorithm 1): the gradient
    /// gains `alpha (w - w_round) - h`, and after the work `h <- h - alpha (w - w_round)`.
    FedDyn {
        /// Strength of the regulariser, above 0.
        alpha: f32,
    },
    /// SCAFFOLD's control variates (Karimireddy et al. 2020, arXiv:1910.06378, Algorithm 1, option
    /// II): the gradient gains `c - c_k`; the upload carries what became of `c_k`.
    Scaffold,
    /// FedNova's normalised update (Wang et al. 2020, arXiv:2007.07481): the update is divided by
    /// the hospital's effective steps, which the upload carries as a [`Wide`] number.
    FedNova,
    /// FedExP (Jhunjhunwala, Wang and Joshi 2023, arXiv:2301.09604): the upload carries the squared
    /// norm of the update as a [`Wide`] number.
    FedExP,
    /// q-FedAvg (Li et al. 2020, arXiv:1905.10497, Algorithm 2): the update is multiplied by the
    /// training loss to the power of q; the upload carries its share of the step's denominator as a
    /// [`Wide`] number.
    QFedAvg {
        /// How much more a badly served hospital counts, 0 or more.
        q: f32,
        /// The Lipschitz constant L of the gradient, above 0; `None` is 1 / the order's learning
        /// rate, which is the paper's and follows a rate that changes.
        lipschitz: Option<f32>,
    },
    /// IFCA (Ghosh et al. 2020, arXiv:2006.04088, Algorithm 1, model averaging): of several models a
    /// hospital trains the one with the least loss on its training rows. Its update is zero but for
    /// that model, and the upload carries a number for each model: 1 for that one, 0 for others.
    Ifca {
        /// How many models, 1 to [`Algorithm::MOST_MODELS`]; with 1 it is FedAvg.
        clusters: u8,
    },
}

impl Algorithm {
    /// The most models that a run can have.
    pub const MOST_MODELS: u8 = 16;

    /// Every algorithm's name, plain training's first.
    pub const NAMES: [&str; 7] = [
        "plain", "feddyn", "scaffold", "fednova", "fedexp", "qfedavg", "ifca",
    ];

    /// Its name, as in `wardround strategies`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        let place = match self {
            Self::Plain => 0,
            Self::FedDyn { .. } => 1,
            Self::Scaffold => 2,
            Self::FedNova => 3,
            Self::FedExP => 4,
            Self::QFedAvg { .. } => 5,
            Self::Ifca { .. } => 6,
        };
        Self::NAMES[place]
    }

    /// Whether what leaves depends on training rows in no other way than through the steps of training,
    /// so that noise on these covers it.
    #[must_use]
    pub fn reads_steps_alone(&self) -> bool {
        match self {
            Self::Plain | Self::FedDyn { .. } | Self::Scaffold | Self::FedNova | Self::FedExP => {
                true
            }
            // Both read the loss of the training rows.
            Self::QFedAvg { .. } | Self::Ifca { .. } => false,
        }
    }

    /// How many models a run has.
    #[must_use]
    pub fn models(&self) -> usize {
        match self {
            Self::Ifca { clusters } => usize::from(*clusters),
            Self::Plain
            | Self::FedDyn { .. }
            | Self::Scaffold
            | Self::FedNova
            | Self::FedExP
            | Self::QFedAvg { .. } => 1,
        }
    }

    /// Numbers of all the run's models, each of `parameters` numbers.
    #[must_use]
    pub fn models_len(&self, parameters: usize) -> usize {
        parameters.saturating_mul(self.models())
    }

    /// Numbers that an instruction to train carries: the models, and the extras behind them.
    #[must_use]
    pub fn instruction_len(&self, parameters: usize) -> usize {
        self.models_len(parameters)
            .saturating_add(self.extras_sent(parameters))
    }

    /// Numbers that an upload carries: the update of the models, and the extras behind it.
    #[must_use]
    pub fn upload_len(&self, parameters: usize) -> usize {
        self.models_len(parameters)
            .saturating_add(self.extras_returned(parameters))
    }

    /// How many numbers the coordinator sends behind a model of `parameters` numbers.
    #[must_use]
    pub fn extras_sent(&self, parameters: usize) -> usize {
        match self {
            Self::Scaffold => parameters,
            Self::Plain
            | Self::FedDyn { .. }
            | Self::FedNova
            | Self::FedExP
            | Self::QFedAvg { .. }
            | Self::Ifca { .. } => 0,
        }
    }

    /// How many numbers an upload carries behind an update of `parameters` numbers.
    #[must_use]
    pub fn extras_returned(&self, parameters: usize) -> usize {
        match self {
            Self::Plain | Self::FedDyn { .. } => 0,
            Self::Scaffold => parameters,
            Self::FedNova | Self::FedExP | Self::QFedAvg { .. } => Wide::NUMBERS,
            Self::Ifca { .. } => self.models(),
        }
    }

    /// What a hospital remembers for it between rounds.
    #[must_use]
    pub fn remembers(&self) -> Option<StateKind> {
        match self {
            Self::FedDyn { .. } => Some(StateKind::FedDyn),
            Self::Scaffold => Some(StateKind::Scaffold),
            Self::Plain
            | Self::FedNova
            | Self::FedExP
            | Self::QFedAvg { .. }
            | Self::Ifca { .. } => None,
        }
    }
}

/// A number that may be far larger than the ring's range, as two that are not: its whole part in
/// units of 65,536, and its fraction.
///
/// The value is linear in the two, so the mean of such pairs is the pair of the mean.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Wide([f32; 2]);

impl Wide {
    /// Numbers it takes.
    pub const NUMBERS: usize = 2;
    /// What the first number counts: a whole part is a multiple of 2^-16 of it, which any ring holds.
    const UNIT: f64 = 65_536.0;

    /// `value` as a pair; whole parts of 2^24 and more lose their last bits.
    #[must_use]
    pub fn new(value: f64) -> Self {
        let whole = value.trunc();
        Self([(whole / Self::UNIT) as f32, (value - whole) as f32])
    }

    /// The pair, as it travels.
    #[must_use]
    pub fn numbers(self) -> [f32; 2] {
        self.0
    }

    /// The value of a pair that has travelled; `None` unless there are two numbers.
    #[must_use]
    pub fn value(numbers: &[f32]) -> Option<f64> {
        let &[whole, fraction] = numbers else {
            return None;
        };
        Some(f64::from(whole) * Self::UNIT + f64::from(fraction))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wide_number_comes_back_as_it_was() {
        for value in [0.0, 1.0, 0.25, 17.0, 1_000.0, 70_000.5, 8_000_000.0, -3.75] {
            assert_eq!(Wide::value(&Wide::new(value).numbers()), Some(value));
        }
        assert_eq!(Wide::value(&[1.0]), None);
    }

    #[test]
    fn the_mean_of_pairs_is_the_pair_of_the_mean() {
        let (one, other) = (Wide::new(65_000.5).numbers(), Wide::new(3.25).numbers());
        let mean = [0, 1].map(|i| (one[i] + other[i]) / 2.0);
        assert_eq!(Wide::value(&mean), Some(32_501.875));
    }
}
