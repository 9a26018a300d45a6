//! From `[privacy]` to what an order noises and what a ledger allows.

use std::sync::{Mutex, PoisonError};

use ward_core::{LocalWork, NodeInfo, TrainOrder};
use ward_privacy::dp::calibrate::{self, Uncalibrated};
use ward_privacy::dp::clipping::{self, AdaptiveClip};
use ward_privacy::dp::matrix::Banded;
use ward_privacy::dp::{PrivacyUnit, Sampling};
use ward_privacy::ledger::Budget;

use super::types::{Experiment, HospitalNoiseConfig, PatientConfig, PrivacyConfig, WhenSpent};

/// How many times larger or smaller than at first a clip norm may get.
const ROOM: f32 = 64.0;

/// As [`calibrate::noise_multiplier`], which takes a while, worked out once for the same question.
fn least_noise(
    sampling: Sampling,
    steps: u64,
    target: f64,
    delta: f64,
) -> Result<f64, Uncalibrated> {
    type Question = (Sampling, u64, f64, f64);
    static KNOWN: Mutex<Vec<(Question, f64)>> = Mutex::new(Vec::new());
    let question = (sampling, steps, target, delta);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, answer)) = known.iter().find(|(asked, _)| *asked == question) {
        return Ok(*answer);
    }
    let answer = calibrate::noise_multiplier(sampling, steps, target, delta)?;
    known.push((question, answer));
    Ok(answer)
}

impl PrivacyConfig {
    /// Whose presence is hidden; `None` where nothing is noised.
    #[must_use]
    pub fn unit(&self) -> Option<PrivacyUnit> {
        match (&self.patient, &self.hospital) {
            (Some(_), _) => Some(PrivacyUnit::Patient),
            (None, Some(_)) => Some(PrivacyUnit::Hospital),
            (None, None) => None,
        }
    }

    /// What each hospital may spend on the run.
    #[must_use]
    pub fn budget(&self) -> Option<Budget> {
        self.budget.map(|epsilon| Budget {
            epsilon_per_run: Some(epsilon),
            epsilon_in_all: None,
            delta: self.delta,
        })
    }
}

impl Experiment {
    /// Whether the run ends with the first hospital whose budget is spent.
    #[must_use]
    pub fn rests_with_first(&self) -> bool {
        let privacy = self.privacy.as_ref();
        privacy.is_some_and(|privacy| privacy.when_spent == WhenSpent::Stop)
    }

    /// The noise multiplier: the one that is given, or the least with which a hospital that takes part in
    /// all rounds keeps to the epsilon that is given. 0 where nothing is noised.
    ///
    /// # Errors
    /// [`Uncalibrated`] where no noise reaches that epsilon.
    pub fn noise_multiplier(&self) -> Result<f64, Uncalibrated> {
        let Some(privacy) = &self.privacy else {
            return Ok(0.0);
        };
        let mut rounds = self.rounds;
        let mut part = 1.0;
        let (given, target, sampling, steps) = match (&privacy.patient, &privacy.hospital) {
            (Some(patient), _) => {
                let PatientConfig {
                    noise_multiplier,
                    epsilon,
                    ..
                } = patient;
                // No hospital has fewer than one row, and these draws do not depend on how many.
                let sampling = Sampling::of(patient.draws(), 1, 1);
                let steps = match self.training.work() {
                    LocalWork::Steps(steps) => u64::from(steps),
                    LocalWork::Epochs(epochs) => {
                        u64::from(epochs)
                            * sampling.rate().map_or(1, |rate| (1.0 / rate).ceil() as u64)
                    }
                };
                (*noise_multiplier, *epsilon, sampling, steps)
            }
            (None, Some(hospital)) => {
                let HospitalNoiseConfig {
                    noise_multiplier,
                    epsilon,
                    ..
                } = hospital;
                // Each participation moves the independent noise of several rounds.
                let bands = hospital.bands.max(1);
                rounds = rounds.div_ceil(bands);
                part = Banded::new(bands as usize).sensitivity(1);
                (*noise_multiplier, *epsilon, Sampling::FullBatch, 1)
            }
            (None, None) => return Ok(0.0),
        };
        match (given, target) {
            (Some(given), _) => Ok(given),
            (None, Some(target)) => {
                let steps = steps.saturating_mul(rounds.into());
                Ok(part * least_noise(sampling, steps, target, privacy.delta)?)
            }
            (None, None) => Ok(0.0),
        }
    }

    /// How the clip norm moves; `None` where it stays. It never gets so large that a number of an update
    /// within it would not fit the ring.
    pub(super) fn adaptive_clip(&self) -> Option<AdaptiveClip> {
        let hospital = self.privacy.as_ref()?.hospital.as_ref()?;
        let config = hospital.adaptive.as_ref()?;
        let first = hospital.clip_norm;
        let most = (first * ROOM).min(self.ring.range).max(first);
        Some(AdaptiveClip {
            quantile: config.quantile,
            rate: config.learning_rate,
            least: f64::from(first / ROOM),
            most: f64::from(most),
        })
    }

    /// Deviation of the noise on the sum of bits that tell how many updates were within the clip norm;
    /// `None` where none are sent.
    pub(super) fn bit_deviation(&self, roster: &[NodeInfo]) -> Option<f64> {
        let config = self
            .privacy
            .as_ref()?
            .hospital
            .as_ref()?
            .adaptive
            .as_ref()?;
        let multiplier = self.noise_multiplier().ok()?;
        let of_paper = clipping::bit_deviation(self.target(roster) as u32, multiplier);
        Some(config.bit_deviation.unwrap_or(of_paper))
    }

    /// The finest resolution of the ring at which noise on whole updates can be drawn exactly: its
    /// deviation is at most 2^25 steps, at the largest clip norm. `None` where nothing of that kind is
    /// drawn.
    pub(super) fn finest_noise(&self, roster: &[NodeInfo]) -> Option<f64> {
        let hospital = self.privacy.as_ref()?.hospital.as_ref()?;
        let all = self.noise_multiplier().ok()?;
        let (multiplier, norm) = match (self.adaptive_clip(), self.bit_deviation(roster)) {
            (Some(clip), Some(bits)) => (clipping::update_multiplier(all, bits)?, clip.most),
            _ => (all, f64::from(hospital.clip_norm)),
        };
        Some((25.0 - (multiplier * norm).log2()).floor())
    }

    /// Has `order` noised as `[privacy]` says; a checked config has a noise multiplier.
    pub(super) fn protect(&self, order: &mut TrainOrder, roster: &[NodeInfo]) {
        let Some(privacy) = &self.privacy else {
            return;
        };
        let survivors = self
            .secure_aggregation
            .as_ref()
            .map_or(1, |s| s.min_survivors);
        let multiplier = self.noise_multiplier().unwrap_or(0.0);
        order.protection = privacy.protection(multiplier, self.bit_deviation(roster), survivors);
        if let Some(patient) = &privacy.patient {
            order.example_clip_norm = patient.clip_norm;
        }
    }
}
