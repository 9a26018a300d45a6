//! How many reports a round aims at: `count`, or `fraction` of those who may be asked.

use super::Crowd;
use crate::codes::Code;
use crate::config::check::Found;

/// What the two keys say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    pub(super) count: Option<u32>,
    pub(super) fraction: Option<f64>,
}

impl Size {
    /// The reports aimed at: at least one, and no more than may be asked.
    pub(super) fn of(self, crowd: &Crowd<'_>) -> usize {
        let asked = match (self.count, self.fraction) {
            (Some(count), _) => count as usize,
            (None, fraction) => (fraction.unwrap_or(1.0) * crowd.admitted as f64).round() as usize,
        };
        asked.clamp(1, crowd.admitted.max(1))
    }

    pub(super) fn check(self, found: &mut Found, path: &str) {
        let given = [self.count.is_some(), self.fraction.is_some()];
        let help = "say how many: `count = 10` or `fraction = 0.1`";
        found.one_of_two(path, given, ["count", "fraction"], help);
        found.at_least(&format!("{path}.count"), self.count.unwrap_or(1), 1);
        let (path, fraction) = (format!("{path}.fraction"), self.fraction.unwrap_or(1.0));
        found.number(&path, fraction, "above 0 and up to 1", |v| {
            v > 0.0 && v <= 1.0
        });
    }

    pub(super) fn check_crowd(self, found: &mut Found, path: &str, crowd: &Crowd<'_>) {
        if let Some(count) = self.count
            && count as usize > crowd.admitted
        {
            let message = format!("asks for {count} hospitals, and {}", crowd.in_words());
            found.add(Code::TooFewHospitals, &format!("{path}.count"), message);
        }
    }
}

/// A table with `count` or `fraction` and `where` after keys of its own.
macro_rules! sized_config {
    ($name:ident, $title:literal $(, $(#[$doc:meta])* $key:ident: $type:ty = $default:expr)*) => {
        #[doc = $title]
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            /// Reports that a round aims at, at least 1.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub count: Option<u32>,
            /// The same as a share of those who may be asked, above 0 to 1.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub fraction: Option<f64>,
            $($(#[$doc])* pub $key: $type,)*
            /// Who may be asked, such as `tier == 'township' && name != 'north'`. Default everybody.
            #[serde(skip_serializing_if = "Option::is_none")]
            pub r#where: Option<String>,
        }

        impl Default for $name {
            fn default() -> Self {
                Self { count: None, fraction: None, $($key: $default,)* r#where: None }
            }
        }

        impl $name {
            fn sized(&self) -> $crate::config::samplers::size::Size {
                $crate::config::samplers::size::Size {
                    count: self.count,
                    fraction: self.fraction,
                }
            }
        }
    };
}

pub(super) use sized_config;
