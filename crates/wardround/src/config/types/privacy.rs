//! Differential privacy: what is noised, how much, and what a hospital may spend on the run.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Draws, HospitalNoise, NoisePlacement, PatientNoise, Protection};

/// Differential privacy. Give `patient` or `hospital`, not both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PrivacyConfig {
    /// The probability with which the guarantee may fail, above 0 and below 1; below 1 / the rows of the
    /// smallest hospital, where patients are hidden. Default 1e-5.
    pub delta: f64,
    /// The epsilon at which a hospital takes part no more, above 0. Default: no limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<f64>,
    /// What happens when a hospital may spend no more: `go-on` (default) without it, or `stop` the run.
    pub when_spent: WhenSpent,
    /// Each step of local training is noised: one patient more or less is hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patient: Option<PatientConfig>,
    /// Updates are noised as a whole: one hospital more or less is hidden.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hospital: Option<HospitalNoiseConfig>,
}

impl Default for PrivacyConfig {
    fn default() -> Self {
        Self {
            delta: 1e-5,
            budget: None,
            when_spent: WhenSpent::GoOn,
            patient: None,
            hospital: None,
        }
    }
}

/// What happens when a hospital's budget is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum WhenSpent {
    /// The others go on.
    #[default]
    GoOn,
    /// The run ends; its last model is kept.
    Stop,
}

/// DP-SGD in every hospital (Abadi et al. 2016). `[training]` says how many epochs or steps; an epoch is
/// as many steps as read all rows once on average. Give `noise_multiplier` or `epsilon`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PatientConfig {
    /// L2 norm to which each row's gradient is clipped, above 0. Default 1.
    pub clip_norm: f32,
    /// Deviation of the noise on a step's sum of gradients over `clip_norm`, above 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_multiplier: Option<f64>,
    /// The epsilon that a hospital which takes part in all rounds ends with, above 0: the least noise
    /// multiplier that reaches it is worked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<f64>,
    /// How the rows of a step are drawn: `poisson` (default), `truncated-poisson`, `fixed-size`,
    /// `shuffled` (in passes by `training.batch_size`; not amplified) or `full`.
    pub sampling: SamplingConfig,
    /// The share of the rows that a step reads on average, above 0 to 1, where they are drawn anew for
    /// each step. Default 0.1.
    pub rate: f64,
    /// The most rows of a step under `truncated-poisson`, 1 or more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub most: Option<u32>,
    /// Whether how many rows a hospital has is no secret, so that updates may count by them. Default
    /// false: then `round.weight` must be `uniform`.
    pub sizes_are_public: bool,
}

impl Default for PatientConfig {
    fn default() -> Self {
        Self {
            clip_norm: 1.0,
            noise_multiplier: None,
            epsilon: None,
            sampling: SamplingConfig::Poisson,
            rate: 0.1,
            most: None,
            sizes_are_public: false,
        }
    }
}

/// How the rows of a step of DP-SGD are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum SamplingConfig {
    /// Each row with probability `rate`, by itself.
    #[default]
    Poisson,
    /// The same, cut to `most` rows.
    TruncatedPoisson,
    /// A random `rate` of the rows, none twice.
    FixedSize,
    /// Passes over a new permutation.
    Shuffled,
    /// All rows.
    Full,
}

impl PatientConfig {
    /// How rows are drawn.
    #[must_use]
    pub fn draws(&self) -> Draws {
        let rate = self.rate;
        match self.sampling {
            SamplingConfig::Poisson => Draws::Poisson { rate },
            SamplingConfig::TruncatedPoisson => Draws::TruncatedPoisson {
                rate,
                most: self.most.unwrap_or(1),
            },
            SamplingConfig::FixedSize => Draws::FixedSize { rate },
            SamplingConfig::Shuffled => Draws::Shuffled,
            SamplingConfig::Full => Draws::Full,
        }
    }
}

/// Noise on whole updates (McMahan et al. 2018). Updates must count 1 each. Give `noise_multiplier` or
/// `epsilon`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HospitalNoiseConfig {
    /// L2 norm to which an update is shortened, above 0. Default 1.
    pub clip_norm: f32,
    /// Has the norm follow the norms of updates from there. Default: it stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adaptive: Option<AdaptiveClipConfig>,
    /// Deviation of the noise on the sum of updates over `clip_norm`, above 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noise_multiplier: Option<f64>,
    /// The epsilon of a hospital that takes part in all rounds, above 0: the least noise multiplier that
    /// reaches it is worked out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<f64>,
    /// Over how many rounds the noise partly cancels (banded DP-FTRL, Choquette-Choo et al. 2023,
    /// arXiv:2306.08153), 1 or more: sums over rounds, which the model is, get less noise for the same
    /// epsilon. A hospital is asked once in so many rounds, so a round must ask few enough; the noise is
    /// the coordinator's. Default 1: each round's noise is its own.
    pub bands: u32,
    /// Who adds the noise: `coordinator` (default), `shared` or `node`.
    pub placement: PlacementConfig,
    /// Under `shared`, how many of a sum's hospitals are honest at least, 1 or more: their shares of the
    /// noise are enough. Default: `secure_aggregation.min_survivors`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub honest: Option<u32>,
}

impl Default for HospitalNoiseConfig {
    fn default() -> Self {
        Self {
            clip_norm: 1.0,
            adaptive: None,
            noise_multiplier: None,
            epsilon: None,
            bands: 1,
            placement: PlacementConfig::Coordinator,
            honest: None,
        }
    }
}

/// A clip norm that follows a quantile of updates' norms (Andrew et al. 2021, arXiv:1905.03871). Each
/// hospital says in one noised bit whether its update was within the norm; updates get so much more noise
/// that both together cost what the noise multiplier alone would. The norm moves 64-fold at most.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdaptiveClipConfig {
    /// The share of updates that are to be within the norm, above 0 and below 1. Default 0.5.
    pub quantile: f64,
    /// How fast the norm moves, above 0: a round in which all updates were within multiplies it by
    /// e^-(`learning_rate` (1 - `quantile`)). Default 0.2.
    pub learning_rate: f64,
    /// Deviation of the noise on the sum of bits, above half the noise multiplier. Default: a twentieth of
    /// the hospitals that a round aims at, or the noise multiplier where that is more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bit_deviation: Option<f64>,
}

impl Default for AdaptiveClipConfig {
    fn default() -> Self {
        Self {
            quantile: 0.5,
            learning_rate: 0.2,
            bit_deviation: None,
        }
    }
}

/// Who adds the noise, and so who must be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum PlacementConfig {
    /// The coordinator, to the sum. It is trusted with single updates, unless these are masked.
    #[default]
    Coordinator,
    /// Every hospital a share. Nobody is trusted, if `honest` hospitals are; needs
    /// `[secure_aggregation]`.
    Shared,
    /// Every hospital, all of it. Nobody is trusted.
    Node,
}

impl PrivacyConfig {
    /// The engine's words for it, with the noise multiplier that was given or worked out.
    /// `min_survivors` is the fewest updates that a masked sum may hold, `bit_deviation` the noise on bits
    /// where there are any.
    #[must_use]
    pub fn protection(
        &self,
        noise_multiplier: f64,
        bit_deviation: Option<f64>,
        min_survivors: u32,
    ) -> Protection {
        match (&self.patient, &self.hospital) {
            (Some(patient), _) => Protection::Patient(PatientNoise {
                draws: patient.draws(),
                noise_multiplier,
                sizes_are_public: patient.sizes_are_public,
            }),
            (None, Some(hospital)) => Protection::Hospital(HospitalNoise {
                clip_norm: hospital.clip_norm,
                noise_multiplier,
                bit_deviation,
                bands: hospital.bands,
                placement: match hospital.placement {
                    PlacementConfig::Coordinator => NoisePlacement::Coordinator,
                    PlacementConfig::Shared => NoisePlacement::Shared {
                        honest: hospital.honest.unwrap_or(min_survivors),
                    },
                    PlacementConfig::Node => NoisePlacement::Node,
                },
            }),
            (None, None) => Protection::None,
        }
    }
}
