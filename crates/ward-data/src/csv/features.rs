//! From parsed values to what a model reads: medians, columns of levels, columns of what was missing.

use super::config::{CsvConfig, FeatureConfig, FeatureKind, MissingValues};
use super::read::Parsed;
use crate::Rows;

/// Names of the numbers that a model reads, the same at every hospital.
pub(super) fn names(config: &CsvConfig) -> Vec<String> {
    let indicator = config.missing_values == MissingValues::MedianAndIndicator;
    let mut names = Vec::new();
    for feature in &config.features {
        let column = &feature.column;
        match feature.kind {
            FeatureKind::Numeric => names.push(column.clone()),
            FeatureKind::Category => {
                names.extend(
                    feature
                        .levels
                        .iter()
                        .map(|level| format!("{column}={level}")),
                );
            }
        }
        if indicator {
            names.push(format!("{column} missing"));
        }
    }
    names
}

/// The medians of one hospital's training rows; `None` for a column that they do not hold.
pub(super) struct Medians(Vec<Option<f32>>);

impl Medians {
    /// Of the given rows. Nothing of other hospitals or of test rows goes in.
    pub(super) fn of(parsed: &Parsed, rows: &[usize]) -> Self {
        let median = |feature: usize| {
            let mut values: Vec<f32> = rows
                .iter()
                .map(|&row| parsed.row(row)[feature])
                .filter(|value| !value.is_nan())
                .collect();
            values.sort_unstable_by(f32::total_cmp);
            let upper = *values.get(values.len() / 2)?;
            let lower = values[(values.len() - 1) / 2];
            Some(((f64::from(lower) + f64::from(upper)) / 2.0) as f32)
        };
        Self((0..parsed.width).map(median).collect())
    }

    /// The numeric columns that no row holds: they become 0.
    pub(super) fn absent<'a>(&self, features: &'a [FeatureConfig]) -> Vec<&'a str> {
        features
            .iter()
            .zip(&self.0)
            .filter(|(feature, median)| feature.kind == FeatureKind::Numeric && median.is_none())
            .map(|(feature, _)| feature.column.as_str())
            .collect()
    }

    /// Some of a hospital's rows as a model reads them, and how many values were imputed.
    pub(super) fn fill(&self, config: &CsvConfig, parsed: &Parsed, rows: &[usize]) -> (Rows, u64) {
        let indicator = config.missing_values == MissingValues::MedianAndIndicator;
        let mut filled = Rows::empty(&[names(config).len()]);
        let (mut row, mut imputed) = (Vec::new(), 0);
        for &index in rows {
            row.clear();
            for ((feature, &value), median) in
                config.features.iter().zip(parsed.row(index)).zip(&self.0)
            {
                let missing = value.is_nan();
                imputed += u64::from(missing);
                match feature.kind {
                    FeatureKind::Numeric if missing => row.push(median.unwrap_or(0.0)),
                    FeatureKind::Numeric => row.push(value),
                    FeatureKind::Category => {
                        let is = |level| f32::from(u8::from(value == level as f32));
                        row.extend((0..feature.levels.len()).map(is));
                    }
                }
                if indicator {
                    row.push(f32::from(u8::from(missing)));
                }
            }
            filled.push(&row, parsed.labels[index]);
        }
        (filled, imputed)
    }
}

/// The numeric columns with one value in all given rows, of which there are at least two.
pub(super) fn constant<'a>(
    features: &'a [FeatureConfig],
    parsed: &Parsed,
    rows: &[usize],
) -> Vec<&'a str> {
    let mut constant = Vec::new();
    for (index, feature) in features.iter().enumerate() {
        let mut values = rows.iter().map(|&row| parsed.row(row)[index]);
        let first = values.next();
        if rows.len() > 1
            && feature.kind == FeatureKind::Numeric
            && values.all(|value| Some(value) == first)
        {
            constant.push(feature.column.as_str());
        }
    }
    constant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_are_of_the_training_rows_that_hold_a_value() {
        let parsed = Parsed {
            width: 2,
            values: vec![1.0, f32::NAN, 4.0, f32::NAN, f32::NAN, 7.0, 2.0, f32::NAN],
            labels: vec![0; 4],
            marked: vec![false; 4],
            dropped: 0,
            without_consent: 0,
        };
        assert_eq!(Medians::of(&parsed, &[0, 1, 3]).0, [Some(2.0), None]);
        assert_eq!(Medians::of(&parsed, &[0, 1]).0, [Some(2.5), None]);
        assert_eq!(Medians::of(&parsed, &[2]).0, [None, Some(7.0)]);
        assert_eq!(Medians::of(&parsed, &[]).0, [None, None]);
    }
}
