//! A hospital's rows in the layout that training reads.

use ward_core::NodeInfo;

/// Labelled rows: features one row after the other, and one class per row.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rows {
    /// The shape of one row: `[12]` for twelve numbers, `[1, 28, 28]` for one image.
    pub shape: Vec<usize>,
    /// `len() * width()` numbers, row by row.
    pub features: Vec<f32>,
    /// The class of each row, from 0.
    pub labels: Vec<u8>,
}

impl Rows {
    /// No rows of the given shape.
    #[must_use]
    pub fn empty(shape: &[usize]) -> Self {
        Self {
            shape: shape.to_vec(),
            ..Self::default()
        }
    }

    /// Numbers in one row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.shape.iter().product()
    }

    /// How many rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The features of row `index`.
    #[must_use]
    pub fn row(&self, index: usize) -> &[f32] {
        &self.features[index * self.width()..(index + 1) * self.width()]
    }

    /// Makes room for `more` rows, so that appending them moves nothing.
    pub fn reserve(&mut self, more: usize) {
        self.features.reserve_exact(more * self.width());
        self.labels.reserve_exact(more);
    }

    /// Appends one row.
    pub fn push(&mut self, features: &[f32], label: u8) {
        debug_assert_eq!(features.len(), self.width());
        self.features.extend_from_slice(features);
        self.labels.push(label);
    }

    /// Appends all rows of `other`, which has the same shape.
    pub fn extend(&mut self, other: &Self) {
        debug_assert_eq!(self.shape, other.shape);
        self.features.extend_from_slice(&other.features);
        self.labels.extend_from_slice(&other.labels);
    }

    /// How many rows are of class `class`.
    #[must_use]
    pub fn count(&self, class: u8) -> usize {
        self.labels.iter().filter(|&&label| label == class).count()
    }
}

/// Everything one hospital has. In a deployment it exists in that hospital's process only.
#[derive(Debug, Clone, PartialEq)]
pub struct HospitalData {
    /// Who it is.
    pub info: NodeInfo,
    /// Rows to train on, with the labels that its doctors gave.
    pub train: Rows,
    /// Rows to test on, with true labels.
    pub test: Rows,
    /// What makes this hospital different, for the heterogeneity panels: `("units", "mg/dL")`.
    pub facts: Vec<(String, String)>,
}
