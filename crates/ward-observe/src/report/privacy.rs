//! What the run cost in privacy: the terms, epsilon round by round, and hospital by hospital.

use super::chart::{Scale, figure, line, svg, table, tick_label, word};
use super::hospitals::{left_out, shown};
use super::load::RunData;
use super::markup::{Markup, Num};
use crate::text;

const LEFT: f64 = 60.0;
const RIGHT: f64 = 900.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 220.0;

/// The section. It is there for every run: without noise it says what that means.
pub(super) fn section(page: &mut Markup, run: &RunData) {
    page.tag("h2").text("What it cost in privacy");
    let Some(terms) = &run.view.privacy else {
        page.tag("p").text(
            "Nothing was noised: epsilon is infinite. What an update tells of single patients is bounded \
             by nothing but what an attacker can think of; that rows stay where they are does not change \
             that.",
        );
        return;
    };
    page.tag("p").text(format!(
        "{}. An epsilon is always for one unit, here a {}: whoever sees all updates can hardly tell whether \
         one {} more or less took part, and this fails with probability {:e} at most. Epsilons are worked \
         out by {} from what ran, and are upper bounds from the rounds in which a hospital was asked; each \
         hospital's own privacy ledger has what it spent.",
        terms.mechanism, terms.unit, terms.unit, terms.delta, terms.accountant
    ));
    page.tag("p").text(
        "Not covered: scores on test rows, who took part and when, and settings that were chosen by looking \
         at results.",
    );
    if terms.simulated {
        page.tag("p").class("warning").text(
            "This was a simulation: the noise came from the run's public seed. It shows what noise does to \
             a model; it protects nobody.",
        );
    }
    let steps = curve(run);
    let summary = format!(
        "Epsilon (unit: {}) of the hospital asked most often, round by round, up to {}.",
        terms.unit,
        text::epsilon(run.view.epsilon(run.view.newest()).0)
    );
    figure(
        page,
        "",
        &summary,
        |page| draw(page, &steps),
        |page| {
            let rows = steps
                .iter()
                .map(|(round, epsilon)| vec![round.to_string(), text::epsilon(*epsilon)]);
            table(page, "Epsilon by round", &["round", "epsilon"], 1, rows);
        },
    );
    clip_norm(page, run);
    hospitals(page, run);
}

/// The norm to which updates were clipped, where it followed them.
fn clip_norm(page: &mut Markup, run: &RunData) {
    let clips = run.view.rounds.iter();
    let clips: Vec<(u32, f32, f64)> = clips
        .filter_map(|played| {
            let (norm, within) = played.clip?;
            Some((played.round.0 + 1, norm, within))
        })
        .collect();
    let (Some((_, first, _)), Some((_, last, _))) = (clips.first(), clips.last()) else {
        return;
    };
    let summary = format!(
        "The norm to which updates were clipped followed theirs, from {first:.4} to {last:.4}."
    );
    let steps: Vec<(u32, f64)> = clips
        .iter()
        .map(|(round, norm, _)| (*round, f64::from(*norm)))
        .collect();
    figure(
        page,
        "",
        &summary,
        |page| draw(page, &steps),
        |page| {
            let rows = clips.iter().map(|(round, norm, within)| {
                let norm = format!("{norm:.4}");
                vec![round.to_string(), norm, format!("{within:.3}")]
            });
            let columns = ["round", "clip norm", "share within, noised"];
            table(page, "Clip norm by round", &columns, 1, rows);
        },
    );
}

/// Rounds, counted from 1, and the largest epsilon after each.
fn curve(run: &RunData) -> Vec<(u32, f64)> {
    let rounds = run.view.rounds.iter().map(|played| played.round);
    rounds
        .map(|round| (round.0 + 1, run.view.epsilon(round).0))
        .collect()
}

/// A curve over rounds, from 0 up.
fn draw(page: &mut Markup, steps: &[(u32, f64)]) {
    let (Some(first), Some(last)) = (steps.first(), steps.last()) else {
        return;
    };
    let most = steps
        .iter()
        .map(|(_, value)| *value)
        .filter(|value| value.is_finite());
    let most = most.fold(0.0, f64::max);
    let across = Scale::new((f64::from(first.0), f64::from(last.0)), (LEFT, RIGHT));
    let up = Scale::new((0.0, most.max(1e-9)), (BOTTOM, TOP));
    svg(page, (RIGHT + 40.0, BOTTOM + 40.0), "", |page| {
        let ticks = up.ticks(4);
        for tick in &ticks {
            let y = up.at(*tick);
            line(page, "grid", (LEFT, y), (RIGHT, y));
            word(
                page,
                "tick end",
                (LEFT - 8.0, y + 4.0),
                tick_label(*tick, &ticks),
            );
        }
        let ticks = across.ticks(8);
        for tick in &ticks {
            let x = across.at(*tick);
            word(
                page,
                "tick middle",
                (x, BOTTOM + 18.0),
                tick_label(*tick, &ticks),
            );
        }
        let points = steps.iter().filter(|(_, value)| value.is_finite());
        let points: Vec<String> = points
            .map(|(round, value)| {
                let (x, y) = (across.at(f64::from(*round)), up.at(*value));
                format!("{},{}", Num(x), Num(y))
            })
            .collect();
        page.tag("polyline")
            .class("curve federated")
            .at("points", points.join(" "))
            .empty();
    });
}

fn hospitals(page: &mut Markup, run: &RunData) {
    let roster = run.roster();
    let caption = format!("Epsilon by hospital.{}", left_out(roster.len()));
    let rows = roster
        .iter()
        .take(shown(roster.len()))
        .map(|(node, name, tier)| {
            vec![
                name.clone(),
                tier.clone(),
                text::count(u64::from(run.view.asked(*node, run.view.newest()))),
                text::epsilon(run.view.epsilon_of(*node, run.view.newest())),
            ]
        });
    let unit = run.view.privacy.as_ref().map_or("", |terms| &terms.unit);
    let epsilon = format!("epsilon (unit: {unit})");
    let columns = ["hospital", "tier", "rounds asked", &epsilon];
    table(page, &caption, &columns, 2, rows);
}
