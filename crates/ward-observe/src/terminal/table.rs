//! The table that ends a run: its models side by side.

use std::fmt::Write;

use crate::result_row::{Model, ResultRow, find};
use crate::text;

/// Alone, federated, personal, pooled and ceiling of each group, with 95 % intervals and n, as text.
/// Groups without any result are left out; models that no group has, too.
#[must_use]
pub fn final_table(rows: &[ResultRow], metric: &str, groups: &[String]) -> String {
    let has = |model| rows.iter().any(|r| r.model == model && r.metric == metric);
    let models: Vec<Model> = Model::ALL.into_iter().filter(|m| has(*m)).collect();
    let mut lines: Vec<Vec<String>> = vec![header(metric, &models)];
    for group in groups {
        let found: Vec<_> = models
            .iter()
            .map(|model| find(rows, group, *model, metric))
            .collect();
        if found.iter().all(Option::is_none) {
            continue;
        }
        let mut line = vec![text::plain(group)];
        let cells = found.iter();
        line.extend(cells.map(|row| row.map_or_else(String::new, ResultRow::with_interval)));
        let mut ns: Vec<u64> = found
            .iter()
            .flatten()
            .map(|r| r.n)
            .filter(|n| *n > 0)
            .collect();
        ns.sort_unstable();
        ns.dedup();
        let ns: Vec<_> = ns.into_iter().map(text::count).collect();
        line.push(ns.join("/"));
        lines.push(line);
    }
    if lines.len() == 1 {
        return format!("no results for `{metric}`\n");
    }
    align(&lines)
}

fn header(metric: &str, models: &[Model]) -> Vec<String> {
    let mut header = vec![metric.to_owned()];
    header.extend(models.iter().map(Model::to_string));
    header.push("n".to_owned());
    header
}

/// Columns two spaces apart; the last one stands to the right.
pub(crate) fn align(lines: &[Vec<String>]) -> String {
    let columns = lines[0].len();
    let wide = |text: &String| text.chars().count();
    let widths: Vec<usize> = (0..columns)
        .map(|c| lines.iter().map(|l| wide(&l[c])).max().unwrap_or(0))
        .collect();
    let mut table = String::new();
    for line in lines {
        for (c, (cell, width)) in line.iter().zip(&widths).enumerate() {
            let _ = if c + 1 == columns {
                writeln!(table, "{cell:>width$}")
            } else {
                write!(table, "{cell:<width$}  ")
            };
        }
    }
    table
}
