//! What is wrong with one `[[data.csv.features]]` before any file is opened.

use super::check::Problems;
use super::config::{CsvConfig, FeatureConfig, FeatureKind};
use super::label::{LabelRule, same_value};

impl CsvConfig {
    /// Whether a model can read the feature.
    pub(super) fn check_feature(
        &self,
        index: usize,
        feature: &FeatureConfig,
        problems: &mut Problems<'_>,
    ) {
        let at = |field: &str| format!("features.{index}.{field}");
        let column = feature.column.as_str();
        self.check_named(&at("column"), column, problems);
        if self.features[..index]
            .iter()
            .any(|other| other.column == column)
        {
            problems.add(
                &at("column"),
                format!("`{column}` is a feature already; remove one"),
            );
        }
        if LabelRule::parse(&self.label).is_ok_and(|rule| rule.column == column) {
            let message = format!("`{column}` is the label: a model that reads it learns nothing");
            problems.add(&at("column"), message);
        }
        if self.test_column.as_deref() == Some(column) {
            let message = format!("`{column}` marks the rows to test on; it is no feature");
            problems.add(&at("column"), message);
        }
        if self.consent_column.as_deref() == Some(column) {
            let message = format!("`{column}` says who consents; it is no feature");
            problems.add(&at("column"), message);
        }
        match feature.kind {
            FeatureKind::Numeric => {
                if !feature.levels.is_empty() || feature.unlisted.is_some() {
                    let message = "numbers have no levels: add `kind = \"category\"`, or remove \
                                   `levels` and `unlisted`";
                    problems.add(&at("kind"), message);
                }
            }
            FeatureKind::Category => {
                if feature.levels.is_empty() {
                    let message = "a category needs its `levels` listed here: a hospital must get \
                                   the same columns without seeing which levels the others have";
                    problems.add(&at("levels"), message);
                }
                if !feature.missing_if.is_empty() {
                    let message = "`missing_if` is for numbers; for a category add the text to \
                                   `data.csv.missing`";
                    problems.add(&at("missing_if"), message);
                }
            }
        }
        for (i, level) in feature.levels.iter().enumerate() {
            if feature.levels[..i]
                .iter()
                .any(|other| same_value(other, level))
            {
                problems.add(
                    &at("levels"),
                    format!("`{level}` is listed twice; remove one"),
                );
            } else if self.missing.contains(level) {
                let message = format!("`{level}` means a missing value, so no row has it");
                problems.add(&at("levels"), message);
            }
        }
    }
}
