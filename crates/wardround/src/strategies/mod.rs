//! The strategies that a config can name: one file for each, or for a close family.
//!
//! A file holds all that is particular to its strategy behind `StrategyTable`: its settings with
//! their defaults and ranges, its line and paper in `wardround strategies`, its aggregator, its
//! server optimizer, and what it changes in training. A new strategy is a new file and a line in the
//! list below. A program can [`register`] rules of its own.

mod adaptive;
mod bulyan;
mod caf;
mod centred_clipping;
mod choice;
mod coordinates;
mod fedavg;
mod fedavgm;
mod feddyn;
mod fedexp;
mod fednova;
mod fedprox;
mod fltrust;
mod geometric_median;
mod ifca;
mod keys;
mod krum;
mod layerwise;
mod mda;
mod norm_bounding;
mod own;
mod qfedavg;
mod robust;
mod scaffold;
mod schedule;
mod sign_majority;

use std::fmt;
use std::path::Path;

use schemars::JsonSchema;
use serde::de::VariantAccess;
use serde::ser::SerializeMap;
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
pub use fltrust::FlTrustConfig;
pub use geometric_median::GeometricMedianConfig;
pub use ifca::IfcaConfig;
pub use keys::BeforeConfig;
pub use krum::{KrumConfig, MultiKrumConfig};
pub use layerwise::{FedLambConfig, FedLarsConfig};
pub use mda::MdaConfig;
pub use norm_bounding::NormBoundingConfig;
pub use own::{Numbers, OwnConfig, OwnTable, register};
pub use qfedavg::QFedAvgConfig;
pub use robust::RobustConfig;
pub use scaffold::ScaffoldConfig;
pub use sign_majority::SignMajorityConfig;

use crate::config::check::Settings;

/// What a person is told of a strategy.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// What it is for, in a line.
    pub r#use: &'static str,
    /// How many bad updates f it bears among n.
    pub bears: &'static str,
    /// Where it is published.
    pub paper: &'static str,
}

/// The rows that a coordinator holds itself.
#[derive(Debug, Clone, Copy)]
pub struct Root<'a> {
    /// How many are made, where rows are made by a formula.
    pub rows: u64,
    /// Their file, where rows come from files.
    pub file: Option<&'a Path>,
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

    /// The rows that the coordinator trains the rule's reference on, where it does.
    fn root(&self) -> Option<Root<'_>> {
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
    ($($(#[$doc:meta])* $id:literal => $name:ident($table:ty),)*) => {
        /// How updates become a model.
        #[derive(Debug, Clone, PartialEq, JsonSchema)]
        #[schemars(deny_unknown_fields)]
        pub enum StrategyConfig {
            $($(#[$doc])* #[schemars(rename = $id)] $name($table),)*
            /// A rule that this program was built with (see `strategies::register`).
            #[schemars(skip)]
            Own(OwnConfig),
        }

        impl StrategyConfig {
            /// The words for those that every program has, in the order in which they are listed.
            pub const IDS: &[&str] = &[$($id),*];

            /// Every strategy with its defaults, in the order in which they are listed.
            #[must_use]
            pub fn defaults() -> Vec<Self> {
                let mut all = vec![$(Self::$name(<$table>::default()),)*];
                all.extend(OwnConfig::defaults().into_iter().map(Self::Own));
                all
            }

            /// The word for it in a config: `[strategy.ID]`.
            #[must_use]
            pub fn id(&self) -> &str {
                match self {
                    $(Self::$name(_) => $id,)*
                    Self::Own(own) => own.name(),
                }
            }

            fn table(&self) -> &dyn StrategyTable {
                match self {
                    $(Self::$name(table) => table,)*
                    Self::Own(own) => own,
                }
            }

            fn read<'de, A: VariantAccess<'de>>(id: String, table: A) -> Result<Self, A::Error> {
                match id.as_str() {
                    $($id => table.newtype_variant().map(Self::$name),)*
                    _ => OwnConfig::read(id, table).map(Self::Own),
                }
            }

            fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                match self {
                    $(Self::$name(table) => map.serialize_entry($id, table),)*
                    Self::Own(own) => own.write(map),
                }
            }
        }
    };
}

strategies! {
    /// The weighted mean (McMahan et al. 2017).
    "fedavg" => Fedavg(FedAvgConfig),
    /// The mean with server momentum (Hsu et al. 2019).
    "fedavgm" => Fedavgm(FedAvgMConfig),
    /// The mean, with a pull towards the round's first parameters in training (Li et al. 2020).
    "fedprox" => Fedprox(FedProxConfig),
    /// A regulariser that each hospital adjusts from round to round (Acar et al. 2021).
    "feddyn" => Feddyn(FedDynConfig),
    /// Control variates against what pulls each hospital away (Karimireddy et al. 2020).
    "scaffold" => Scaffold(ScaffoldConfig),
    /// Updates divided by the steps that went into them (Wang et al. 2020).
    "fednova" => Fednova(FedNovaConfig),
    /// A server step that grows with disagreement (Jhunjhunwala et al. 2023).
    "fedexp" => Fedexp(FedExPConfig),
    /// Hospitals with a high loss count more (Li et al. 2020).
    "qfedavg" => Qfedavg(QFedAvgConfig),
    /// Several models, each for the hospitals that it fits best (Ghosh et al. 2020).
    "ifca" => Ifca(IfcaConfig),
    /// Server Adam (Reddi et al. 2021).
    "fedadam" => Fedadam(FedAdamConfig),
    /// Server Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    "fedadamw" => Fedadamw(FedAdamWConfig),
    /// Server Yogi (Reddi et al. 2021).
    "fedyogi" => Fedyogi(FedYogiConfig),
    /// Server Adagrad (Reddi et al. 2021).
    "fedadagrad" => Fedadagrad(FedAdagradConfig),
    /// Server LAMB: Adam's direction, tensors moved by their norms (You et al. 2020).
    "fedlamb" => Fedlamb(FedLambConfig),
    /// Server LARS: momentum, tensors moved by their norms (You et al. 2017).
    "fedlars" => Fedlars(FedLarsConfig),
    /// The robust default: nearest-neighbour mixing and the trimmed mean; the median for few.
    "robust" => Robust(RobustConfig),
    /// The median of each coordinate (Yin et al. 2018).
    "median" => Median(MedianConfig),
    /// The mean of each coordinate without its f least and f greatest (Yin et al. 2018).
    "trimmed-mean" => TrimmedMean(TrimmedMeanConfig),
    /// The mean of each coordinate near its median (Xie et al. 2018).
    "meamed" => Meamed(MeaMedConfig),
    /// The one update with the nearest neighbours (Blanchard et al. 2017).
    "krum" => Krum(KrumConfig),
    /// The mean of those with the nearest neighbours (Blanchard et al. 2017).
    "multi-krum" => MultiKrum(MultiKrumConfig),
    /// Picks by Krum, then the mean around their median (El Mhamdi et al. 2018).
    "bulyan" => Bulyan(BulyanConfig),
    /// The point with the least sum of distances (Pillutla et al. 2022).
    "geometric-median" => GeometricMedian(GeometricMedianConfig),
    /// The last result, moved as far as each update may (Karimireddy et al. 2021).
    "centred-clipping" => CentredClipping(CentredClippingConfig),
    /// The mean of the narrowest n - f updates (El Mhamdi et al. 2020).
    "mda" => Mda(MdaConfig),
    /// The mean that a filter by covariance leaves narrowest (Allouah et al. 2025).
    "caf" => Caf(CafConfig),
    /// The mean of clipped updates (Sun et al. 2019).
    "norm-bounding" => NormBounding(NormBoundingConfig),
    /// Updates count as far as they agree with the coordinator's own (Cao et al. 2021).
    "fltrust" => Fltrust(FlTrustConfig),
    /// Each coordinate moves by the sign that most updates have (Bernstein et al. 2019).
    "sign-majority" => SignMajority(SignMajorityConfig),
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

    /// The rows that the coordinator trains the rule's reference on, where it does.
    #[must_use]
    pub fn root(&self) -> Option<Root<'_>> {
        self.table().root()
    }

    /// How updates are combined, where rounds aim at `target` reports. A coordinator that holds rows
    /// has them with it: see `Setup::coordinator`.
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
