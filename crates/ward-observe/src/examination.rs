//! What was asked of a trained model after the run, and what came out.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::result_row::{Model, ResultRow, find};
use crate::text;

/// A question that was asked of the trained model, and its answer: an entry of `examinations.json` and
/// of `--format json`. The keys are stable.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Examination {
    /// The word for the question: `clinical`, `external`, `release`, `reading-queue`, `edge`,
    /// `membership`, `border`, `reimbursement`, `pretraining`.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Whether the model passed, where there is something to pass.
    pub passed: Option<bool>,
    /// How it was done and what follows from it, in sentences.
    pub words: Vec<String>,
    /// What was found, by group, model and measure.
    pub rows: Vec<ResultRow>,
}

impl Examination {
    /// A question without an answer so far.
    #[must_use]
    pub fn new(id: &str, title: &str) -> Self {
        Self {
            id: id.to_owned(),
            title: title.to_owned(),
            passed: None,
            words: Vec::new(),
            rows: Vec::new(),
        }
    }

    /// The title, and whether the model passed.
    #[must_use]
    pub fn headline(&self) -> String {
        match self.passed {
            None => self.title.clone(),
            Some(true) => format!("{}: passed", self.title),
            Some(false) => format!("{}: failed", self.title),
        }
    }

    /// The measures, in the order in which they first come.
    fn measures(&self) -> Vec<&str> {
        let mut measures: Vec<&str> = Vec::new();
        for row in &self.rows {
            if !measures.contains(&row.metric.as_str()) {
                measures.push(&row.metric);
            }
        }
        measures
    }

    /// Who was measured, in the order in which they first come.
    fn subjects(&self) -> Vec<(&str, Model)> {
        let mut subjects: Vec<(&str, Model)> = Vec::new();
        for row in &self.rows {
            let subject = (row.group.as_str(), row.model);
            if !subjects.contains(&subject) {
                subjects.push(subject);
            }
        }
        subjects
    }

    /// The rows as a table with a line for each measure, and a column for each group and model: the
    /// header, and the lines. Where there are more than `most` columns, those that come first.
    #[must_use]
    pub fn table(&self, most: usize) -> (Vec<String>, Vec<Vec<String>>) {
        let mut subjects = self.subjects();
        subjects.truncate(most);
        let several = subjects.iter().any(|(_, model)| *model != subjects[0].1);
        let mut header = vec!["measure".to_owned()];
        header.extend(subjects.iter().map(|(group, model)| match several {
            true => format!("{group}, {model}"),
            false => (*group).to_owned(),
        }));
        let line = |measure: &str| {
            let found = |(group, model): &(&str, Model)| find(&self.rows, group, *model, measure);
            let rows: Vec<Option<&ResultRow>> = subjects.iter().map(found).collect();
            rows.iter().any(Option::is_some).then(|| {
                let mut line = vec![measure.replace('_', " ")];
                line.extend(rows.iter().map(|row| row.map_or("–".to_owned(), cell)));
                line
            })
        };
        let lines = self.measures().into_iter().filter_map(line).collect();
        (header, lines)
    }
}

/// An examination as text for a terminal: its headline, its words, and a table of at most `most` groups.
#[must_use]
pub fn page(examination: &Examination, most: usize) -> String {
    let mut page = format!("{}\n", text::plain(&examination.headline()));
    for words in &examination.words {
        let _ = writeln!(page, "  {}", text::plain(words));
    }
    let (header, lines) = examination.table(most);
    if !lines.is_empty() {
        let plain = |line: Vec<String>| line.iter().map(|cell| text::plain(cell)).collect();
        let mut all: Vec<Vec<String>> = vec![plain(header)];
        all.extend(lines.into_iter().map(plain));
        page.push_str(&crate::terminal::align(&all));
    }
    page
}

/// A value with its interval: `0.812 [0.790, 0.834]`; large ones as whole numbers.
fn cell(row: &ResultRow) -> String {
    let number = |value: f64| match value.abs() >= 1_000.0 && value.is_finite() {
        true if value < 0.0 => format!("-{}", text::count(-value.round() as u64)),
        true => text::count(value.round() as u64),
        false => text::value(value),
    };
    let value = number(row.value);
    if row.ci_low == row.ci_high {
        value
    } else {
        format!("{value} [{}, {}]", number(row.ci_low), number(row.ci_high))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(group: &str, model: Model, metric: &str, value: f64, half: f64) -> ResultRow {
        ResultRow {
            group: group.into(),
            model,
            metric: metric.into(),
            value,
            ci_low: value - half,
            ci_high: value + half,
            n: 10,
        }
    }

    #[test]
    fn a_table_has_a_line_for_each_measure() {
        let mut examination = Examination::new("edge", "At the edge");
        examination.passed = Some(false);
        examination.words.push("It is too large.".into());
        examination.rows = vec![
            row("f32", Model::Federated, "auc", 0.8, 0.1),
            row("f32", Model::Federated, "bytes", 123_456.0, 0.0),
            row("int8", Model::Federated, "auc", 0.75, 0.0),
        ];
        expect_test::expect![[r"
            At the edge: failed
              It is too large.
            measure  f32                    int8
            auc      0.800 [0.700, 0.900]  0.750
            bytes    123,456                   –
        "]]
        .assert_eq(&page(&examination, 9));
        let (header, lines) = examination.table(1);
        assert_eq!(header, ["measure", "f32"]);
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn models_are_named_where_there_are_several() {
        let mut examination = Examination::new("clinical", "Clinical measures");
        examination.rows = vec![
            row("all", Model::Alone, "brier", 0.2, 0.0),
            row("all", Model::Federated, "brier", 0.1, 0.0),
        ];
        let (header, lines) = examination.table(9);
        assert_eq!(header, ["measure", "all, alone", "all, federated"]);
        assert_eq!(lines, [["brier", "0.200", "0.100"]]);
        assert_eq!(examination.headline(), "Clinical measures");
    }
}
