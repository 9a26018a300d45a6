//! The experiment file, type by type. Every field says what it means, its unit, range and default.
//!
//! Choices are externally tagged tables, `[strategy.fedavg]`: so a misspelt key is found where it
//! stands. Nothing is flattened or untagged.

mod adoption;
mod adversaries;
mod border;
mod deployment;
mod evaluation;
mod pretraining;
mod privacy;
mod reimbursement;
mod round;
mod schedule;
mod secure_aggregation;
mod simulation;
mod training;
mod variant;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_data::{DataConfig, ScalingMode};
use ward_train::ModelConfig;

use crate::config::samplers::SamplerConfig;
use crate::personalisation::PersonalisationConfig;
use crate::strategies::StrategyConfig;

pub use adoption::{AdoptionConfig, AdoptionOrder};
pub use adversaries::AdversariesConfig;
pub use border::{BorderConfig, ExchangeConfig, NoisedConfig};
pub use deployment::{
    BudgetConfig, CoordinatorConfig, HospitalConfig, HospitalKeysConfig, Secret, TransportMode,
};
pub use evaluation::{
    ClinicalConfig, EdgeConfig, EvaluationConfig, ExternalConfig, IntervalMethod, InversionConfig,
    MembershipConfig, ReadersConfig, ReadingQueueConfig, ReleaseClass, ReleaseConfig,
};
pub use pretraining::PretrainingConfig;
pub use privacy::{
    HospitalNoiseConfig, PatientConfig, PlacementConfig, PrivacyConfig, SamplingConfig, WhenSpent,
};
pub use reimbursement::{ReimbursementConfig, TierAccountConfig};
pub use round::{RingConfig, RoundConfig};
pub use schedule::{CosineConfig, LinearWarmupConfig, ScheduleConfig, StepConfig};
pub use secure_aggregation::SecureAggregationConfig;
pub use simulation::{Network, SimulationConfig};
pub use training::{AdamConfig, OptimizerConfig, SgdConfig, Training};
pub use variant::Variant;

/// A whole experiment: what `wardround run` reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Its name, part of the run directory's. Default `experiment`.
    #[serde(default = "default_name")]
    pub name: String,
    /// Seed of every public random choice. Default 1.
    #[serde(default = "default_seed")]
    pub seed: u64,
    /// Rounds to play, at least 1.
    pub rounds: u32,
    /// Where the rows come from.
    pub data: DataConfig,
    /// What is done to the rows before training.
    #[serde(default)]
    pub preprocessing: Preprocessing,
    /// The model.
    pub model: ModelConfig,
    /// How the model is trained on public rows before the first round; then hospitals train and send its
    /// last layer alone. Default: it is not, and they send all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pretraining: Option<PretrainingConfig>,
    /// Local work of one round.
    pub training: Training,
    /// How updates become a model. Default `fedavg`.
    #[serde(default)]
    pub strategy: StrategyConfig,
    /// How each hospital comes to a model of its own. Default: it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub personalisation: Option<PersonalisationConfig>,
    /// Who is asked each round. Default `all`.
    #[serde(default)]
    pub sampler: SamplerConfig,
    /// Hospitals that join while the run goes on. Default: all are there from the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adoption: Option<AdoptionConfig>,
    /// Regions with an aggregator each, and what crosses the border between them. Default: there is one
    /// aggregator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub border: Option<BorderConfig>,
    /// What it pays a hospital to take part, and what it costs. Default: everybody can afford it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reimbursement: Option<ReimbursementConfig>,
    /// When rounds end, and what happens between them.
    #[serde(default)]
    pub round: RoundConfig,
    /// The fixed-point ring in which updates are added.
    #[serde(default)]
    pub ring: RingConfig,
    /// How updates are hidden in their sum. Default: they are not, and the coordinator sees each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secure_aggregation: Option<SecureAggregationConfig>,
    /// Differential privacy. Default: no noise, and epsilon is infinite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privacy: Option<PrivacyConfig>,
    /// What the result is held against.
    #[serde(default)]
    pub baselines: BaselinesConfig,
    /// What is asked of the trained model, and which hospitals score it from outside. Default: nothing.
    #[serde(default, skip_serializing_if = "EvaluationConfig::is_empty")]
    pub evaluation: EvaluationConfig,
    /// What the model must show before it is released. Default: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<ReleaseConfig>,
    /// The network and the troubles of a simulation.
    #[serde(default)]
    pub simulation: SimulationConfig,
    /// Hospitals that misbehave, in a simulation only. Default: none do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adversaries: Option<AdversariesConfig>,
    /// Where a deployed coordinator listens.
    #[serde(default)]
    pub coordinator: CoordinatorConfig,
    /// Where results go.
    #[serde(default)]
    pub output: OutputConfig,
    /// Several runs instead of one, each the file with settings of its own on top, played one after
    /// the other by `run`. Default: one run, the file as it is.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<Variant>,
}

fn default_name() -> String {
    "experiment".to_owned()
}

fn default_seed() -> u64 {
    1
}

/// What is done to the rows before training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Preprocessing {
    /// `none` (default), `local` or `federated` z-scores of the features.
    pub scaling: ScalingMode,
}

/// What the result is held against.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BaselinesConfig {
    /// Each hospital on its own rows. Default true.
    pub alone: bool,
    /// One model on all rows in one place. Default true.
    pub pooled: bool,
    /// Allow `pooled` on rows that are not synthetic: they must all be yours to see.
    pub pooled_real_data: bool,
    /// How the baselines train. Default: as the federation does, `rounds` times as long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub training: Option<Training>,
}

impl Default for BaselinesConfig {
    fn default() -> Self {
        Self {
            alone: true,
            pooled: true,
            pooled_real_data: false,
            training: None,
        }
    }
}

/// Where results go.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OutputConfig {
    /// Folder of run directories. Default `runs`.
    pub dir: String,
}

impl Default for OutputConfig {
    fn default() -> Self {
        Self {
            dir: "runs".to_owned(),
        }
    }
}
