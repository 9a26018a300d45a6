//! Turns the rows of a file into numbers and classes, with NaN where a value is missing.

use super::config::{CsvConfig, FeatureConfig, FeatureKind, MissingValues, Unlisted};
use super::label::{LabelRule, finite, same_value};
use super::table::{Row, Table};
use crate::source::DataError;

/// What to do about a missing feature.
const WHEN_MISSING: &str = "correct it, or set data.csv.missing_values to \"median\", \
                            \"median-and-indicator\" or \"drop-row\"";

/// Rows as numbers: one per declared feature, a level's index for a category, NaN where missing.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Parsed {
    pub(super) width: usize,
    pub(super) values: Vec<f32>,
    pub(super) labels: Vec<u8>,
    /// Whether a column marks the row as one to test on.
    pub(super) marked: Vec<bool>,
    /// Rows that were left out.
    pub(super) dropped: u64,
    /// Rows whose patients do not consent: they are left out as well.
    pub(super) without_consent: u64,
}

impl Parsed {
    pub(super) fn new(width: usize) -> Self {
        Self {
            width,
            ..Self::default()
        }
    }

    pub(super) fn row(&self, index: usize) -> &[f32] {
        &self.values[index * self.width..(index + 1) * self.width]
    }

    /// The rows of these numbers.
    pub(super) fn select(&self, rows: &[usize]) -> Self {
        let mut selected = Self::new(self.width);
        for &row in rows {
            selected.values.extend_from_slice(self.row(row));
            selected.labels.push(self.labels[row]);
            selected.marked.push(self.marked[row]);
        }
        selected
    }
}

/// The places in one file of everything that the config names.
pub(super) struct RowReader<'a> {
    config: &'a CsvConfig,
    label: LabelRule,
    label_at: usize,
    features_at: Vec<usize>,
    test_at: Option<(usize, &'a str)>,
    consent_at: Option<usize>,
}

impl<'a> RowReader<'a> {
    /// Finds every column, or says which is not there.
    pub(super) fn new(config: &'a CsvConfig, table: &Table) -> Result<Self, DataError> {
        let label = LabelRule::parse(&config.label)
            .map_err(|problem| DataError::Federation(format!("data.csv.label: {problem}")))?;
        let label_at = table.column(&label.column, "label")?;
        let mut features_at = Vec::with_capacity(config.features.len());
        for feature in &config.features {
            features_at.push(table.column(&feature.column, "features")?);
        }
        let test_at = match (&config.test_column, &config.test_value) {
            (Some(column), Some(value)) => {
                Some((table.column(column, "test_column")?, value.trim()))
            }
            _ => None,
        };
        let consent_column = config.consent_column.as_deref();
        let consent_at = consent_column
            .map(|column| table.column(column, "consent_column"))
            .transpose()?;
        Ok(Self {
            config,
            label,
            label_at,
            features_at,
            test_at,
            consent_at,
        })
    }

    /// Appends one row, unless it is one to leave out.
    pub(super) fn read(&self, row: &Row<'_>, into: &mut Parsed) -> Result<(), DataError> {
        if !self.consents(row)? {
            into.without_consent += 1;
            return Ok(());
        }
        let cell = row.cell(self.label_at)?;
        if self.is_missing(cell) {
            if self.config.drop_rows_without_label {
                into.dropped += 1;
                return Ok(());
            }
            let problem = "is no label; correct it, or leave such rows out with \
                           data.csv.drop_rows_without_label = true";
            return Err(row.wrong_cell(self.label_at, problem));
        }
        let class = self.label.class(cell);
        let class = class.map_err(|problem| row.wrong_cell(self.label_at, &problem))?;
        let begin = into.values.len();
        for (feature, &at) in self.config.features.iter().zip(&self.features_at) {
            let value = self.value(row, feature, at)?;
            if value.is_nan() {
                match self.config.missing_values {
                    MissingValues::Error => {
                        let problem = format!("is a missing value; {WHEN_MISSING}");
                        return Err(row.wrong_cell(at, &problem));
                    }
                    MissingValues::DropRow => {
                        into.values.truncate(begin);
                        into.dropped += 1;
                        return Ok(());
                    }
                    MissingValues::Median | MissingValues::MedianAndIndicator => {}
                }
            }
            into.values.push(value);
        }
        let marked = match self.test_at {
            Some((at, value)) => same_value(row.cell(at)?, value),
            None => false,
        };
        into.labels.push(class);
        into.marked.push(marked);
        Ok(())
    }

    /// Whether a row's patient consents to its use. A missing answer is no consent.
    fn consents(&self, row: &Row<'_>) -> Result<bool, DataError> {
        let Some(at) = self.consent_at else {
            return Ok(true);
        };
        let cell = row.cell(at)?;
        match finite(cell) {
            _ if self.is_missing(cell) => Ok(false),
            Some(1.0) => Ok(true),
            Some(0.0) => Ok(false),
            _ => Err(row.wrong_cell(at, "is neither 1 (the patient consents) nor 0; correct it")),
        }
    }

    /// The number of a cell, NaN where it is missing.
    fn value(&self, row: &Row<'_>, feature: &FeatureConfig, at: usize) -> Result<f32, DataError> {
        let cell = row.cell(at)?;
        if self.is_missing(cell) {
            return Ok(f32::NAN);
        }
        match feature.kind {
            FeatureKind::Numeric => match finite(cell) {
                Some(number) if feature.missing_if.contains(&number) => Ok(f32::NAN),
                Some(number) if (number as f32).is_finite() => Ok(number as f32),
                Some(_) => Err(row.wrong_cell(at, "is too large for a 32-bit number; correct it")),
                None => Err(row.wrong_cell(
                    at,
                    "is not a number; correct it, add it to data.csv.missing if it means that the \
                     value is missing, or read the column as kind = \"category\"",
                )),
            },
            FeatureKind::Category => {
                let level = feature
                    .levels
                    .iter()
                    .position(|level| same_value(level.trim(), cell));
                match (level, feature.unlisted.unwrap_or_default()) {
                    (Some(level), _) => Ok(level as f32),
                    (None, Unlisted::Reference) => Ok(feature.levels.len() as f32),
                    (None, Unlisted::Error) => Err(row.wrong_cell(
                        at,
                        "is not among the feature's levels; add it to `levels`, or set `unlisted = \
                         \"reference\"`",
                    )),
                }
            }
        }
    }

    fn is_missing(&self, cell: &str) -> bool {
        self.config.missing.iter().any(|token| token.trim() == cell)
    }
}
