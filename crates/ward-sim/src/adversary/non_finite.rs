//! Infinity or NaN in place of an update.
//!
//! The simplest attack on a mean: one such number and every later model is NaN. byzfl's `Inf` sends
//! it; Blanchard et al., NeurIPS 2017, Lemma 1, show why a mean cannot bear even one.
//!
//!   infinity:  word = 2^63 − 1, the ring's largest      `value`
//!   NaN:       word = 0, loss = NaN
//!
//! An honest [`seal`](ward_privacy::seal()) refuses both, so this attacker forges the [`Upload`]
//! itself. A ring word cannot be NaN; the loss beside it can.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::Upload;

/// Which number is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NotANumber {
    /// Positive infinity.
    #[default]
    Infinity,
    /// Not a number.
    Nan,
}

/// Forges an upload that no honest hospital could seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NonFinite {
    /// `infinity` (default) or `nan`.
    pub value: NotANumber,
}

impl NonFinite {
    /// What is sent in place of an upload of `parameters` words.
    #[must_use]
    pub fn forge(&self, words: usize) -> Upload {
        let (word, loss) = match self.value {
            NotANumber::Infinity => (i64::MAX.cast_unsigned(), 0.0),
            NotANumber::Nan => (0, f64::NAN),
        };
        Upload {
            words: vec![word; words].into(),
            weight: 1,
            loss,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::{Malformed, RingSpec};
    use ward_privacy::ring::check;

    #[test]
    fn the_coordinator_s_check_names_what_is_wrong() {
        let ring = RingSpec {
            fraction_bits: 32,
            range: 128.0,
            most_weight: 65_536,
        };
        let checked = |value| check(&NonFinite { value }.forge(3), 3, &ring);
        assert_eq!(
            checked(NotANumber::Infinity),
            Err(Malformed::OutOfRange { index: 0 })
        );
        assert_eq!(checked(NotANumber::Nan), Err(Malformed::NotFinite));
    }
}
