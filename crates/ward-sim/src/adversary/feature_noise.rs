//! Feature noise: training on rows that were blurred.
//!
//! Zhu and Wu, "Class Noise vs. Attribute Noise: A Quantitative Study", Artificial Intelligence
//! Review 22 (2004).
//!
//!   x̃_j = x_j + σ s_j z,  z ~ N(0, 1)                  `deviation` = σ
//!
//! s_j is the standard deviation of feature j over the hospital's own training rows, so the same σ
//! means the same for a sodium of 140 and a creatinine of 1.

use rand_distr::{Distribution, StandardNormal};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::Seed;

use super::rows::{Poison, RowsMut};

/// Adds noise to the features of training rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FeatureNoise {
    /// Standard deviation of the noise, in standard deviations of each feature, above 0. Default 1.
    pub deviation: f64,
}

impl Default for FeatureNoise {
    fn default() -> Self {
        Self { deviation: 1.0 }
    }
}

impl Poison for FeatureNoise {
    fn poison(&self, rows: RowsMut<'_>, place: Seed) {
        let width = rows.width().max(1);
        let scale = deviations(rows.features, width);
        for (index, row) in (0_u64..).zip(rows.features.chunks_exact_mut(width)) {
            let mut rng = place.stream_of(index);
            for (x, s) in row.iter_mut().zip(&scale) {
                let z: f64 = StandardNormal.sample(&mut rng);
                *x += (self.deviation * s * z) as f32;
            }
        }
    }
}

/// The standard deviation of each of `width` features over all rows.
fn deviations(features: &[f32], width: usize) -> Vec<f64> {
    let rows = features.chunks_exact(width);
    let count = rows.len().max(1) as f64;
    let mut mean = vec![0.0; width];
    for row in rows.clone() {
        for (m, &x) in mean.iter_mut().zip(row) {
            *m += f64::from(x) / count;
        }
    }
    let mut variance = vec![0.0; width];
    for row in rows {
        for ((v, &x), m) in variance.iter_mut().zip(row).zip(&mean) {
            *v += (f64::from(x) - m).powi(2) / count;
        }
    }
    variance.iter().map(|v| v.sqrt()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_is_measured_in_each_feature_s_own_spread() {
        let mut features: Vec<f32> = (0..2_000)
            .flat_map(|i| [if i % 2 == 0 { 1.0 } else { -1.0 }, 7.0])
            .collect();
        let before = features.clone();
        let rows = RowsMut {
            features: &mut features,
            labels: &mut [],
            shape: &[2],
            classes: 2,
        };
        FeatureNoise { deviation: 2.0 }.poison(rows, Seed::run(1));
        let moved: Vec<f32> = features.iter().zip(&before).map(|(a, b)| a - b).collect();
        let spread = deviations(&moved, 2);
        assert!((spread[0] - 2.0).abs() < 0.1, "{spread:?}");
        assert_eq!(spread[1], 0.0);
    }
}
