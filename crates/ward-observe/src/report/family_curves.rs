//! The federated model by round, one look a family.

use super::chart::{Scale, figure, line, path, spread, svg, table, tick_label, word};
use super::curves::round_axis;
use super::families::Family;
use super::heterogeneity::short;
use super::load::metric_name;
use super::markup::Markup;

/// Looks of families: beyond these they repeat.
const LOOKS: [(&str, &str); 6] = [
    ("s0", "k0"),
    ("s1", "k1"),
    ("s2", "k2"),
    ("s3", "k3"),
    ("s4", "k4"),
    ("s5", "k5"),
];

/// The chart; says so when no round was scored.
pub(super) fn curves(page: &mut Markup, families: &[Family<'_>], metric: &str) {
    let all = families.iter().flat_map(|f| &f.runs);
    let values = || all.clone().flat_map(|run| run.view.curve(None, metric));
    let low = values().map(|(_, e)| e.value).fold(f64::INFINITY, f64::min);
    let high = values()
        .map(|(_, e)| e.value)
        .fold(f64::NEG_INFINITY, f64::max);
    let last = values().map(|(r, _)| r.0 + 1).max().unwrap_or(0);
    if last == 0 {
        page.tag("p").text("No round of these runs was scored.");
        return;
    }
    let name = metric_name(metric);
    let room = 0.05 * (high - low).max(1e-6);
    let (right, top, bottom) = (780.0, 20.0, 300.0);
    let x = Scale::new((1.0, f64::from(last.max(2))), (48.0, right));
    let y = Scale::new((low - room, high + room), (bottom, top));
    let means: Vec<Vec<(u32, f64)>> = families.iter().map(|f| mean_curve(f, metric)).collect();
    figure(
        page,
        &format!("{name} of the federated model"),
        "Thin lines are single runs, thick ones the mean over seeds in the rounds that all of them scored.",
        |page| {
            svg(
                page,
                (1000.0, 332.0),
                format_args!("{name} by round of each experiment"),
                |page| {
                    let ticks = y.ticks(6);
                    for tick in &ticks {
                        line(page, "grid", (48.0, y.at(*tick)), (right, y.at(*tick)));
                        word(
                            page,
                            "tick end",
                            (40.0, y.at(*tick) + 4.0),
                            tick_label(*tick, &ticks),
                        );
                    }
                    round_axis(page, &x, bottom, 10);
                    for (family, (stroke, _)) in families.iter().zip(LOOKS.iter().cycle()) {
                        for run in &family.runs {
                            let curve = run.view.curve(None, metric);
                            let points = curve
                                .iter()
                                .map(|(r, e)| (x.at(f64::from(r.0 + 1)), y.at(e.value)));
                            page.tag("path")
                                .class(format_args!("run-line {stroke}"))
                                .at("d", path(points))
                                .empty();
                        }
                    }
                    let ends: Vec<f64> = means
                        .iter()
                        .map(|m| m.last().map_or(bottom, |(_, v)| y.at(*v)))
                        .collect();
                    let moved = spread(&ends, 16.0, top, bottom);
                    for (i, (mean, (stroke, fill))) in
                        means.iter().zip(LOOKS.iter().cycle()).enumerate()
                    {
                        let points = mean.iter().map(|(r, v)| (x.at(f64::from(r + 1)), y.at(*v)));
                        page.tag("path")
                            .class(format_args!("family-line {stroke}"))
                            .at("d", path(points))
                            .empty();
                        if mean.is_empty() {
                            continue;
                        }
                        line(
                            page,
                            "leader",
                            (right + 2.0, ends[i]),
                            (right + 12.0, moved[i]),
                        );
                        page.tag("circle")
                            .class(fill)
                            .num("cx", right + 18.0)
                            .num("cy", moved[i])
                            .num("r", 4.0)
                            .empty();
                        word(
                            page,
                            "",
                            (right + 28.0, moved[i] + 4.0),
                            short(&families[i].name, 26),
                        );
                    }
                },
            );
        },
        |page| {
            let columns: Vec<&str> = std::iter::once("round")
                .chain(families.iter().map(|f| f.name.as_str()))
                .collect();
            let rows = (0..last).filter_map(|round| {
                let of = |mean: &Vec<(u32, f64)>| {
                    mean.iter().find(|(r, _)| *r == round).map(|(_, v)| *v)
                };
                let cells: Vec<Option<f64>> = means.iter().map(of).collect();
                cells.iter().any(Option::is_some).then(|| {
                    let cells = cells
                        .iter()
                        .map(|c| c.map_or_else(|| "–".to_owned(), |v| format!("{v:.4}")));
                    std::iter::once((round + 1).to_string())
                        .chain(cells)
                        .collect()
                })
            });
            table(page, &format!("Mean {name} by round"), &columns, 1, rows);
        },
    );
}

/// The mean over the runs, in the rounds that all of them scored.
fn mean_curve(family: &Family<'_>, metric: &str) -> Vec<(u32, f64)> {
    let curves: Vec<_> = family
        .runs
        .iter()
        .map(|run| run.view.curve(None, metric))
        .collect();
    let Some(first) = curves.first() else {
        return Vec::new();
    };
    first
        .iter()
        .filter_map(|(round, _)| {
            let at: Vec<f64> = curves
                .iter()
                .filter_map(|c| c.iter().find(|(r, _)| r == round).map(|(_, e)| e.value))
                .collect();
            (at.len() == curves.len()).then(|| (round.0, at.iter().sum::<f64>() / at.len() as f64))
        })
        .collect()
}
