//! What is told about a hospital's data: counts and shapes, never rows.

use serde::{Deserialize, Serialize};
use ward_core::NodeId;

/// How one feature is spread in one hospital: counts between edges.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// The feature's name.
    pub name: String,
    /// Edges, ascending, one more than `counts`. Hospitals can be compared where these are equal.
    pub edges: Vec<f64>,
    /// Training rows between `edges[i]` and `edges[i + 1]`.
    pub counts: Vec<u64>,
}

impl Histogram {
    /// Counts `values` between `edges`; values outside fall into the first or last class, and
    /// what is not finite is left out.
    #[must_use]
    pub fn of(name: &str, edges: &[f64], values: impl IntoIterator<Item = f64>) -> Self {
        let classes = edges.len().saturating_sub(1);
        let mut counts = vec![0; classes];
        for value in values.into_iter().filter(|v| v.is_finite()) {
            if classes > 0 {
                let above = edges.partition_point(|edge| *edge <= value);
                counts[above.saturating_sub(1).min(classes - 1)] += 1;
            }
        }
        Self {
            name: name.to_owned(),
            edges: edges.to_vec(),
            counts,
        }
    }

    /// Whether edges and counts fit each other and can be drawn.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.edges.len() == self.counts.len() + 1
            && !self.counts.is_empty()
            && self.edges.iter().all(|edge| edge.is_finite())
            && self.edges.windows(2).all(|pair| pair[0] < pair[1])
    }

    /// Rows counted.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// One hospital as the heterogeneity panels show it: an entry of `hospitals.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HospitalCard {
    /// Its node.
    pub node: NodeId,
    /// Its name.
    pub name: String,
    /// Its tier.
    pub tier: String,
    /// Training rows.
    pub train_rows: u64,
    /// Share of the training rows labelled positive; absent where that has no meaning.
    #[serde(default)]
    pub train_positive_share: Option<f64>,
    /// Test rows.
    pub test_rows: u64,
    /// What makes this hospital different, in words: `("units differing", "2 of 4")`.
    #[serde(default)]
    pub facts: Vec<(String, String)>,
    /// How its features are spread.
    #[serde(default)]
    pub histograms: Vec<Histogram>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finite_value_is_counted_once() {
        let histogram = Histogram::of(
            "age",
            &[0.0, 10.0, 20.0],
            [-5.0, 0.0, 9.9, 10.0, 20.0, 99.0, f64::NAN],
        );
        assert_eq!(histogram.counts, [3, 3]);
        assert!(histogram.is_sound());
    }

    #[test]
    fn a_histogram_without_classes_is_not_drawn() {
        assert!(!Histogram::of("age", &[], [1.0]).is_sound());
        assert!(!Histogram::of("age", &[1.0, 1.0], [1.0]).is_sound());
    }
}
