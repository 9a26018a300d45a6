//! The settings that every scenario has, beside its own.

use crate::consent::{Consent, Withdrawal};
use crate::misdiagnosis::Misdiagnosis;
use crate::population::{Population, Sizes};
use crate::source::Problem;

/// What every scenario's table says.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Common<'a> {
    pub(crate) population: Population,
    pub(crate) sizes: Option<Sizes>,
    pub(crate) misdiagnosis: &'a Misdiagnosis,
    pub(crate) consent: &'a Consent,
    pub(crate) withdrawal: Option<&'a Withdrawal>,
}

/// A scenario's table in a config, declared by [`scenario_table`].
pub(crate) trait Table: Clone + std::fmt::Debug + Send + Sync {
    /// The settings that all have.
    fn common(&self) -> Common<'_>;
}

impl Common<'_> {
    /// What is wrong with the common settings of a table that stands at `path` and tells `classes`
    /// classes apart.
    pub(super) fn problems(&self, path: &str, classes: usize) -> Vec<Problem> {
        let tiers = self.population.tiers().iter().map(|(tier, _)| *tier);
        let tiers: Vec<&str> = tiers.collect();
        let below = |key: &str| format!("{path}.{key}");
        let misdiagnosis = below("misdiagnosis");
        let mut problems = self.misdiagnosis.problems(&misdiagnosis, &tiers, classes);
        problems.extend(self.consent.problems(&below("consent"), &tiers));
        if let Some(withdrawal) = self.withdrawal {
            problems.extend(withdrawal.problems(&below("withdrawal")));
        }
        problems
    }
}

/// A problem at `path` where `value` is not above `low` and at most `high`.
pub(crate) fn above(path: &str, value: f64, low: f64, high: f64) -> Option<Problem> {
    let fits = value > low && value <= high;
    let message = || format!("a value is above {low} and up to {high}, not {value}");
    (!fits).then(|| Problem::new(path, message()))
}

/// Declares the table of a scenario: the settings that all have, with the population that is its
/// default, then its own with their defaults.
macro_rules! scenario_table {
    (
        $(#[$about:meta])*
        $name:ident, $population:expr, {
            $( $(#[$help:meta])* $field:ident: $kind:ty = $default:expr, )*
        }
    ) => {
        $(#[$about])*
        #[derive(
            Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
        )]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            /// The hospitals: a preset.
            pub population: $crate::population::Population,
            /// Cases of a hospital: `fixed` at the tier's median or `lognormal` about it.
            pub sizes: Option<$crate::population::Sizes>,
            /// How often training labels are wrong: `"tier"` (default), `"none"`,
            /// `{ rates = {...} }`, `{ asymmetric = { miss = 0.4, false_alarm = 0.2 } }`.
            pub misdiagnosis: $crate::misdiagnosis::Misdiagnosis,
            /// Whether only patients who consent are trained on: `true` (.90 of a tertiary hospital's,
            /// .80 of a county's, .70 of a township's), a share, or `{ township = 0.5 }`. Default
            /// false: everybody is.
            pub consent: $crate::consent::Consent,
            /// Patients who take their consent back, `{ share = 0.1, rounds = [5] }`: their rows
            /// leave from the next round on. Default nobody.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub withdrawal: Option<$crate::consent::Withdrawal>,
            $( $(#[$help])* pub $field: $kind, )*
        }

        impl Default for $name {
            fn default() -> Self {
                Self {
                    population: $population,
                    sizes: None,
                    misdiagnosis: $crate::misdiagnosis::Misdiagnosis::Tier,
                    consent: $crate::consent::Consent::Asked(false),
                    withdrawal: None,
                    $( $field: $default, )*
                }
            }
        }

        impl $crate::synthetic::Table for $name {
            fn common(&self) -> $crate::synthetic::Common<'_> {
                $crate::synthetic::Common {
                    population: self.population,
                    sizes: self.sizes,
                    misdiagnosis: &self.misdiagnosis,
                    consent: &self.consent,
                    withdrawal: self.withdrawal.as_ref(),
                }
            }
        }
    };
}

pub(crate) use scenario_table;
