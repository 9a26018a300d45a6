//! Several runs: means over seeds where only the seed differs, and all of them side by side.

use ward_core::Digest;

use super::chart::{Scale, figure, line, path, spread, svg, table, tick_label, word};
use super::curves::round_axis;
use super::headline::outcome;
use super::heterogeneity::short;
use super::load::{RunData, metric_name};
use super::markup::Markup;
use super::statistics::{OverSeeds, over_seeds};
use crate::{Model, text};

/// Looks of families: beyond these they repeat.
const LOOKS: [(&str, &str); 6] = [
    ("s0", "k0"),
    ("s1", "k1"),
    ("s2", "k2"),
    ("s3", "k3"),
    ("s4", "k4"),
    ("s5", "k5"),
];

/// Runs that differ in their seed alone.
struct Family<'a> {
    name: String,
    digest: Option<Digest>,
    runs: Vec<&'a RunData>,
}

/// The families, in the order in which their first runs were named. Two names alike get numbers.
fn families(runs: &[RunData]) -> Vec<Family<'_>> {
    let mut families: Vec<Family<'_>> = Vec::new();
    for run in runs {
        let digest = run.manifest.as_ref().map(|m| m.config_family);
        match families
            .iter_mut()
            .find(|f| digest.is_some() && f.digest == digest)
        {
            Some(family) => family.runs.push(run),
            None => families.push(Family {
                name: run.name().to_owned(),
                digest,
                runs: vec![run],
            }),
        }
    }
    let names: Vec<String> = families.iter().map(|f| f.name.clone()).collect();
    for (i, family) in families.iter_mut().enumerate() {
        if names.iter().filter(|name| **name == family.name).count() > 1 {
            let before = names[..=i]
                .iter()
                .filter(|name| **name == family.name)
                .count();
            family.name = format!("{} ({before})", family.name);
        }
    }
    families
}

/// The comparison.
pub(super) fn sections(page: &mut Markup, runs: &[RunData]) {
    let families = families(runs);
    let Some(metric) = runs.iter().find_map(RunData::metric) else {
        page.tag("p")
            .class("lead")
            .text("None of these runs was scored, so there is nothing to compare.");
        side_by_side(page, runs, "auc");
        return;
    };
    page.tag("p").class("lead").text(lead(&families, &metric));
    page.tag("section")
        .at("aria-label", "Over seeds")
        .with(|page| {
            page.tag("h2").text("Over seeds");
            page.tag("p").text(
                "Runs whose configurations differ in the seed alone are repetitions of one \
             experiment. The interval is Student's t over seeds; for one run there is none.",
            );
            seeds(page, &families, &metric);
        });
    page.tag("section")
        .at("aria-label", "Round by round")
        .with(|page| {
            page.tag("h2").text("Round by round");
            curves(page, &families, &metric);
        });
    page.tag("section")
        .at("aria-label", "Side by side")
        .with(|page| {
            page.tag("h2").text("Side by side");
            side_by_side(page, runs, &metric);
        });
}

fn values(family: &Family<'_>, group: &str, model: Model, metric: &str) -> Vec<f64> {
    let of = |run: &&RunData| match model {
        Model::Federated if group == "all" => run.federated(None, metric).map(|r| r.value),
        _ => run.result(group, model, metric).map(|r| r.value),
    };
    family.runs.iter().filter_map(of).collect()
}

fn plus_minus(over: OverSeeds) -> String {
    match over.half {
        Some(half) => format!("{} ± {}", text::value(over.mean), text::value(half)),
        None => text::value(over.mean),
    }
}

fn lead(families: &[Family<'_>], metric: &str) -> String {
    let name = metric_name(metric);
    let parts: Vec<String> = families
        .iter()
        .take(6)
        .filter_map(|family| {
            let over = over_seeds(&values(family, "all", Model::Federated, metric))?;
            let runs = text::things(over.runs as u64, "seed", "seeds");
            Some(format!("{} {} ({runs})", family.name, plus_minus(over)))
        })
        .collect();
    format!("Federated {name}: {}.", parts.join("; "))
}

fn groups(families: &[Family<'_>]) -> Vec<String> {
    let mut groups = vec!["all".to_owned()];
    for run in families.iter().flat_map(|f| &f.runs) {
        for tier in run.tiers() {
            if !groups.contains(&tier) {
                groups.push(tier);
            }
        }
    }
    groups
}

fn seeds(page: &mut Markup, families: &[Family<'_>], metric: &str) {
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

fn curves(page: &mut Markup, families: &[Family<'_>], metric: &str) {
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

fn side_by_side(page: &mut Markup, runs: &[RunData], metric: &str) {
    let name = metric_name(metric);
    let columns: Vec<String> = ["run", "scenario", "seed", "strategy", "outcome"]
        .map(str::to_owned)
        .into_iter()
        .chain(["rounds", "hospitals"].map(str::to_owned))
        .chain(Model::ALL.map(|model| format!("{model} {name}")))
        .chain(["up", "down", "wall time", "model"].map(str::to_owned))
        .collect();
    let rows = runs.iter().map(|run| {
        let manifest = run.manifest.as_ref();
        let or_dash = |text: Option<String>| {
            text.filter(|t| !t.is_empty())
                .unwrap_or_else(|| "–".to_owned())
        };
        let mut row = vec![
            run.folder.clone(),
            or_dash(manifest.map(|m| m.scenario.clone())),
            or_dash(manifest.map(|m| m.seed.to_string())),
            or_dash(manifest.map(|m| m.strategy.clone())),
            outcome(run).1.to_owned(),
            run.view.rounds.len().to_string(),
            run.hospitals().to_string(),
        ];
        row.extend(Model::ALL.map(|model| {
            let found = match model {
                Model::Federated => run.federated(None, metric),
                _ => run.result("all", model, metric).cloned(),
            };
            or_dash(found.map(|r| text::value(r.value)))
        }));
        row.extend([
            text::bytes(run.view.sent().bytes),
            text::bytes(run.view.received().bytes),
            or_dash(manifest.and_then(|m| m.wall_s).map(text::seconds)),
            or_dash(manifest.and_then(|m| m.model_digest).map(|d| d.short())),
        ]);
        row
    });
    table(page, "All runs", &columns, 5, rows);
}
