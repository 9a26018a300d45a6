//! Means over seeds: every run a small dot, the mean and its interval beside it.

use super::chart::{Scale, figure, line, svg, table, tick_label, word};
use super::families::{Family, groups, plus_minus, values};
use super::heterogeneity::short;
use super::hospitals::{key, mark};
use super::load::metric_name;
use super::markup::Markup;
use super::statistics::over_seeds;
use crate::Model;

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 210.0;
const ROW: f64 = 26.0;
const TOP: f64 = 16.0;

/// One line of the chart: a group of a family, and the values of each model in its runs.
struct Row<'a> {
    family: &'a str,
    group: String,
    values: Vec<(Model, Vec<f64>)>,
}

/// The chart and its table.
pub(super) fn section(page: &mut Markup, families: &[Family<'_>], metric: &str) {
    let mut rows = Vec::new();
    for family in families {
        for group in groups(families) {
            let of = |model| (model, values(family, &group, model, metric));
            let values: Vec<_> = Model::ALL.map(of).into_iter().collect();
            if values.iter().any(|(_, values)| !values.is_empty()) {
                let family = &family.name;
                rows.push(Row {
                    family,
                    group,
                    values,
                });
            }
        }
    }
    let mut values = rows.iter().flat_map(|row| &row.values);
    let own = values.any(|(model, values)| *model == Model::Personal && !values.is_empty());
    key(page, own);
    figure(
        page,
        &format!("{} over seeds", metric_name(metric)),
        "Small dots are single runs, the marks their means, the lines through them 95 % \
         intervals over seeds.",
        |page| chart(page, &rows),
        |page| seeds_table(page, families, metric),
    );
}

fn chart(page: &mut Markup, rows: &[Row<'_>]) {
    let all = || {
        rows.iter()
            .flat_map(|row| row.values.iter().flat_map(|(_, v)| v))
            .copied()
    };
    let low = all().fold(f64::INFINITY, f64::min);
    let high = all().fold(f64::NEG_INFINITY, f64::max);
    let room = 0.05 * (high - low).max(1e-6);
    let x = Scale::new((low - room, high + room), (LEFT, WIDTH - 20.0));
    let families = rows.chunk_by(|a, b| a.family == b.family);
    let height = TOP + rows.len() as f64 * ROW + families.clone().count() as f64 * ROW + 30.0;
    svg(
        page,
        (WIDTH, height),
        "Means over seeds by experiment and group",
        |page| {
            let ticks = x.ticks(7);
            for tick in &ticks {
                line(
                    page,
                    "grid",
                    (x.at(*tick), TOP),
                    (x.at(*tick), height - 24.0),
                );
                word(
                    page,
                    "tick mid",
                    (x.at(*tick), height - 8.0),
                    tick_label(*tick, &ticks),
                );
            }
            let mut y = TOP;
            for family in families {
                word(page, "h halo", (0.0, y + 18.0), short(family[0].family, 90));
                y += ROW;
                for row in family {
                    let who = if row.group == "all" {
                        "everybody"
                    } else {
                        &row.group
                    };
                    word(page, "soft end", (LEFT - 14.0, y + 17.0), short(who, 26));
                    for (model, values) in &row.values {
                        one(page, &x, *model, values, y);
                    }
                    y += ROW;
                }
            }
        },
    );
}

fn one(page: &mut Markup, x: &Scale, model: Model, values: &[f64], top: f64) {
    let Some(over) = over_seeds(values) else {
        return;
    };
    let middle = top + ROW / 2.0;
    if values.len() > 1 && model != Model::Ceiling {
        for value in values {
            let dot = page.tag("circle").class(format_args!("run-dot {model}"));
            dot.num("cx", x.at(*value))
                .num("cy", middle - 7.0)
                .num("r", 2.0)
                .empty();
        }
        if let Some(half) = over.half {
            let ends = (x.at(over.mean - half), x.at(over.mean + half));
            line(page, "whisker", (ends.0, middle), (ends.1, middle));
        }
    }
    mark(page, model, x.at(over.mean), (middle - 8.0, middle + 8.0));
}

fn seeds_table(page: &mut Markup, families: &[Family<'_>], metric: &str) {
    let mut rows = Vec::new();
    for family in families {
        for group in groups(families) {
            let cells: Vec<String> = Model::ALL
                .iter()
                .map(|model| {
                    over_seeds(&values(family, &group, *model, metric))
                        .map_or_else(|| "–".to_owned(), plus_minus)
                })
                .collect();
            if cells.iter().all(|cell| cell == "–") {
                continue;
            }
            let mut row = vec![family.name.clone(), group, family.runs.len().to_string()];
            row.extend(cells);
            rows.push(row);
        }
    }
    let columns = [
        "experiment",
        "group",
        "runs",
        "alone",
        "federated",
        "pooled",
        "ceiling",
    ];
    let caption = format!(
        "{}, mean and half the 95 % interval over seeds",
        metric_name(metric)
    );
    table(page, &caption, &columns, 2, rows);
}
