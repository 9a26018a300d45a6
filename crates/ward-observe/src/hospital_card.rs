//! What is told about a hospital's data: counts and shapes, never rows.

use serde::{Deserialize, Serialize};
use ward_core::{NodeId, RoundId};

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
    /// Whether it is rural; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rural: Option<bool>,
    /// Training rows that it has, also those that are never used; absent where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_present: Option<u64>,
    /// How many of them are used, from which round on; the first round first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows_used: Vec<RowsUsed>,
    /// The first round in which it may be asked; absent where that is the first of all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joins: Option<RoundId>,
}

/// Training rows that a hospital uses from a round on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsUsed {
    /// The first round in which there are so many.
    pub round: RoundId,
    /// How many.
    pub rows: u64,
}

impl HospitalCard {
    /// Rows used in `round`; `None` where that is not known.
    #[must_use]
    pub fn used_in(&self, round: RoundId) -> Option<u64> {
        let until = self.rows_used.iter().take_while(|used| used.round <= round);
        until.last().map(|used| used.rows)
    }

    /// Whether rows are there that some round does not use.
    #[must_use]
    pub fn leaves_rows(&self) -> bool {
        let fewer = |used: &RowsUsed| Some(used.rows) < self.rows_present;
        self.rows_used.iter().any(fewer)
    }
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
