//! The strategies that a config can name: one file for each, or for a close family.
//!
//! A file holds all that is particular to its strategy behind [`StrategyTable`]: its settings with
//! their defaults and ranges, its line and paper in `wardround strategies`, its aggregator, its
//! server optimizer, and what it changes in training. A new strategy is a new file and a line in the
//! list below.

mod adaptive;
mod bulyan;
mod caf;
mod centred_clipping;
mod coordinates;
mod fedavg;
mod fedavgm;
mod feddyn;
mod fedexp;
mod fednova;
mod fedprox;
mod geometric_median;
mod keys;
mod krum;
mod layerwise;
mod mda;
mod norm_bounding;
mod qfedavg;
mod robust;
mod scaffold;
mod schedule;

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Layout, TrainOrder};
use ward_robust::Robust;
use ward_round::strategy::{Mean, ServerSgd};
use ward_round::{Aggregator, ServerOptimizer, Visibility};

pub use adaptive::{FedAdagradConfig, FedAdamConfig, FedAdamWConfig, FedYogiConfig};
pub use bulyan::BulyanConfig;
pub use caf::CafConfig;
pub use centred_clipping::CentredClippingConfig;
pub use coordinates::{MeaMedConfig, MedianConfig, TrimmedMeanConfig};
pub use fedavg::FedAvgConfig;
pub use fedavgm::FedAvgMConfig;
pub use feddyn::FedDynConfig;
pub use fedexp::FedExPConfig;
pub use fednova::FedNovaConfig;
pub use fedprox::FedProxConfig;
pub use geometric_median::GeometricMedianConfig;
pub use keys::BeforeConfig;
pub use krum::{KrumConfig, MultiKrumConfig};
pub use layerwise::{FedLambConfig, FedLarsConfig};
pub use mda::MdaConfig;
pub use norm_bounding::NormBoundingConfig;
pub use qfedavg::QFedAvgConfig;
pub use robust::RobustConfig;
pub use scaffold::ScaffoldConfig;
pub use schedule::{CosineConfig, LinearWarmupConfig, ScheduleConfig, StepConfig};

use crate::config::check::Settings;

/// What a person is told of a strategy.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// The word for it in a config: `[strategy.ID]`.
    pub id: &'static str,
    /// What it is for, in a line.
    pub r#use: &'static str,
    /// How many bad updates f it bears among n.
    pub bears: &'static str,
    /// Where it is published.
    pub paper: &'static str,
}

/// A strategy's table in a config, and all that follows from it. What is not said here is FedAvg's.
pub(crate) trait StrategyTable: fmt::Debug {
    /// What a person is told of it.
    fn about(&self) -> About;

    /// Finds settings that are out of range, or do not go with others.
    fn check(&self, _settings: &mut Settings<'_>) {}

    /// The rule that bears bad updates and all around it, where there is one and rounds aim at
    /// `target` reports.
    fn robust(&self, _target: usize) -> Option<Robust> {
        None
    }

    /// How a model of this layout moves.
    fn server_optimizer(&self, _layout: &Layout) -> Box<dyn ServerOptimizer> {
        Box::new(ServerSgd::FED_AVG)
    }

    /// Changes how hospitals train.
    fn shape(&self, _order: &mut TrainOrder) {}
}

macro_rules! strategies {
    ($($(#[$doc:meta])* $name:ident($table:ty),)*) => {
        /// How updates become a model.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "kebab-case", deny_unknown_fields)]
        pub enum StrategyConfig {
            $($(#[$doc])* $name($table),)*
        }

        impl StrategyConfig {
            /// Every strategy with its defaults, in the order in which they are listed.
            #[must_use]
            pub fn defaults() -> Vec<Self> {
                vec![$(Self::$name(<$table>::default()),)*]
            }

            fn table(&self) -> &dyn StrategyTable {
                match self {
                    $(Self::$name(table) => table,)*
                }
            }
        }
    };
}

strategies! {
    /// The weighted mean (McMahan et al. 2017).
    Fedavg(FedAvgConfig),
    /// The mean with server momentum (Hsu et al. 2019).
    Fedavgm(FedAvgMConfig),
    /// The mean, with a pull towards the round's first parameters in training (Li et al. 2020).
    Fedprox(FedProxConfig),
    /// A regulariser that each hospital adjusts from round to round (Acar et al. 2021).
    Feddyn(FedDynConfig),
    /// Control variates against what pulls each hospital away (Karimireddy et al. 2020).
    Scaffold(ScaffoldConfig),
    /// Updates divided by the steps that went into them (Wang et al. 2020).
    Fednova(FedNovaConfig),
    /// A server step that grows with disagreement (Jhunjhunwala et al. 2023).
    Fedexp(FedExPConfig),
    /// Hospitals with a high loss count more (Li et al. 2020).
    Qfedavg(QFedAvgConfig),
    /// Server Adam (Reddi et al. 2021).
    Fedadam(FedAdamConfig),
    /// Server Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    Fedadamw(FedAdamWConfig),
    /// Server Yogi (Reddi et al. 2021).
    Fedyogi(FedYogiConfig),
    /// Server Adagrad (Reddi et al. 2021).
    Fedadagrad(FedAdagradConfig),
    /// Server LAMB: Adam's direction, tensors moved by their norms (You et al. 2020).
    Fedlamb(FedLambConfig),
    /// Server LARS: momentum, tensors moved by their norms (You et al. 2017).
    Fedlars(FedLarsConfig),
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
        Self::Fedavg(FedAvgConfig::default())
    }
}

impl StrategyConfig {
    /// What a person is told of it.
    #[must_use]
    pub fn about(&self) -> About {
        self.table().about()
    }

    /// The word for it.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.about().id
    }

    /// What the coordinator must see of the updates.
    #[must_use]
    pub fn visibility(&self) -> Visibility {
        self.aggregator(0).needs()
    }

    /// The rule and all around it, where the strategy has one and rounds aim at `target` reports.
    #[must_use]
    pub fn robust(&self, target: usize) -> Option<Robust> {
        self.table().robust(target)
    }

    /// How updates are combined, where rounds aim at `target` reports.
    #[must_use]
    pub fn aggregator(&self, target: usize) -> Box<dyn Aggregator> {
        match self.robust(target) {
            Some(robust) => Box::new(robust),
            None => Box::new(Mean),
        }
    }

    /// How a model of this layout moves.
    #[must_use]
    pub fn server_optimizer(&self, layout: &Layout) -> Box<dyn ServerOptimizer> {
        self.table().server_optimizer(layout)
    }

    /// Changes how hospitals train.
    pub(crate) fn shape(&self, order: &mut TrainOrder) {
        self.table().shape(order);
    }

    /// Finds settings that are out of range, or do not go with others.
    pub(crate) fn check(&self, settings: &mut Settings<'_>) {
        self.table().check(settings);
    }
}
