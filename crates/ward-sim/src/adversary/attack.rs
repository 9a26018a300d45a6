//! Which attack it is, and where it takes hold.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::Seed;

use super::rows::Poison;
use super::{
    Alie, Backdoor, FeatureNoise, FreeRider, GaussianNoise, InflatedCount, Ipm, LabelFlip, Mimic,
    MinMax, MinSum, NonFinite, OptimalAlie, OptimalIpm, SignFlip, Straggler,
};

/// What adversaries do: one attack for a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Attack {
    /// Their own update backwards (Li et al. 2019).
    SignFlip(SignFlip),
    /// Inner-product manipulation: the honest mean backwards (Xie et al. 2019).
    Ipm(Ipm),
    /// Inner-product manipulation, as strong as does the most damage to the coordinator's rule.
    OptimalIpm(OptimalIpm),
    /// A little is enough: a shift that hides in the spread (Baruch et al. 2019).
    Alie(Alie),
    /// A little is enough, as strong as does the most damage to the coordinator's rule.
    OptimalAlie(OptimalAlie),
    /// White noise (Blanchard et al. 2017).
    GaussianNoise(GaussianNoise),
    /// Infinity or NaN, past the attacker's own seal.
    NonFinite(NonFinite),
    /// One honest hospital's update, again and again (Karimireddy et al. 2022).
    Mimic(Mimic),
    /// As far out as the honest updates furthest apart (Shejwalkar and Houmansadr 2021).
    MinMax(MinMax),
    /// As far from all as the most remote honest update (Shejwalkar and Houmansadr 2021).
    MinSum(MinSum),
    /// No change, or noise that looks like one (Fraboni et al. 2021).
    FreeRider(FreeRider),
    /// An honest update that claims more rows than there are.
    InflatedCount(InflatedCount),
    /// Training on turned labels (Tolpegin et al. 2020).
    LabelFlip(LabelFlip),
    /// Training on blurred features.
    FeatureNoise(FeatureNoise),
    /// A trigger that brings about one class (Gu et al. 2017, Bagdasaryan et al. 2020).
    Backdoor(Backdoor),
    /// Honest updates, always late.
    Straggler(Straggler),
}

impl Attack {
    /// The word for it.
    #[must_use]
    pub fn id(&self) -> &'static str {
        match self {
            Self::SignFlip(_) => "sign-flip",
            Self::Ipm(_) => "ipm",
            Self::OptimalIpm(_) => "optimal-ipm",
            Self::Alie(_) => "alie",
            Self::OptimalAlie(_) => "optimal-alie",
            Self::GaussianNoise(_) => "gaussian-noise",
            Self::NonFinite(_) => "non-finite",
            Self::Mimic(_) => "mimic",
            Self::MinMax(_) => "min-max",
            Self::MinSum(_) => "min-sum",
            Self::FreeRider(_) => "free-rider",
            Self::InflatedCount(_) => "inflated-count",
            Self::LabelFlip(_) => "label-flip",
            Self::FeatureNoise(_) => "feature-noise",
            Self::Backdoor(_) => "backdoor",
            Self::Straggler(_) => "straggler",
        }
    }

    /// Whether attackers must see the honest updates of the round first.
    #[must_use]
    pub fn colludes(&self) -> bool {
        match self {
            Self::Ipm(_)
            | Self::OptimalIpm(_)
            | Self::Alie(_)
            | Self::OptimalAlie(_)
            | Self::Mimic(_)
            | Self::MinMax(_)
            | Self::MinSum(_) => true,
            Self::FreeRider(rider) => rider.disguised,
            _ => false,
        }
    }

    /// Whether it changes training rows before anything is learned from them.
    #[must_use]
    pub fn poisons(&self) -> bool {
        self.poison().is_some()
    }

    /// What is done to training rows; `None` where they are left alone.
    pub(crate) fn poison(&self) -> Option<&dyn Poison> {
        match self {
            Self::LabelFlip(attack) => Some(attack),
            Self::FeatureNoise(attack) => Some(attack),
            Self::Backdoor(attack) => Some(attack),
            _ => None,
        }
    }

    /// What an attacker that works alone sends in place of its `own` update, any noise drawn at
    /// `place`; `None` where it sends its own.
    pub(super) fn alter(&self, own: &[f64], place: Seed) -> Option<Vec<f64>> {
        match self {
            Self::SignFlip(attack) => Some(attack.alter(own)),
            Self::GaussianNoise(attack) => Some(attack.forge(own.len(), place)),
            Self::FreeRider(attack) => Some(attack.forge(own.len())),
            Self::Backdoor(attack) => Some(attack.alter(own)),
            _ => None,
        }
    }

    /// Milliseconds by which updates are held up.
    pub(crate) fn late_by_ms(&self) -> u64 {
        match self {
            Self::Straggler(attack) => attack.late_by_ms(),
            _ => 0,
        }
    }
}

impl fmt::Display for Attack {
    /// The word and what was set, for a person: `sign-flip (scale 5)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let settings = match self {
            Self::SignFlip(a) => format!("scale {}", a.scale),
            Self::Ipm(a) => format!("tau {}", a.tau),
            Self::Alie(a) => a
                .tau
                .map_or("tau z_max".to_owned(), |tau| format!("tau {tau}")),
            Self::OptimalIpm(_) | Self::OptimalAlie(_) => "the best tau".to_owned(),
            Self::GaussianNoise(a) => format!("deviation {}", a.deviation),
            Self::NonFinite(a) => match a.value {
                super::NotANumber::Infinity => "infinity".to_owned(),
                super::NotANumber::Nan => "NaN".to_owned(),
            },
            Self::Mimic(a) => format!("index {}", a.index),
            Self::MinMax(MinMax { perturbation }) | Self::MinSum(MinSum { perturbation }) => {
                perturbation.word().to_owned()
            }
            Self::FreeRider(a) => if a.disguised { "disguised" } else { "plain" }.to_owned(),
            Self::InflatedCount(a) => a
                .claim
                .map_or("the most allowed".to_owned(), |rows| format!("{rows} rows")),
            Self::LabelFlip(a) => format!("share {}", a.share),
            Self::FeatureNoise(a) => format!("deviation {}", a.deviation),
            Self::Backdoor(a) => {
                format!("target {}, share {}, boost {}", a.target, a.share, a.boost)
            }
            Self::Straggler(a) => format!("{} s late", a.late_by_s),
        };
        write!(f, "{} ({settings})", self.id())
    }
}
