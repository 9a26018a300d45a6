//! How updates become a model.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::robust::{
    BulyanConfig, CafConfig, CentredClippingConfig, GeometricMedianConfig, KrumConfig, MdaConfig,
    MeaMedConfig, MedianConfig, MultiKrumConfig, NormBoundingConfig, RobustConfig,
    TrimmedMeanConfig,
};

/// How updates become a model.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum StrategyConfig {
    /// The weighted mean (McMahan et al. 2017).
    Fedavg(FedAvgConfig),
    /// The mean with server momentum (Hsu et al. 2019).
    Fedavgm(FedAvgMConfig),
    /// The mean, with a pull towards the round's first parameters in training (Li et al. 2020).
    Fedprox(FedProxConfig),
    /// A regulariser that each hospital adjusts from round to round (Acar et al. 2021).
    Feddyn(FedDynConfig),
    /// Server Adam (Reddi et al. 2021).
    Fedadam(FedAdamConfig),
    /// Server Yogi (Reddi et al. 2021).
    Fedyogi(FedYogiConfig),
    /// Server Adagrad (Reddi et al. 2021).
    Fedadagrad(FedAdagradConfig),
    /// The robust default: nearest-neighbour mixing and the trimmed mean; the median for few.
    Robust(RobustConfig),
    /// The median of each coordinate (Yin et al. 2018).
    Median(MedianConfig),
    /// The mean of each coordinate without its f least and f greatest (Yin et al. 2018).
    TrimmedMean(TrimmedMeanConfig),
    /// The mean of each coordinate near its median (Xie et al. 2018).
    Meamed(MeaMedConfig),
    /// The one update with the nearest neighbours (Blanchard et al. 2017).
    Krum(KrumConfig),
    /// The mean of those with the nearest neighbours (Blanchard et al. 2017).
    MultiKrum(MultiKrumConfig),
    /// Picks by Krum, then the mean around their median (El Mhamdi et al. 2018).
    Bulyan(BulyanConfig),
    /// The point with the least sum of distances (Pillutla et al. 2022).
    GeometricMedian(GeometricMedianConfig),
    /// The last result, moved as far as each update may (Karimireddy et al. 2021).
    CentredClipping(CentredClippingConfig),
    /// The mean of the narrowest n - f updates (El Mhamdi et al. 2018).
    Mda(MdaConfig),
    /// The mean that a filter by covariance leaves narrowest (Allouah et al. 2025).
    Caf(CafConfig),
    /// The mean of clipped updates (Sun et al. 2019).
    NormBounding(NormBoundingConfig),
}

impl Default for StrategyConfig {
    fn default() -> Self {
        Self::Fedavg(FedAvgConfig {})
    }
}

impl StrategyConfig {
    /// Every strategy with its defaults, in the order in which they are listed.
    #[must_use]
    pub fn defaults() -> [Self; 19] {
        [
            Self::Fedavg(FedAvgConfig::default()),
            Self::Fedavgm(FedAvgMConfig::default()),
            Self::Fedprox(FedProxConfig::default()),
            Self::Feddyn(FedDynConfig::default()),
            Self::Fedadam(FedAdamConfig::default()),
            Self::Fedyogi(FedYogiConfig::default()),
            Self::Fedadagrad(FedAdagradConfig::default()),
            Self::Robust(RobustConfig::default()),
            Self::Median(MedianConfig::default()),
            Self::TrimmedMean(TrimmedMeanConfig::default()),
            Self::Meamed(MeaMedConfig::default()),
            Self::Krum(KrumConfig::default()),
            Self::MultiKrum(MultiKrumConfig::default()),
            Self::Bulyan(BulyanConfig::default()),
            Self::GeometricMedian(GeometricMedianConfig::default()),
            Self::CentredClipping(CentredClippingConfig::default()),
            Self::Mda(MdaConfig::default()),
            Self::Caf(CafConfig::default()),
            Self::NormBounding(NormBoundingConfig::default()),
        ]
    }
}

/// FedAvg has no settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct FedAvgConfig {}

/// Settings of FedAvgM.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FedAvgMConfig {
    /// Server step size, above 0. Default 1.
    pub learning_rate: f32,
    /// Share of the last step kept, 0 to below 1. Default 0.9 (the paper's).
    pub momentum: f32,
}

impl Default for FedAvgMConfig {
    fn default() -> Self {
        Self {
            learning_rate: 1.0,
            momentum: 0.9,
        }
    }
}

/// Settings of FedProx.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FedProxConfig {
    /// Strength of the pull, 0 or more. Default 0.01.
    pub mu: f32,
}

impl Default for FedProxConfig {
    fn default() -> Self {
        Self { mu: 0.01 }
    }
}

/// Settings of FedDyn.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FedDynConfig {
    /// Strength of the regulariser, above 0. Default 0.01.
    pub alpha: f32,
}

impl Default for FedDynConfig {
    fn default() -> Self {
        Self { alpha: 0.01 }
    }
}

macro_rules! adaptive_config {
    ($name:ident, $title:literal, $rate:literal, $beta1:literal, $beta2:literal, $tau:literal) => {
        #[doc = $title]
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            #[doc = concat!("Server step size, above 0. Default ", $rate, ".")]
            pub learning_rate: f32,
            #[doc = concat!("Decay of the momentum, 0 to below 1. Default ", $beta1, ".")]
            pub beta1: f32,
            #[doc = concat!("Decay of the variance, 0 to below 1. Default ", $beta2, ".")]
            pub beta2: f32,
            #[doc = concat!("Added to the root of the variance, above 0. Default ", $tau, ".")]
            pub adaptivity: f32,
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    learning_rate: $rate,
                    beta1: $beta1,
                    beta2: $beta2,
                    adaptivity: $tau,
                }
            }
        }
    };
}

adaptive_config!(FedAdamConfig, "Settings of FedAdam.", 0.1, 0.9, 0.99, 0.001);
adaptive_config!(
    FedYogiConfig,
    "Settings of FedYogi.",
    0.01,
    0.9,
    0.99,
    0.001
);

/// Settings of FedAdagrad.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FedAdagradConfig {
    /// Server step size, above 0. Default 0.1.
    pub learning_rate: f32,
    /// Decay of the momentum, 0 to below 1. Default 0 (the paper's).
    pub beta1: f32,
    /// Added to the root of the variance, above 0. Default 0.001.
    pub adaptivity: f32,
}

impl Default for FedAdagradConfig {
    fn default() -> Self {
        Self {
            learning_rate: 0.1,
            beta1: 0.0,
            adaptivity: 0.001,
        }
    }
}
