//! Several runs, one after the other, told in one table: the variants of a file, or every scenario.

use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use ward_core::Outcome;
use ward_core::metric::name::ATTACK_SUCCESS;
use ward_observe::{Examination, Model, ResultRow, RunDir, file, report, result_row, text};

use super::ending::note;
use super::output::{print, print_json, table};
use super::run::Played;
use crate::cli::Format;
use crate::failure::Failure;
use crate::results;
use crate::run_folder::RunFolder;
use crate::summary::Summary;

/// The share of the ceiling whose round is told.
const SHARE_OF_CEILING: f64 = 0.9;

/// What `run --format json` prints of several runs.
#[derive(Debug, Clone, Serialize)]
struct SeriesSummary<'a> {
    runs: Vec<RunOfSeries<'a>>,
}

/// One of them.
#[derive(Debug, Clone, Serialize)]
struct RunOfSeries<'a> {
    /// The variant's or the scenario's name.
    name: &'a str,
    /// The metric that the table shows of it.
    metric: &'a str,
    /// As of a single run.
    summary: &'a Summary,
}

/// One run that was played.
#[derive(Debug)]
pub(super) struct Told {
    name: String,
    metric: String,
    results: Vec<ResultRow>,
    summary: Summary,
    tiers: Vec<String>,
    /// The rounds after which it ended before its time.
    lost: Option<u32>,
    /// The first scored round, from 1, with a model as good as [`SHARE_OF_CEILING`] of the ceiling.
    reached: Option<u32>,
}

impl Told {
    /// What is to be told of a run; `metric` where it is not the run's own first one.
    pub(super) fn of(
        name: &str,
        metric: Option<&str>,
        played: &Played,
        answers: &[Examination],
    ) -> Self {
        let results = played.results.clone();
        let main = result_row::main_metric(&results).unwrap_or("auc");
        let metric = metric.unwrap_or(main).to_owned();
        let roster = played.setup.federation.roster();
        let mut tiers = results::groups(roster);
        tiers.truncate(tiers.len() - roster.len());
        tiers.remove(0);
        let ceiling = result_row::find(&results, "all", Model::Ceiling, &metric);
        let reached = ceiling.and_then(|ceiling| {
            let wanted = SHARE_OF_CEILING * ceiling.value;
            let mut curve = played.view.curve(None, &metric).into_iter();
            curve.find_map(|(round, scored)| (scored.value >= wanted).then_some(round.0 + 1))
        });
        let RunFolder { dir, manifest, .. } = &played.folder;
        let whole = manifest.outcome == Some(Outcome::Completed);
        Self {
            lost: (!whole).then_some(played.view.rounds.len() as u32),
            summary: Summary::of(dir, manifest, &played.view, &results, answers),
            name: name.to_owned(),
            metric,
            results,
            tiers,
            reached,
        }
    }

    fn cell(&self, group: &str, model: Model) -> String {
        let row = result_row::find(&self.results, group, model, &self.metric);
        row.map_or_else(String::new, ResultRow::with_interval)
    }

    fn value(&self, group: &str, model: Model, metric: &str) -> Option<f64> {
        result_row::find(&self.results, group, model, metric).map(|row| row.value)
    }

    /// The tier that the federated model serves worst.
    fn lowest_tier(&self) -> String {
        let of = |tier: &String| {
            let value = self.value(tier, Model::Federated, &self.metric)?;
            Some((value, tier.clone()))
        };
        let lowest = self.tiers.iter().filter_map(of);
        let lowest = lowest.min_by(|a, b| a.0.total_cmp(&b.0));
        let several = self.tiers.len() > 1;
        lowest
            .filter(|_| several)
            .map_or_else(String::new, |(value, tier)| {
                format!("{} {}", text::value(value), text::plain(&tier))
            })
    }
}

/// What the runs are, and which columns tell of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Of one file: what differs is worth more columns, and a page that compares them.
    Variants,
    /// One for each scenario.
    Scenarios,
}

/// Prints all runs; for variants also writes `page`, their comparison.
///
/// # Errors
/// When standard output or the page cannot be written.
pub(super) fn tell(
    kind: Kind,
    told: &[Told],
    format: Format,
    page: &Path,
) -> Result<ExitCode, Failure> {
    let runs = told.iter().map(|told| RunOfSeries {
        name: &told.name,
        metric: &told.metric,
        summary: &told.summary,
    });
    match format {
        Format::Json => print_json(&SeriesSummary {
            runs: runs.collect(),
        })?,
        Format::Text => print(&table_of(kind, told))?,
    }
    if kind == Kind::Variants && told.len() > 1 {
        let dirs = told
            .iter()
            .map(|told| RunDir::open(Path::new(&told.summary.run_dir)));
        let dirs = dirs.collect::<Result<Vec<_>, _>>()?;
        file::write_whole(page, report::report(&dirs).as_bytes())?;
        note(&format!("comparison {}", page.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// A column: its head, and what it says of a run. Columns that say nothing of any are left out.
type Column = (String, Box<dyn Fn(&Told) -> String>);

fn columns(kind: Kind) -> Vec<Column> {
    let column =
        |head: &str, cell: fn(&Told) -> String| -> Column { (head.to_owned(), Box::new(cell)) };
    let first = match kind {
        Kind::Variants => "variant",
        Kind::Scenarios => "scenario",
    };
    let mut columns = vec![
        column(first, |told| text::plain(&told.name)),
        column("metric", |told| text::plain(&told.metric)),
    ];
    for model in Model::ALL {
        let cell = move |told: &Told| told.cell("all", model);
        columns.push((model.word().to_owned(), Box::new(cell)));
    }
    if kind == Kind::Variants {
        columns.extend([
            column("lowest tier", Told::lowest_tier),
            column("90 % of ceiling", |told| {
                told.reached
                    .map_or_else(String::new, |round| format!("round {round}"))
            }),
            column("attack", |told| {
                let success = told.value("all", Model::Federated, ATTACK_SUCCESS);
                success.map_or_else(String::new, text::value)
            }),
            column("epsilon", |told| {
                told.summary.epsilon.map_or_else(String::new, text::epsilon)
            }),
            column("silent", |told| match told.summary.silent {
                0 => String::new(),
                silent => text::count(silent),
            }),
            column("ended early", |told| {
                let lost = told.lost.map(|rounds| format!("after {rounds}"));
                lost.unwrap_or_default()
            }),
            column("up", |told| text::bytes(told.summary.bytes_up)),
        ]);
    }
    columns.push(column("time", |told| text::seconds(told.summary.wall_s)));
    columns
}

fn table_of(kind: Kind, told: &[Told]) -> String {
    let columns = columns(kind);
    let mut rows = vec![Vec::new(); told.len() + 1];
    for (head, cell) in columns {
        let cells: Vec<String> = told.iter().map(cell).collect();
        if cells.iter().all(String::is_empty) {
            continue;
        }
        rows[0].push(head);
        for (row, cell) in rows[1..].iter_mut().zip(cells) {
            row.push(match cell.is_empty() {
                true => "–".to_owned(),
                false => cell,
            });
        }
    }
    table(&rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(group: &str, model: Model, metric: &str, value: f64) -> ResultRow {
        ResultRow {
            group: group.into(),
            model,
            metric: metric.into(),
            value,
            ci_low: value - 0.01,
            ci_high: value + 0.01,
            n: 100,
        }
    }

    fn told(name: &str, federated: f64, tiers: &[(&str, f64)], reached: Option<u32>) -> Told {
        let mut results = vec![
            row("all", Model::Federated, "auc", federated),
            row("all", Model::Pooled, "auc", 0.9),
        ];
        results.extend(
            tiers
                .iter()
                .map(|(tier, value)| row(tier, Model::Federated, "auc", *value)),
        );
        Told {
            name: name.into(),
            metric: "auc".into(),
            results,
            summary: Summary {
                run_dir: "runs/x".into(),
                model_digest: String::new(),
                rounds: 3,
                scenario: "emr-risk".into(),
                seed: 1,
                results: Vec::new(),
                rows: Vec::new(),
                access: None,
                reach: None,
                examinations: Vec::new(),
                epsilon: None,
                privacy_unit: None,
                bytes_up: 2_000,
                bytes_down: 0,
                reporters: 0,
                silent: 0,
                simulated_s: 0.0,
                wall_s: 1.5,
                train_cpu_s: 0.0,
            },
            tiers: tiers.iter().map(|(tier, _)| (*tier).to_owned()).collect(),
            lost: None,
            reached,
        }
    }

    #[test]
    fn a_line_for_each_run_and_no_column_that_says_nothing() {
        let runs = [
            told("mean", 0.7, &[("county", 0.8), ("township", 0.6)], None),
            told(
                "median",
                0.8,
                &[("county", 0.8), ("township", 0.79)],
                Some(4),
            ),
        ];
        let text = table_of(Kind::Variants, &runs);
        expect_test::expect![[r#"
            variant  metric  federated             pooled                lowest tier     90 % of ceiling  up      time
            mean     auc     0.700 [0.690, 0.710]  0.900 [0.890, 0.910]  0.600 township  –                2.0 kB  1.5 s
            median   auc     0.800 [0.790, 0.810]  0.900 [0.890, 0.910]  0.790 township  round 4          2.0 kB  1.5 s
        "#]]
        .assert_eq(&text);
        let text = table_of(Kind::Scenarios, &runs);
        assert!(
            text.starts_with("scenario") && !text.contains("lowest tier"),
            "{text}"
        );
    }
}
