//! Label flip: training on wrong labels.
//!
//! Biggio, Nelson and Laskov, "Support Vector Machines Under Adversarial Label Noise", ACML 2011;
//! for federated learning Tolpegin, Truex, Gursoy and Liu, "Data Poisoning Attacks Against Federated
//! Learning Systems", ESORICS 2020.
//!
//!   ỹ = C − 1 − y   for a share q of the rows           C = classes, `share` = q
//!
//! With two classes each becomes the other; with ten, y becomes 9 − y.

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::Seed;

use super::rows::{Poison, RowsMut};

/// Turns labels of training rows round.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LabelFlip {
    /// Share of training rows whose label is flipped, above 0 to 1. Default 1.
    pub share: f64,
}

impl Default for LabelFlip {
    fn default() -> Self {
        Self { share: 1.0 }
    }
}

impl Poison for LabelFlip {
    fn poison(&self, rows: RowsMut<'_>, place: Seed) {
        let last = rows.classes.saturating_sub(1) as u8;
        for (index, label) in (0_u64..).zip(rows.labels) {
            if place.stream_of(index).random::<f64>() < self.share {
                *label = last.saturating_sub(*label);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flipped(share: f64, labels: &[u8], classes: usize) -> Vec<u8> {
        let mut labels = labels.to_vec();
        let rows = RowsMut {
            features: &mut [],
            labels: &mut labels,
            shape: &[0],
            classes,
        };
        LabelFlip { share }.poison(rows, Seed::run(1));
        labels
    }

    #[test]
    fn a_label_becomes_its_mirror() {
        assert_eq!(flipped(1.0, &[0, 1, 1], 2), [1, 0, 0]);
        assert_eq!(flipped(1.0, &[0, 3, 9], 10), [9, 6, 0]);
    }

    #[test]
    fn a_share_is_a_share() {
        let flipped = flipped(0.25, &[0; 4_000], 2);
        let ones = flipped.iter().filter(|&&label| label == 1).count();
        assert!((900..1_100).contains(&ones), "{ones}");
    }
}
