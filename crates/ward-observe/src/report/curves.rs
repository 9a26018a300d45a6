//! The federated model by round, with the other models as level lines.

use ward_core::{Estimate, RoundId};

use super::chart::{Scale, figure, line, path, spread, svg, table, tick_label, word};
use super::headline::signed;
use super::load::{RunData, metric_name};
use super::markup::Markup;
use crate::{Model, text};

type Curve = Vec<(RoundId, Estimate)>;

/// One panel: everybody's curve or one tier's.
struct Panel {
    title: String,
    curve: Curve,
    /// Level lines: model and value.
    levels: Vec<(Model, f64)>,
}

/// The section; says so when no round was scored.
pub(super) fn section(page: &mut Markup, run: &RunData) {
    page.tag("h2").text("Round by round");
    match run.view.main_metric() {
        Some(metric) => scores(page, run, &metric),
        None => page
            .tag("p")
            .text("No round's model was scored, so there is no curve."),
    }
    let losses: Curve = exact(run.view.loss_curve());
    if losses.is_empty() {
        page.tag("p").text("No round was closed.");
        return;
    }
    let norms = run.view.rounds.iter();
    let norms = exact(
        norms
            .filter_map(|r| Some((r.round, r.update_norm?)))
            .collect(),
    );
    training(page, losses, norms);
}

fn exact(values: Vec<(RoundId, f64)>) -> Curve {
    let exact = |value| Estimate {
        value,
        n: 0,
        standard_error: 0.0,
    };
    values
        .into_iter()
        .map(|(round, v)| (round, exact(v)))
        .collect()
}

fn scores(page: &mut Markup, run: &RunData, metric: &str) {
    let panel = |tier: Option<&str>| {
        let group = tier.unwrap_or("all");
        let of = |model| Some((model, run.result(group, model, metric)?.value));
        let models = [Model::Ceiling, Model::Pooled, Model::Alone];
        Panel {
            title: tier.unwrap_or("everybody").to_owned(),
            curve: run.view.curve(tier, metric),
            levels: models.into_iter().filter_map(of).collect(),
        }
    };
    let everybody = panel(None);
    let tiers = run.tiers();
    let mut tiers: Vec<Panel> = tiers.iter().map(|tier| panel(Some(tier))).collect();
    tiers.retain(|panel| !panel.curve.is_empty());
    let name = metric_name(metric);
    let summary = summary(&everybody, &name);
    let (low, high) = domain(std::iter::once(&everybody).chain(&tiers));
    let last = last_round(run);
    figure(
        page,
        &format!("{name} of the federated model"),
        &summary,
        |page| draw(page, &everybody, (1000.0, 330.0), (low, high), last),
        |page| curve_table(page, &name, &everybody, &tiers),
    );
    if !tiers.is_empty() {
        figure(
            page,
            &format!("{name} by tier"),
            "The same model, scored on each tier's own test cases. All panels have one scale.",
            |page| {
                page.tag("div").class("multiples").with(|page| {
                    for tier in &tiers {
                        draw(page, tier, (340.0, 240.0), (low, high), last);
                    }
                });
            },
            |page| curve_table(page, &name, &everybody, &tiers),
        );
    }
}

fn last_round(run: &RunData) -> f64 {
    let played = run.view.rounds.last().map_or(1, |r| r.round.0 + 1);
    f64::from(played.max(2))
}

fn summary(panel: &Panel, name: &str) -> String {
    let (Some((first, start)), Some((last, end))) = (panel.curve.first(), panel.curve.last())
    else {
        return format!("{name} was not scored.");
    };
    let mut summary = format!(
        "{name} goes from {} after round {} to {} after round {}",
        text::value(start.value),
        first.0 + 1,
        text::value(end.value),
        last.0 + 1
    );
    for (model, value) in &panel.levels {
        summary += &format!(", {} against {model}", signed(end.value - value));
    }
    summary + ". The band is the 95 % interval over test cases."
}

fn domain<'a>(panels: impl Iterator<Item = &'a Panel>) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for panel in panels {
        let of_curve = panel.curve.iter().map(|(_, e)| e.interval());
        let of_levels = panel.levels.iter().map(|(_, v)| (*v, *v));
        for (from, to) in of_curve.chain(of_levels) {
            (low, high) = (low.min(from), high.max(to));
        }
    }
    let room = 0.05 * (high - low).max(1e-6);
    (low - room, high + room)
}

fn draw(
    page: &mut Markup,
    panel: &Panel,
    (width, height): (f64, f64),
    values: (f64, f64),
    last: f64,
) {
    let wide = width > 500.0;
    let (left, right) = (48.0, width - if wide { 150.0 } else { 136.0 });
    let (top, bottom) = (26.0, height - 32.0);
    let x = Scale::new((1.0, last), (left, right));
    let y = Scale::new(values, (bottom, top));
    let place = |round: &RoundId| x.at(f64::from(round.0 + 1));
    let label = format!("Curve for {} by round", panel.title);
    svg(page, (width, height), label, |page| {
        let ticks = y.ticks(if wide { 6 } else { 4 });
        for tick in &ticks {
            let at = y.at(*tick);
            line(page, "grid", (left, at), (right, at));
            word(
                page,
                "tick end",
                (left - 8.0, at + 4.0),
                tick_label(*tick, &ticks),
            );
        }
        word(page, "h", (left, 14.0), &panel.title);
        round_axis(page, &x, bottom, if wide { 10 } else { 4 });
        for (model, value) in &panel.levels {
            let at = y.at(*value);
            line(page, &format!("base {model}"), (left, at), (right, at));
        }
        let upper = panel
            .curve
            .iter()
            .map(|(r, e)| (place(r), y.at(e.interval().1)));
        let lower = panel
            .curve
            .iter()
            .rev()
            .map(|(r, e)| (place(r), y.at(e.interval().0)));
        if panel.curve.iter().any(|(_, e)| e.standard_error > 0.0) {
            page.tag("path")
                .class("band")
                .at("d", path(upper.chain(lower)) + "Z")
                .empty();
        }
        let points = panel.curve.iter().map(|(r, e)| (place(r), y.at(e.value)));
        page.tag("path")
            .class("curve")
            .at("d", path(points))
            .empty();
        dots(page, panel, &place, &y);
        level_labels(page, panel, &y, (right, top, bottom));
    });
}

/// A dot for each round where they do not crowd, with its number in words; always the last one.
fn dots(page: &mut Markup, panel: &Panel, place: &impl Fn(&RoundId) -> f64, y: &Scale) {
    let apart = match panel.curve.as_slice() {
        [first, .., last] => (place(&last.0) - place(&first.0)) / (panel.curve.len() - 1) as f64,
        _ => f64::INFINITY,
    };
    let many = apart < 6.0;
    let skipped = if many { panel.curve.len() - 1 } else { 0 };
    for (i, (round, estimate)) in panel.curve.iter().enumerate().skip(skipped) {
        let (low, high) = estimate.interval();
        let tip = format!(
            "round {}: {} ({} to {})",
            round.0 + 1,
            text::value(estimate.value),
            text::value(low),
            text::value(high)
        );
        let radius = if i + 1 == panel.curve.len() { 4.5 } else { 2.5 };
        page.tag("circle")
            .class("federated")
            .num("cx", place(round))
            .num("cy", y.at(estimate.value))
            .num("r", radius)
            .with(|page| page.tag("title").text(tip));
    }
}

fn level_labels(
    page: &mut Markup,
    panel: &Panel,
    y: &Scale,
    (right, top, bottom): (f64, f64, f64),
) {
    let mut labels: Vec<(Model, f64)> = panel.levels.clone();
    labels.extend(panel.curve.last().map(|(_, e)| (Model::Federated, e.value)));
    let places: Vec<f64> = labels.iter().map(|(_, value)| y.at(*value)).collect();
    let only_one = labels.len() == 1;
    for ((model, value), (at, moved)) in labels
        .iter()
        .zip(places.iter().zip(spread(&places, 15.0, top, bottom)))
    {
        page.tag("path")
            .class("leader")
            .at("d", path([(right + 2.0, *at), (right + 12.0, moved)]))
            .empty();
        let class = if *model == Model::Federated { "b" } else { "" };
        let text = if only_one {
            text::value(*value)
        } else {
            format!("{model} {}", text::value(*value))
        };
        word(page, class, (right + 15.0, moved + 4.0), text);
    }
}

/// Round numbers under a chart.
pub(super) fn round_axis(page: &mut Markup, x: &Scale, bottom: f64, about: u32) {
    line(page, "axis", (x.places.0, bottom), (x.places.1, bottom));
    for tick in x.ticks(about).into_iter().filter(|t| t.fract() == 0.0) {
        let at = x.at(tick);
        line(page, "axis", (at, bottom), (at, bottom + 4.0));
        word(page, "tick mid", (at, bottom + 18.0), tick);
    }
    let first = (x.places.0 - 8.0, bottom + 18.0);
    word(page, "tick end", first, "round");
}

fn curve_table(page: &mut Markup, name: &str, everybody: &Panel, tiers: &[Panel]) {
    let mut columns = vec![
        "round".to_owned(),
        "everybody".to_owned(),
        "95 % interval".to_owned(),
    ];
    columns.extend(tiers.iter().map(|tier| tier.title.clone()));
    let rows = everybody.curve.iter().map(|(round, estimate)| {
        let (low, high) = estimate.interval();
        let mut row = vec![
            (round.0 + 1).to_string(),
            format!("{:.4}", estimate.value),
            format!("{low:.4} to {high:.4}"),
        ];
        row.extend(tiers.iter().map(|tier| {
            let found = tier.curve.iter().find(|(r, _)| r == round);
            found.map_or_else(|| "–".to_owned(), |(_, e)| format!("{:.4}", e.value))
        }));
        row
    });
    table(page, &format!("{name} by round"), &columns, 1, rows);
}

fn training(page: &mut Markup, losses: Curve, norms: Curve) {
    let summary = match (losses.first(), losses.last()) {
        (Some((_, first)), Some((_, last))) => format!(
            "Mean training loss of the hospitals, by weight, from {:.3} to {:.3}; and how far \
             each round moved the model. Abandoned rounds moved nothing and are left out.",
            first.value, last.value
        ),
        _ => String::new(),
    };
    let last = losses
        .last()
        .map_or(2.0, |(r, _)| f64::from((r.0 + 1).max(2)));
    let rows: Vec<Vec<String>> = losses
        .iter()
        .zip(&norms)
        .map(|((r, loss), (_, norm))| {
            let number = |e: &Estimate| format!("{:.4}", e.value);
            vec![(r.0 + 1).to_string(), number(loss), number(norm)]
        })
        .collect();
    let panels = [("training loss", losses), ("size of the update", norms)];
    let panels = panels.map(|(title, curve)| Panel {
        title: title.to_owned(),
        curve,
        levels: Vec::new(),
    });
    figure(
        page,
        "Training",
        &summary,
        |page| {
            page.tag("div").class("multiples").with(|page| {
                for panel in &panels {
                    let (low, high) = domain(std::iter::once(panel));
                    draw(page, panel, (480.0, 210.0), (low, high), last);
                }
            });
        },
        |page| {
            table(
                page,
                "Training by round",
                &["round", "loss", "update norm"],
                1,
                rows,
            );
        },
    );
}
