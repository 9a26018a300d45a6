//! How the hospitals' data differ: how many rows, how many positive, what else.

use std::collections::BTreeSet;

use super::chart::{Scale, figure, line, rect, svg, table, tick_label, word};
use super::hospitals::{left_out, shown};
use super::load::RunData;
use super::markup::Markup;
use super::{rows_used, spread_of_features};
use crate::{HospitalCard, text};

const WIDTH: f64 = 1000.0;
const LEFT: f64 = 52.0;

/// The section; says so when nothing is known of the hospitals' data.
pub(super) fn section(page: &mut Markup, run: &RunData) {
    page.tag("h2").text("How the data differ");
    if run.cards.is_empty() {
        page.tag("p").text(
            "This run directory does not describe the hospitals' data. In a deployment nobody but \
             the hospital may know them.",
        );
        return;
    }
    page.tag("p").text(
        "Federated learning is hard where hospitals are unlike. These panels show counts and \
         shapes only, never rows.",
    );
    figure(
        page,
        "Training rows and positive labels",
        &summary(run),
        |page| columns(page, run),
        |page| cards_table(page, run),
    );
    rows_used::panel(page, run);
    facts_by_tier(page, run);
    spread_of_features::panels(page, run);
}

fn summary(run: &RunData) -> String {
    let mut rows: Vec<u64> = run.cards.iter().map(|c| c.train_rows).collect();
    rows.sort_unstable();
    let all: u64 = rows.iter().sum();
    let largest = rows.last().copied().unwrap_or(0);
    let mut summary = format!(
        "{} in all, from {} in the smallest hospital to {} in the largest, which holds {} of them.",
        text::things(all, "training row", "training rows"),
        text::count(rows.first().copied().unwrap_or(0)),
        text::count(largest),
        text::percent(largest as f64 / all.max(1) as f64)
    );
    let shares: Vec<f64> = run
        .cards
        .iter()
        .filter_map(|c| c.train_positive_share)
        .collect();
    if !shares.is_empty() {
        let low = shares.iter().copied().fold(f64::INFINITY, f64::min);
        let high = shares.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        summary += &format!(
            " Between {} and {} of a hospital's labels are positive.",
            text::percent(low),
            text::percent(high)
        );
    }
    summary + &left_out(run.cards.len())
}

/// Columns of rows over dots of positive shares; one hospital one column, tiers side by side.
fn columns(page: &mut Markup, run: &RunData) {
    let cards: Vec<&HospitalCard> = run.cards.iter().take(shown(run.cards.len())).collect();
    let step = ((WIDTH - LEFT - 10.0) / cards.len() as f64).min(60.0);
    let has_shares = cards.iter().any(|c| c.train_positive_share.is_some());
    let (top, bottom) = (26.0, 190.0);
    let (dots_top, dots_bottom) = (234.0, 318.0);
    let named = step >= 22.0;
    let base = if has_shares { dots_bottom } else { bottom };
    let height = base + if named { 110.0 } else { 34.0 };
    let most = cards.iter().map(|c| c.train_rows).max().unwrap_or(1).max(1);
    let rows = Scale::new((0.0, most as f64), (bottom, top));
    svg(
        page,
        (WIDTH, height),
        "Training rows and positive share by hospital",
        |page| {
            word(page, "b", (LEFT, 14.0), "training rows");
            y_axis(page, &rows, |tick, _| text::count(tick as u64));
            let x = |i: usize| LEFT + i as f64 * step;
            for (i, card) in cards.iter().enumerate() {
                let tip = format!(
                    "{}: {}",
                    card.name,
                    text::things(card.train_rows, "row", "rows")
                );
                let y = rows.at(card.train_rows as f64);
                rect(
                    page,
                    "federated",
                    (x(i) + 0.12 * step, y),
                    (0.76 * step, bottom - y),
                    &tip,
                );
            }
            if has_shares {
                let shares = || cards.iter().filter_map(|c| c.train_positive_share);
                let high = shares().fold(0.0, f64::max);
                let share = Scale::new(
                    (0.0, (high * 1.1).clamp(0.05, 1.0)),
                    (dots_bottom, dots_top),
                );
                word(page, "b", (LEFT, dots_top - 12.0), "positive labels");
                y_axis(page, &share, |tick, all| {
                    let percent: Vec<f64> = all.iter().map(|t| 100.0 * t).collect();
                    format!("{} %", tick_label(100.0 * tick, &percent))
                });
                for (i, card) in cards.iter().enumerate() {
                    let Some(value) = card.train_positive_share else {
                        continue;
                    };
                    let tip = format!("{}: {} positive", card.name, text::percent(value));
                    page.tag("circle")
                        .class("alone")
                        .num("cx", x(i) + step / 2.0)
                        .num("cy", share.at(value))
                        .num("r", (step * 0.3).clamp(1.5, 5.0))
                        .with(|page| page.tag("title").text(tip));
                }
            }
            tier_brackets(page, &cards, step, base);
            if named {
                for (i, card) in cards.iter().enumerate() {
                    let (at, y) = (x(i) + step / 2.0 + 4.0, base + 40.0);
                    let turn = format!("rotate(-50 {at:.1} {y:.1})");
                    let name = short(&card.name, 14);
                    page.tag("text")
                        .class("soft tiny end")
                        .num("x", at)
                        .num("y", y)
                        .at("transform", turn)
                        .text(name);
                }
            }
        },
    );
}

fn y_axis(page: &mut Markup, scale: &Scale, label: impl Fn(f64, &[f64]) -> String) {
    let ticks = scale.ticks(4);
    for tick in &ticks {
        let y = scale.at(*tick);
        line(page, "grid", (LEFT, y), (WIDTH - 10.0, y));
        word(
            page,
            "tick tiny end",
            (LEFT - 8.0, y + 4.0),
            label(*tick, &ticks),
        );
    }
}

fn tier_brackets(page: &mut Markup, cards: &[&HospitalCard], step: f64, base: f64) {
    let mut start = 0;
    for group in cards.chunk_by(|a, b| a.tier == b.tier) {
        let (from, to) = (
            LEFT + start as f64 * step,
            LEFT + (start + group.len()) as f64 * step,
        );
        line(
            page,
            "axis",
            (from + 2.0, base + 8.0),
            (to - 2.0, base + 8.0),
        );
        let room = ((to - from) / 7.0) as usize;
        if room >= 3 {
            let tier = short(&group[0].tier, room);
            word(
                page,
                "soft mid",
                (f64::midpoint(from, to), base + 23.0),
                tier,
            );
        }
        start += group.len();
    }
}

/// At most `most` characters, with a sign where it was cut.
pub(super) fn short(name: &str, most: usize) -> String {
    if name.chars().count() <= most {
        name.to_owned()
    } else {
        let head: String = name.chars().take(most.saturating_sub(1)).collect();
        head + "…"
    }
}

/// All names of facts, in the order in which hospitals first tell them.
fn fact_names(cards: &[HospitalCard]) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    let all = cards.iter().flat_map(|card| &card.facts);
    all.filter(|(name, _)| seen.insert(name.as_str()))
        .map(|(name, _)| name.as_str())
        .collect()
}

fn fact<'a>(card: &'a HospitalCard, name: &str) -> Option<&'a str> {
    let found = card.facts.iter().find(|(of, _)| of == name);
    found.map(|(_, value)| value.as_str())
}

fn facts_by_tier(page: &mut Markup, run: &RunData) {
    let names = fact_names(&run.cards);
    if names.is_empty() {
        return;
    }
    let tiers = match run.tiers() {
        tiers if tiers.is_empty() => vec![None],
        tiers => tiers.into_iter().map(Some).collect(),
    };
    let mut columns = vec!["what"];
    columns.extend(
        tiers
            .iter()
            .map(|tier| tier.as_deref().unwrap_or("all hospitals")),
    );
    let rows = names.iter().map(|name| {
        let mut row = vec![(*name).to_owned()];
        row.extend(tiers.iter().map(|tier| {
            let of_tier = |c: &&HospitalCard| tier.as_ref().is_none_or(|tier| c.tier == *tier);
            let cards = run.cards.iter().filter(of_tier);
            together(
                &cards
                    .filter_map(|card| fact(card, name))
                    .collect::<Vec<_>>(),
            )
        }));
        row
    });
    table(page, "What else differs", &columns, usize::MAX, rows);
}

/// What hospitals say, in a few words: the value if they agree, else the span or the number.
fn together(values: &[&str]) -> String {
    let different: BTreeSet<&str> = values.iter().copied().collect();
    let mut numbers: Vec<(f64, &str)> = different
        .iter()
        .filter_map(|v| Some((v.split_whitespace().next()?.parse().ok()?, *v)))
        .collect();
    numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
    match (different.first(), numbers.as_slice()) {
        (None, _) => "–".to_owned(),
        (Some(one), _) if different.len() == 1 => (*one).to_owned(),
        (_, [(_, low), .., (_, high)]) if numbers.len() == different.len() => {
            format!("{low} to {high}")
        }
        _ if different.len() <= 3 => different.into_iter().collect::<Vec<_>>().join("; "),
        _ => format!("{} different values", different.len()),
    }
}

fn cards_table(page: &mut Markup, run: &RunData) {
    let names = fact_names(&run.cards);
    let mut columns = vec!["hospital", "tier", "training rows", "positive", "test rows"];
    columns.extend(&names);
    let cards = run.cards.iter().take(shown(run.cards.len()));
    let rows = cards.map(|card| {
        let share = card.train_positive_share.map(text::percent);
        let mut row = vec![
            card.name.clone(),
            card.tier.clone(),
            text::count(card.train_rows),
            share.unwrap_or_else(|| "–".to_owned()),
            text::count(card.test_rows),
        ];
        row.extend(
            names
                .iter()
                .map(|name| fact(card, name).unwrap_or("–").to_owned()),
        );
        row
    });
    table(page, "The hospitals' data", &columns, 2, rows);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_of_many_hospitals_are_said_in_a_few_words() {
        assert_eq!(together(&["5 %", "5 %"]), "5 %");
        assert_eq!(together(&["0.10", "-0.31", "0.02"]), "-0.31 to 0.10");
        assert_eq!(together(&["mg/dL", "mmol/L"]), "mg/dL; mmol/L");
        assert_eq!(together(&["a", "b", "c", "d", "a"]), "4 different values");
        assert_eq!(together(&[]), "–");
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        assert_eq!(short("人民医院第一分院", 5), "人民医院…");
        assert_eq!(short("abc", 3), "abc");
    }
}
