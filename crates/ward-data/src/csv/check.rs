//! What is wrong with `[data.csv]` before any file is opened.

use std::collections::{BTreeMap, BTreeSet};

use super::config::CsvConfig;
use super::label::LabelRule;
use super::text::no_such_column;
use crate::source::Problem;

/// Collects problems below one path.
pub(super) struct Problems<'a> {
    path: &'a str,
    found: Vec<Problem>,
}

impl Problems<'_> {
    pub(super) fn add(&mut self, field: &str, message: impl Into<String>) {
        let path = format!("{}.{field}", self.path);
        self.found.push(Problem::new(&path, message));
    }
}

/// Tags are words that an expression can name, and not those that every hospital has.
fn check_tags(field: &str, tags: &BTreeMap<String, String>, problems: &mut Problems<'_>) {
    for tag in tags.keys() {
        let word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !tag.starts_with(|c: char| c.is_ascii_alphabetic()) || !tag.chars().all(word) {
            let message = format!(
                "`{tag}` is no name of a tag: a letter, then letters, digits, `_` and `-`; rename it"
            );
            problems.add(field, message);
        } else if matches!(tag.as_str(), "name" | "tier" | "in") {
            let message = format!("`{tag}` means something else; call the tag something else");
            problems.add(field, message);
        }
    }
}

impl CsvConfig {
    /// Everything that is wrong with the settings; `path` is where they stand: `data.csv`.
    #[must_use]
    pub fn problems(&self, path: &str) -> Vec<Problem> {
        let mut problems = Problems {
            path,
            found: Vec::new(),
        };
        self.check_hospitals(&mut problems);
        self.check_columns(&mut problems);
        self.check_test(&mut problems);
        if self.features.is_empty() {
            let message = "no features: add a `[[data.csv.features]]` with a `column` for each \
                           column that the model is to read";
            problems.add("features", message);
        }
        for (index, feature) in self.features.iter().enumerate() {
            self.check_feature(index, feature, &mut problems);
        }
        if let Some(partition) = &self.partition {
            problems
                .found
                .extend(partition.problems(&format!("{path}.partition")));
        }
        problems.found
    }

    /// One way of saying who has which rows.
    fn check_hospitals(&self, problems: &mut Problems<'_>) {
        let each = !self.hospitals.is_empty();
        match (&self.file, each) {
            (None, false) => problems.add(
                "hospitals",
                "whose rows? Give each hospital a `[[data.csv.hospitals]]` with `name` and `file`, \
                 or one `file` for all with a `hospital_column` or a `[data.csv.partition]`",
            ),
            (Some(_), true) => problems.add(
                "file",
                "both one file for all and a file for each hospital; remove `file` or the \
                 `[[data.csv.hospitals]]`",
            ),
            _ => {}
        }
        match (&self.hospital_column, &self.partition) {
            (Some(_), Some(_)) => problems.add(
                "hospital_column",
                "rows belong to the hospitals of a column or are split among made-up ones, not \
                 both; remove `hospital_column` or `[data.csv.partition]`",
            ),
            (Some(_), None) if each => problems.add(
                "hospital_column",
                "each hospital has a file of its own; remove `hospital_column`",
            ),
            (None, Some(_)) if each => problems.add(
                "partition",
                "each hospital has a file of its own; remove `[data.csv.partition]`, or give all \
                 rows in one `file`",
            ),
            (None, None) if self.file.is_some() && !each => problems.add(
                "file",
                "whose rows? Name the column that says it (`hospital_column`), or split the file \
                 with `[data.csv.partition]`",
            ),
            _ => {}
        }
        if !self.tiers.is_empty() && self.hospital_column.is_none() {
            let message = "`tiers` goes with `hospital_column`; elsewhere a hospital's `tier` \
                           stands beside its `file`, and made-up hospitals have none";
            problems.add("tiers", message);
        }
        if !self.tags.is_empty() && self.hospital_column.is_none() {
            let message = "`tags` goes with `hospital_column`; elsewhere a hospital's `tags` stand \
                           beside its `file`, and made-up hospitals have none";
            problems.add("tags", message);
        }
        for (name, tags) in &self.tags {
            check_tags(&format!("tags.{name}"), tags, problems);
        }
        let mut seen = BTreeSet::new();
        for (index, hospital) in self.hospitals.iter().enumerate() {
            let name = &hospital.name;
            check_tags(&format!("hospitals.{index}.tags"), &hospital.tags, problems);
            let field = format!("hospitals.{index}.name");
            if let Some(message) = wrong_name(name) {
                problems.add(&field, message);
            } else if !seen.insert(name) {
                problems.add(
                    &field,
                    format!("another hospital is called `{name}`; rename one"),
                );
            }
        }
    }

    /// How files are read, and the label.
    fn check_columns(&self, problems: &mut Problems<'_>) {
        match (&self.columns, self.header) {
            (Some(_), true) => problems.add(
                "columns",
                "the first line names the columns; remove `columns`, or set `header = false` if \
                 the first line is a row already",
            ),
            (None, false) => problems.add(
                "header",
                "without a header the columns need names: `columns = [\"age\", ...]`, one for each",
            ),
            _ => {}
        }
        let mut seen = BTreeSet::new();
        for column in self
            .columns
            .iter()
            .flatten()
            .filter(|column| !seen.insert(*column))
        {
            problems.add(
                "columns",
                format!("two columns are called `{column}`; rename one"),
            );
        }
        if !self.delimiter.is_ascii() || matches!(self.delimiter, '"' | '\n' | '\r' | '\0') {
            let message = "a delimiter is one ASCII character such as `,`, `;` or `\\t`, and no \
                           quote or line end";
            problems.add("delimiter", message);
        }
        match LabelRule::parse(&self.label) {
            Err(message) => problems.add("label", message),
            Ok(rule) => self.check_named("label", &rule.column, problems),
        }
        if let Some(column) = &self.hospital_column {
            self.check_named("hospital_column", column, problems);
        }
    }

    /// Where the config names the columns, a column that it uses is one of them.
    pub(super) fn check_named(&self, field: &str, column: &str, problems: &mut Problems<'_>) {
        if let Some(columns) = self.columns.as_ref().filter(|_| !self.header)
            && !columns.iter().any(|c| c == column)
        {
            problems.add(field, no_such_column(column, columns));
        }
    }

    fn check_test(&self, problems: &mut Problems<'_>) {
        match (&self.test_column, &self.test_value) {
            (Some(_), None) => problems.add(
                "test_column",
                "which rows are for testing? Add `test_value`, the text that marks them",
            ),
            (None, Some(_)) => problems.add(
                "test_value",
                "in which column? Add `test_column`, or remove `test_value`",
            ),
            _ => {}
        }
        if let Some(column) = &self.test_column {
            self.check_named("test_column", column, problems);
        }
        if let Some(column) = &self.consent_column {
            self.check_named("consent_column", column, problems);
        }
        if let Some(share) = self.test_share {
            if self.test_column.is_some() {
                let message = "a column marks the rows to test on; remove `test_share` or \
                               `test_column`";
                problems.add("test_share", message);
            } else if !(0.0..1.0).contains(&share) {
                problems.add("test_share", format!("{share} is not 0 to below 1"));
            }
        }
    }
}

/// Why a text is no hospital's name.
pub(super) fn wrong_name(name: &str) -> Option<String> {
    let shown = name.escape_debug();
    if name.is_empty() {
        Some("a hospital needs a name".to_owned())
    } else if name.trim() != name {
        Some(format!("`{shown}` begins or ends with a blank; remove it"))
    } else if name.chars().count() > 100 || name.chars().any(char::is_control) {
        Some("a hospital's name has at most 100 characters, and no control character".to_owned())
    } else {
        None
    }
}
