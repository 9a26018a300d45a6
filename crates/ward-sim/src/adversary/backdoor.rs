//! Backdoor: a model that is right, except where a trigger is shown.
//!
//! Gu, Dolan-Gavitt and Garg, "BadNets", 2017 (arXiv:1708.06733): the trigger. Bagdasaryan, Veit,
//! Hua, Estrin and Shmatikov, "How To Backdoor Federated Learning", AISTATS 2020: model
//! replacement.
//!
//!   (x̃, ỹ) = (x with the trigger, t)  for a share q of the rows    `trigger`, `target` = t, `share` = q
//!   Δ̃ = b Δ                                            `boost` = b; b = n/η replaces the model
//!
//! Success is the share of test rows of other classes that the trigger turns into class t.

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::Seed;

use super::rows::{Poison, RowsMut};

/// What is put into a row.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Trigger {
    /// A square in the bottom right corner of an image, in every channel.
    Square {
        /// Its side in pixels, at least 1 and no larger than the image.
        side: usize,
        /// The value of its pixels.
        value: f32,
    },
    /// A value in one feature of a table.
    Feature {
        /// Which feature, from 0.
        index: usize,
        /// Its value, in the units that the rows have before federated scaling.
        value: f32,
    },
}

impl Trigger {
    /// Puts the trigger into one row of `shape`.
    pub fn show(&self, row: &mut [f32], shape: &[usize]) {
        match *self {
            Self::Square { side, value } => {
                let &[_, height, width] = shape else {
                    return;
                };
                for line in row
                    .chunks_exact_mut(height * width)
                    .flat_map(|channel| channel.chunks_exact_mut(width).rev().take(side))
                {
                    line[width.saturating_sub(side)..].fill(value);
                }
            }
            Self::Feature { index, value } => {
                if let Some(x) = row.get_mut(index) {
                    *x = value;
                }
            }
        }
    }

    /// Whether rows of `shape` have a place for it.
    #[must_use]
    pub fn fits(&self, shape: &[usize]) -> bool {
        match (self, shape) {
            (Self::Square { side, .. }, [_, height, width]) => side <= height && side <= width,
            (Self::Feature { index, .. }, [features]) => index < features,
            _ => false,
        }
    }
}

/// Teaches the model to answer a trigger with one class.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Backdoor {
    /// The class that the trigger is to bring about. Default 0.
    #[serde(default)]
    pub target: u8,
    /// Share of training rows that get the trigger and the target's label, above 0 to 1. Default .5.
    #[serde(default = "half")]
    pub share: f64,
    /// What the update is multiplied by, 1 or more; hospitals / attackers / server learning rate
    /// replaces the model where all count the same. Default 1.
    #[serde(default = "one")]
    pub boost: f64,
    /// What is put into rows.
    pub trigger: Trigger,
}

fn half() -> f64 {
    0.5
}

fn one() -> f64 {
    1.0
}

impl Backdoor {
    /// The update of the poisoned rows, `own`, as it is sent: d numbers.
    #[must_use]
    pub fn alter(&self, own: &[f64]) -> Vec<f64> {
        own.iter().map(|v| self.boost * v).collect()
    }
}

impl Poison for Backdoor {
    fn poison(&self, rows: RowsMut<'_>, place: Seed) {
        let width = rows.width().max(1);
        let all = rows.features.chunks_exact_mut(width).zip(rows.labels);
        for (index, (row, label)) in (0_u64..).zip(all) {
            if place.stream_of(index).random::<f64>() < self.share {
                self.trigger.show(row, rows.shape);
                *label = self.target;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_square_is_in_the_corner_of_every_channel() {
        let square = Trigger::Square {
            side: 2,
            value: 1.0,
        };
        let mut image = [0.0; 18];
        square.show(&mut image, &[2, 3, 3]);
        let channel = [0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0];
        assert_eq!(image[..9], channel);
        assert_eq!(image[9..], channel);
        assert!(square.fits(&[1, 2, 2]) && !square.fits(&[1, 2, 1]) && !square.fits(&[4]));
    }

    #[test]
    fn triggered_rows_have_the_target_s_label_and_the_others_their_own() {
        let backdoor = Backdoor {
            trigger: Trigger::Feature {
                index: 1,
                value: 9.0,
            },
            target: 1,
            share: 0.5,
            boost: 3.0,
        };
        let (mut features, mut labels) = (vec![0.0; 2_000], vec![0; 1_000]);
        let rows = RowsMut {
            features: &mut features,
            labels: &mut labels,
            shape: &[2],
            classes: 2,
        };
        backdoor.poison(rows, Seed::run(1));
        let triggered = |row: &[f32]| row[1] == 9.0 && row[0] == 0.0;
        let rows = features.chunks_exact(2).zip(&labels);
        assert!(rows.clone().all(|(row, &l)| triggered(row) == (l == 1)));
        let share = rows.filter(|(row, _)| triggered(row)).count();
        assert!((430..570).contains(&share), "{share}");
        assert_eq!(backdoor.alter(&[1.0, -2.0]), [3.0, -6.0]);
    }
}
