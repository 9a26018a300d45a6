//! Alone, federated, pooled and ceiling side by side, for everybody and by tier.

use std::collections::HashMap;

use ward_core::metric::name;

use super::chart::{Scale, figure, line, rect, svg, table, tick_label, word};
use super::headline::{interval, signed};
use super::load::{RunData, bar_start, metric_name, more_is_better};
use super::markup::Markup;
use crate::result_row::ResultRow;
use crate::{Model, text};

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 120.0;
const RIGHT: f64 = 800.0;
/// Where the numbers stand, clear of bars and ceilings.
const NUMBERS: f64 = 832.0;
const TOP: f64 = 34.0;
const BAR: f64 = 20.0;
const GROUP_GAP: f64 = 30.0;

/// The section; says so when there are no results.
pub(super) fn section(page: &mut Markup, run: &RunData) {
    page.tag("h2").text("What federation gives");
    let Some(metric) = run.metric().filter(|_| !run.results.is_empty()) else {
        page.tag("p").text(
            "This run has no results to compare: it did not reach its end, or its results file \
             is missing.",
        );
        return;
    };
    page.tag("p").text(
        "Four models for the same question: each hospital on its own rows (alone), all hospitals \
         together with the rows staying where they are (federated), the same model on all rows in \
         one place (pooled), and the best that any model could do (ceiling). Where hospitals have \
         models of their own beside or of the federated one, they are a fifth (personal). All are \
         scored on the same test cases with true labels. A model that was not trained in this run \
         is absent.",
    );
    let which = run.manifest.as_ref().and_then(crate::Manifest::which_model);
    if let Some(which) = which {
        page.tag("p").text(format_args!("Here {which}."));
    }
    let mut groups = vec!["all".to_owned()];
    groups.extend(run.tiers());
    groups.retain(|group| {
        run.results
            .iter()
            .any(|r| r.group == *group && r.metric == metric)
    });
    if groups.is_empty() {
        page.tag("p")
            .text("There are results for single hospitals only; see the table below.");
        return;
    }
    figure(
        page,
        &format!("{} by group", metric_name(&metric)),
        &summary(run, &metric, &groups),
        |page| chart(page, run, &metric, &groups),
        |page| results_table(page, run, &groups),
    );
}

fn summary(run: &RunData, metric: &str, groups: &[String]) -> String {
    let mut parts = Vec::new();
    for group in groups {
        let of = |model| run.result(group, model, metric).map(|row| row.value);
        if let (Some(alone), Some(federated)) = (of(Model::Alone), of(Model::Federated)) {
            let who = if group == "all" { "everybody" } else { group };
            parts.push(format!("{} for {who}", signed(federated - alone)));
        }
    }
    let others = (metric != name::ACCURACY).then_some(name::ACCURACY);
    let told = std::iter::once(metric).chain(others);
    let gained: String = told.map(|metric| personal_gain(run, metric)).collect();
    if parts.is_empty() {
        "No hospital was trained alone in this run, so there is no gain to show. Lines at the \
         bars' ends are 95 % intervals."
            .to_owned()
            + &gained
    } else {
        format!(
            "Federated less alone: {}.{gained} Lines across the bars' ends are 95 % intervals.",
            parts.join(", ")
        )
    }
}

/// How many hospitals their own models serve better than the federated one, by `metric`; empty where
/// there are none.
fn personal_gain(run: &RunData, metric: &str) -> String {
    // Of each model by hospital, in one pass: a nation has many.
    let values = |model| -> HashMap<&str, f64> {
        let rows = run.results.iter();
        let of = rows.filter(|row| row.model == model && row.metric == metric);
        of.map(|row| (row.group.as_str(), row.value)).collect()
    };
    let (personal, federated) = (values(Model::Personal), values(Model::Federated));
    let gains: Vec<f64> = run
        .roster()
        .iter()
        .filter_map(|(_, name, _)| {
            let gain = personal.get(name.as_str())? - federated.get(name.as_str())?;
            Some(if more_is_better(metric) { gain } else { -gain })
        })
        .collect();
    let better = gains.iter().filter(|gain| **gain > 0.0).count();
    let worse = gains.iter().filter(|gain| **gain < 0.0).count();
    match gains.len() {
        0 => String::new(),
        all => format!(
            " By {}, {better} of {} are served better by their own model than by the federated \
             one, {worse} worse.",
            metric_name(metric),
            text::things(all as u64, "hospital", "hospitals")
        ),
    }
}

/// The values that the chart must reach.
fn domain(run: &RunData, metric: &str, groups: &[String]) -> (f64, f64) {
    let start = bar_start(metric);
    let of = |r: &&ResultRow| r.metric == metric && groups.contains(&r.group);
    let shown = || run.results.iter().filter(of);
    let low = shown().map(|r| r.ci_low).fold(start, f64::min);
    let high = shown()
        .map(|r| r.ci_high.max(r.value))
        .fold(start, f64::max);
    (low, high + 0.02 * (high - low).max(1e-9))
}

fn chart(page: &mut Markup, run: &RunData, metric: &str, groups: &[String]) {
    let models: Vec<Vec<&ResultRow>> = groups
        .iter()
        .map(|group| {
            let bars = Model::ALL.into_iter().filter(|m| *m != Model::Ceiling);
            bars.filter_map(|model| run.result(group, model, metric))
                .collect()
        })
        .collect();
    let bars: usize = models.iter().map(|rows| rows.len().max(1)).sum();
    let height = TOP + bars as f64 * BAR + groups.len() as f64 * GROUP_GAP + 30.0;
    let scale = Scale::new(domain(run, metric, groups), (LEFT, RIGHT));
    let label = format!("Bars of {} by group and model", metric_name(metric));
    svg(page, (WIDTH, height), label, |page| {
        let ticks = scale.ticks(7);
        for tick in &ticks {
            let x = scale.at(*tick);
            line(page, "grid", (x, TOP - 12.0), (x, height - 24.0));
            word(
                page,
                "tick mid",
                (x, height - 8.0),
                tick_label(*tick, &ticks),
            );
        }
        let start = scale.at(bar_start(metric));
        line(page, "axis", (start, TOP - 12.0), (start, height - 24.0));
        if metric == name::AUC {
            word(
                page,
                "tick tiny",
                (start + 4.0, TOP - 16.0),
                "0.5 is chance",
            );
        }
        let mut y = TOP;
        for (group, rows) in groups.iter().zip(&models) {
            let who = if group == "all" { "everybody" } else { group };
            word(page, "h", (0.0, y + 6.0), who);
            y += 16.0;
            let tall = rows.len().max(1) as f64 * BAR;
            for (i, row) in rows.iter().enumerate() {
                bar(page, &scale, start, row, y + i as f64 * BAR);
            }
            if let Some(ceiling) = run.result(group, Model::Ceiling, metric) {
                let x = scale.at(ceiling.value);
                line(page, "base ceiling", (x, y - 8.0), (x, y + tall));
                let text = format!("ceiling {}", text::value(ceiling.value));
                word(page, "end tiny halo", (x - 5.0, y - 4.0), text);
            }
            y += tall + GROUP_GAP - 16.0;
        }
    });
}

fn bar(page: &mut Markup, scale: &Scale, start: f64, row: &ResultRow, y: f64) {
    let (x, low, high) = (
        scale.at(row.value),
        scale.at(row.ci_low),
        scale.at(row.ci_high),
    );
    let middle = y + BAR / 2.0 - 1.5;
    word(page, "soft end", (LEFT - 10.0, middle + 4.0), row.model);
    let tip = format!(
        "{} {}: {} ({})",
        row.group,
        row.model,
        text::value(row.value),
        interval(row)
    );
    let class = row.model.word();
    rect(
        page,
        class,
        (start.min(x), y),
        ((x - start).abs(), BAR - 4.0),
        &tip,
    );
    if low < high {
        for class in ["whisker under", "whisker"] {
            line(page, class, (low, middle), (high, middle));
            for end in [low, high] {
                line(page, class, (end, middle - 3.5), (end, middle + 3.5));
            }
        }
    }
    word(page, "b", (NUMBERS, middle + 4.0), text::value(row.value));
    if low < high {
        let (from, to) = (text::value(row.ci_low), text::value(row.ci_high));
        let place = (NUMBERS + 48.0, middle + 4.0);
        word(page, "soft tiny", place, format_args!("{from} to {to}"));
    }
}

fn results_table(page: &mut Markup, run: &RunData, groups: &[String]) {
    let shown = run.results.iter().filter(|row| groups.contains(&row.group));
    let rows = shown.map(|row| {
        vec![
            row.group.clone(),
            row.model.to_string(),
            metric_name(&row.metric),
            format!("{:.4}", row.value),
            format!("{:.4}", row.ci_low),
            format!("{:.4}", row.ci_high),
            if row.n == 0 {
                "exact".to_owned()
            } else {
                text::count(row.n)
            },
        ]
    });
    let columns = [
        "group",
        "model",
        "metric",
        "value",
        "95 % from",
        "to",
        "test cases",
    ];
    table(
        page,
        "All results for everybody and by tier",
        &columns,
        3,
        rows,
    );
}
