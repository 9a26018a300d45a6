//! Hospital by hospital: who gains how much.

use super::chart::{Scale, line, svg, tick_label, word};
use super::headline::signed;
use super::load::{RunData, metric_name};
use super::markup::Markup;
use crate::result_row::ResultRow;
use crate::{HospitalCard, Model, text};

/// Up to so many hospitals are all shown.
pub(super) const MOST: usize = 100;
/// With more than that, so many are shown.
pub(super) const FIRST: usize = 50;

/// How many of `all` hospitals have rows of their own.
pub(super) fn shown(all: usize) -> usize {
    if all <= MOST { all } else { FIRST }
}

/// The sentence on hospitals left out; empty when all are there.
pub(super) fn left_out(all: usize) -> String {
    match all - shown(all) {
        0 => String::new(),
        left => format!(
            " The first {} are shown, {} are left out; the tiers count all of them.",
            text::count(shown(all) as u64),
            text::count(left as u64)
        ),
    }
}

const WIDTH: f64 = 300.0;
const HEIGHT: f64 = 22.0;

/// The section; says so when there is nothing about single hospitals.
pub(super) fn section(page: &mut Markup, run: &RunData) {
    page.tag("h2").text("Hospital by hospital");
    let mut roster = run.roster();
    let everybody = roster.len();
    roster.truncate(shown(everybody));
    let metric = run.metric();
    let rows_of = |name: &str| -> Vec<&ResultRow> {
        let metric = metric.as_deref().unwrap_or_default();
        let of = |r: &&ResultRow| r.group == name && r.metric == metric;
        run.results.iter().filter(of).collect()
    };
    let scored = roster.iter().any(|(_, name, _)| !rows_of(name).is_empty());
    if roster.is_empty() {
        page.tag("p")
            .text("The run directory does not say which hospitals there were.");
        return;
    }
    page.tag("p").with(|page| {
        if scored {
            page.text(
                "Each hospital alone against the federated model, on the same test cases. A \
                 hospital with few test cases scatters; their number n is given.",
            );
        } else {
            page.text("No model was scored hospital by hospital in this run.");
        }
        page.text(left_out(everybody));
    });
    let own = run.results.iter().any(|r| r.model == Model::Personal);
    if scored {
        key(page, own);
    }
    let of_hospital = |r: &&ResultRow| {
        Some(&r.metric) == metric.as_ref() && roster.iter().any(|(_, name, _)| *name == r.group)
    };
    let values = || run.results.iter().filter(of_hospital).map(|r| r.value);
    let low = values().fold(f64::INFINITY, f64::min);
    let high = values().fold(f64::NEG_INFINITY, f64::max);
    let room = 0.06 * (high - low).max(1e-6);
    let scale = Scale::new((low - room, high + room), (6.0, WIDTH - 6.0));
    let name = metric.as_deref().map(metric_name).unwrap_or_default();
    page.tag("div")
        .class("scroll")
        .at("tabindex", 0)
        .at("role", "group")
        .at("aria-label", "Hospital by hospital")
        .with(|page| {
            page.tag("table").with(|page| {
                head(page, &name, scored.then_some(&scale), own);
                page.tag("tbody").with(|page| {
                    for (node, hospital, tier) in &roster {
                        let card = run.cards.iter().find(|card| card.node == *node);
                        page.tag("tr").with(|page| {
                            let cell = page.tag("th").at("scope", "row");
                            cell.with(|page| {
                                page.text(hospital);
                                if run.view.is_adversary(*node) {
                                    page.text(" ");
                                    page.tag("span").class("badge bad").text("adversary");
                                }
                            });
                            page.tag("td").text(tier);
                            of_card(page, card);
                            if scored {
                                of_results(page, &rows_of(hospital), &scale, own);
                            }
                        });
                    }
                });
            });
        });
}

/// What the marks mean; `own` where hospitals have models of their own.
pub(super) fn key(page: &mut Markup, own: bool) {
    page.tag("ul").class("key").with(|page| {
        let told = |model: &Model| own || *model != Model::Personal;
        for model in Model::ALL.into_iter().filter(told) {
            page.tag("li").with(|page| {
                svg(page, (16.0, 16.0), "", |page| {
                    mark(page, model, 8.0, (1.0, 15.0));
                });
                page.text(model);
            });
        }
    });
}

/// A ring for alone, dots for federated and personal, upright lines for pooled and ceiling.
pub(super) fn mark(page: &mut Markup, model: Model, x: f64, (top, bottom): (f64, f64)) {
    let (class, radius) = match model {
        Model::Alone => ("hollow", 4.5),
        Model::Federated => ("federated mark", 5.5),
        Model::Personal => ("personal mark", 4.5),
        Model::Pooled => return line(page, "level", (x, top), (x, bottom)),
        Model::Ceiling => return line(page, "base ceiling short", (x, top), (x, bottom)),
    };
    let circle = page.tag("circle").class(class).num("cx", x);
    circle
        .num("cy", f64::midpoint(top, bottom))
        .num("r", radius)
        .empty();
}

fn head(page: &mut Markup, name: &str, scale: Option<&Scale>, own: bool) {
    page.tag("thead").with(|page| {
        page.tag("tr").with(|page| {
            let column = |page: &mut Markup, class: &str, text: &str| {
                page.tag("th").at("scope", "col").class(class).text(text);
            };
            column(page, "", "hospital");
            column(page, "", "tier");
            column(page, "num", "training rows");
            column(page, "num", "positive");
            let Some(scale) = scale else { return };
            page.tag("th").at("scope", "col").with(|page| {
                page.text(format_args!("{name}, alone to federated"));
                svg(page, (WIDTH, 18.0), "Scale", |page| {
                    let ticks = scale.ticks(5);
                    for tick in &ticks {
                        word(
                            page,
                            "tick tiny mid",
                            (scale.at(*tick), 13.0),
                            tick_label(*tick, &ticks),
                        );
                    }
                });
            });
            let personal = own.then_some("personal");
            let columns = ["alone", "federated", "change"].into_iter().chain(personal);
            for text in columns.chain(["n"]) {
                column(page, "num", text);
            }
        });
    });
}

fn of_card(page: &mut Markup, card: Option<&HospitalCard>) {
    let rows = card.map(|c| text::count(c.train_rows));
    let share = card.and_then(|c| c.train_positive_share).map(text::percent);
    for cell in [rows, share] {
        page.tag("td")
            .class("num")
            .text(cell.as_deref().unwrap_or("–"));
    }
}

fn of_results(page: &mut Markup, rows: &[&ResultRow], scale: &Scale, own: bool) {
    let of = |model| rows.iter().find(|r| r.model == model).map(|r| r.value);
    let (alone, federated) = (of(Model::Alone), of(Model::Federated));
    let value = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), text::value);
    let change = match (alone, federated) {
        (Some(alone), Some(federated)) => signed(federated - alone),
        _ => "–".to_owned(),
    };
    let personal = own.then(|| value(of(Model::Personal)));
    let mut label = format!("alone {}, federated {}", value(alone), value(federated));
    if let Some(personal) = &personal {
        label += &format!(", personal {personal}");
    }
    page.tag("td").with(|page| {
        svg(page, (WIDTH, HEIGHT), label, |page| {
            if let (Some(a), Some(f)) = (alone, federated) {
                let middle = HEIGHT / 2.0;
                line(page, "dumb", (scale.at(a), middle), (scale.at(f), middle));
            }
            for model in [
                Model::Ceiling,
                Model::Pooled,
                Model::Alone,
                Model::Federated,
                Model::Personal,
            ] {
                if let Some(value) = of(model) {
                    mark(page, model, scale.at(value), (2.0, HEIGHT - 2.0));
                }
            }
        });
    });
    let n = rows.iter().map(|r| r.n).max().unwrap_or(0);
    let cells = [value(alone), value(federated), change].into_iter();
    for cell in cells.chain(personal).chain([text::count(n)]) {
        page.tag("td").class("num").text(cell);
    }
}
