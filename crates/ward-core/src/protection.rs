//! Differential privacy as an order asks for it: what is noised, how much, and by whom.
//!
//! What it costs is not said here: the hospital works it out from what ran (`ward_privacy::dp`) and
//! charges its own ledger.

use serde::{Deserialize, Serialize};

/// What an order does for privacy beside keeping rows where they are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Protection {
    /// No noise: epsilon is infinite.
    #[default]
    None,
    /// DP-SGD in the hospital (Abadi et al. 2016, arXiv:1607.00133): each row's gradient is clipped to
    /// the order's [`example_clip_norm`](crate::TrainOrder::example_clip_norm) and each step is noised.
    Patient(PatientNoise),
    /// The update is clipped and noised as a whole (McMahan et al. 2018, arXiv:1710.06963).
    Hospital(HospitalNoise),
}

/// DP-SGD's settings.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct PatientNoise {
    /// How the rows of a step are drawn.
    pub draws: Draws,
    /// Deviation of the noise on a step's sum of gradients, over the clip norm; above 0.
    pub noise_multiplier: f64,
    /// Whether how many rows a hospital has is no secret, so that updates may count by them.
    pub sizes_are_public: bool,
}

/// The noise that local training did add.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noised {
    /// How.
    pub noise: PatientNoise,
    /// Steps taken.
    pub steps: u64,
    /// Rows of a full batch.
    pub batch: u64,
}

/// How the rows of a step of DP-SGD are drawn. The draws are the hospital's secret.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Draws {
    /// Each row is in a step with probability `rate`, by itself; a step may be empty.
    Poisson {
        /// Above 0, up to 1.
        rate: f64,
    },
    /// The same, and of more than `most` rows a random `most` are taken.
    TruncatedPoisson {
        /// Above 0, up to 1.
        rate: f64,
        /// Rows, 1 or more.
        most: u32,
    },
    /// A random `rate` of the rows, always the same number of them, none twice.
    FixedSize {
        /// Above 0, up to 1.
        rate: f64,
    },
    /// Passes over a new permutation, the order's batch size at a time. Not amplified by sampling.
    Shuffled,
    /// All rows in each step.
    Full,
}

impl Draws {
    /// The share of the rows that a step reads, on average; `None` where the order's batch size says it.
    #[must_use]
    pub fn rate(self) -> Option<f64> {
        match self {
            Self::Poisson { rate }
            | Self::TruncatedPoisson { rate, .. }
            | Self::FixedSize { rate } => Some(rate),
            Self::Full => Some(1.0),
            Self::Shuffled => None,
        }
    }
}

/// Settings of noise on whole updates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HospitalNoise {
    /// L2 norm to which an update is shortened where it is longer; above 0.
    pub clip_norm: f32,
    /// Deviation of the noise on the sum of updates, over the clip norm; above 0. Where there are bits,
    /// what updates and bits cost together is what this noise alone would.
    pub noise_multiplier: f64,
    /// Deviation of the noise on the sum of **bits**, each of which says whether one hospital's update was
    /// within the norm: the coordinator moves the norm by them (Andrew et al. 2021, arXiv:1905.03871).
    /// Above half the noise multiplier; `None` where the norm stays and no bits are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bit_deviation: Option<f64>,
    /// Over how many rounds the coordinator's noise partly cancels (banded matrix mechanism,
    /// Choquette-Choo et al. 2023, arXiv:2306.08153): a hospital takes part at most once in so many, 1 or
    /// more. With 1 the noise of each round is its own.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub bands: u32,
    /// Who adds the noise.
    pub placement: NoisePlacement,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_one(bands: &u32) -> bool {
    *bands == 1
}

/// Who adds the noise, and so who must be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoisePlacement {
    /// Every hospital, all of it (local differential privacy): nobody is trusted.
    Node,
    /// Every hospital a share, such that those of `honest` hospitals are enough: whoever sees only
    /// sums need not be trusted. Updates must be hidden in their sum.
    Shared {
        /// 1 or more.
        honest: u32,
    },
    /// The coordinator, to the sum: it is trusted with single updates.
    Coordinator,
}

impl HospitalNoise {
    /// The most bands: their sensitivity is a sum over as many numbers.
    pub const MOST_BANDS: u32 = 4_096;
}

impl Protection {
    /// Whether what hospitals measure on their training rows, such as the loss, may be told beside
    /// an update: it is not covered by the noise.
    #[must_use]
    pub fn tells_loss(&self) -> bool {
        matches!(self, Self::None)
    }

    /// In how many of `rounds` rounds one hospital can take part.
    #[must_use]
    pub fn most_rounds(&self, rounds: u32) -> u32 {
        match self {
            Self::Hospital(noise) => rounds.div_ceil(noise.bands.max(1)),
            Self::None | Self::Patient(_) => rounds,
        }
    }

    /// How many bits an upload carries behind everything else.
    #[must_use]
    pub fn bits(&self) -> usize {
        match self {
            Self::Hospital(noise) => usize::from(noise.bit_deviation.is_some()),
            Self::None | Self::Patient(_) => 0,
        }
    }
}
