//! Who took part: a grid of hospitals and rounds.

use ward_core::NodeId;

use super::chart::{figure, line, rect, svg, table, word};
use super::heterogeneity::short;
use super::hospitals::{left_out, shown};
use super::load::RunData;
use super::markup::{Markup, Num};
use super::reach;
use super::took_part::{Counts, sentences};
use crate::text;
use crate::view::{RoundView, Standing};

const LEFT: f64 = 150.0;
const RIGHT: f64 = 940.0;
const TOP: f64 = 30.0;
/// More rounds than this share columns.
const MOST_COLUMNS: usize = 200;
/// Wide enough for a mark inside a cell.
const MARKED: f64 = 7.0;

/// The section; says so when no round was opened.
pub(super) fn section(page: &mut Markup, run: &RunData) {
    page.tag("h2").text("Who took part");
    if run.view.rounds.is_empty() {
        page.tag("p").text("No round was opened.");
        return;
    }
    page.tag("p").text(sentences(run));
    reach::panel(page, run);
    key(page);
    let roster = run.roster();
    let per_column = run.view.rounds.len().div_ceil(MOST_COLUMNS);
    let mut summary = "One row a hospital, one column a round.".to_owned();
    if per_column > 1 {
        summary = format!(
            "One row a hospital, one column {per_column} rounds; a column shows the most notable \
             thing that happened in them."
        );
    }
    summary += &left_out(roster.len());
    figure(
        page,
        "",
        &summary,
        |page| {
            if roster.len() > shown(roster.len()) {
                by_tier(page, run, per_column);
            }
            grid(page, run, per_column);
        },
        |page| {
            let rows = roster.iter().map(|(node, name, tier)| {
                let counts = Counts::of(run, *node);
                let mut row = vec![name.clone(), tier.clone()];
                row.extend(counts.cells());
                row
            });
            let columns = [
                "hospital", "tier", "asked", "reported", "silent", "refused", "declined",
            ];
            table(
                page,
                "Rounds by hospital",
                &columns,
                2,
                rows.take(shown(roster.len())),
            );
        },
    );
}

fn key(page: &mut Markup) {
    let states = [
        (Standing::Reported, "reported"),
        (Standing::Silent, "asked, no answer in time"),
        (Standing::Refused, "answer refused"),
        (Standing::Declined, "declined"),
        (Standing::Asked, "still open, or the round was abandoned"),
        (Standing::NotAsked, "not asked"),
    ];
    page.tag("ul").class("key").with(|page| {
        for (standing, meaning) in states {
            page.tag("li").with(|page| {
                svg(page, (16.0, 16.0), "", |page| {
                    cells(page, standing, &[(1.0, 1.0)], (14.0, 14.0));
                });
                page.text(meaning);
            });
        }
    });
}

/// Rounds that share a column.
fn columns(run: &RunData, per_column: usize) -> Vec<&[RoundView]> {
    run.view.rounds.chunks(per_column).collect()
}

fn most_notable(rounds: &[RoundView], node: NodeId) -> Standing {
    let standings = rounds.iter().map(|round| round.standing(node));
    standings.max().unwrap_or(Standing::NotAsked)
}

/// Width and height of a cell with its gap.
fn cell_size(columns: usize, rows: usize) -> (f64, f64) {
    let wide = ((RIGHT - LEFT) / columns as f64).min(24.0);
    (wide, if rows <= 30 { 18.0 } else { 13.0 })
}

fn grid(page: &mut Markup, run: &RunData, per_column: usize) {
    let roster = run.roster();
    let people = &roster[..shown(roster.len())];
    let columns = columns(run, per_column);
    let (wide, tall) = cell_size(columns.len(), people.len());
    let grouped = !run.tiers().is_empty();
    let groups: Vec<_> = people.chunk_by(|a, b| a.2 == b.2).collect();
    let heading = if grouped { 22.0 } else { 0.0 };
    let height = TOP + people.len() as f64 * tall + groups.len() as f64 * heading + 10.0;
    svg(
        page,
        (1000.0, height),
        "Grid of hospitals and rounds",
        |page| {
            round_numbers(page, &columns, wide);
            let mut y = TOP;
            for group in groups {
                if grouped {
                    word(page, "b tiny", (0.0, y + 14.0), &group[0].2);
                    y += heading;
                }
                rows(page, run, group, &columns, (wide, tall), y);
                y += group.len() as f64 * tall;
            }
        },
    );
}

fn rows(
    page: &mut Markup,
    run: &RunData,
    people: &[(NodeId, String, String)],
    columns: &[&[RoundView]],
    (wide, tall): (f64, f64),
    top: f64,
) {
    let mut places: [(Standing, Vec<(f64, f64)>); 6] = [
        Standing::NotAsked,
        Standing::Reported,
        Standing::Asked,
        Standing::Declined,
        Standing::Silent,
        Standing::Refused,
    ]
    .map(|standing| (standing, Vec::new()));
    for (i, (node, name, _)) in people.iter().enumerate() {
        let y = top + i as f64 * tall;
        word(
            page,
            "tiny end",
            (LEFT - 8.0, y + tall / 2.0 + 4.0),
            short(name, 22),
        );
        for (column, rounds) in columns.iter().enumerate() {
            let standing = most_notable(rounds, *node);
            if let Some((_, at)) = places.iter_mut().find(|(of, _)| *of == standing) {
                at.push((LEFT + column as f64 * wide, y));
            }
        }
        let counts = Counts::of(run, *node);
        let end = LEFT + columns.len() as f64 * wide + 8.0;
        word(
            page,
            "soft tiny",
            (end, y + tall / 2.0 + 4.0),
            counts.share(),
        );
    }
    let gap = if wide > 4.0 { 1.0 } else { 0.25 };
    for (standing, at) in &places {
        cells(page, *standing, at, (wide - gap, tall - 2.0));
    }
}

/// All cells of one standing as one path: shape and colour both tell which.
fn cells(page: &mut Markup, standing: Standing, at: &[(f64, f64)], (wide, tall): (f64, f64)) {
    if at.is_empty() {
        return;
    }
    let marked = wide >= MARKED;
    let mut d = String::new();
    for (x, y) in at {
        let (x, y) = (*x, *y);
        let (right, bottom) = (x + wide, y + tall);
        let (cx, cy) = (f64::midpoint(x, right), f64::midpoint(y, bottom));
        let corners: Vec<(f64, f64)> = match standing {
            Standing::Silent if marked => {
                let r = (wide.min(tall) / 2.0 - 1.5).max(2.0);
                d += &closed(&[(cx - r, cy - r), (cx + r, cy + r)]);
                vec![(cx - r, cy + r), (cx + r, cy - r)]
            }
            Standing::Refused if marked => {
                let r = wide.min(tall) / 2.0;
                vec![(cx, cy - r), (cx + r, cy), (cx, cy + r), (cx - r, cy)]
            }
            Standing::Declined => vec![(x, cy), (right, cy), (right, bottom), (x, bottom)],
            Standing::NotAsked => {
                let r = (wide / 2.0).min(1.5);
                vec![
                    (cx - r, cy - r),
                    (cx + r, cy - r),
                    (cx + r, cy + r),
                    (cx - r, cy + r),
                ]
            }
            _ => vec![(x, y), (right, y), (right, bottom), (x, bottom)],
        };
        d += &closed(&corners);
    }
    let class = match standing {
        Standing::Reported => "grid-cell",
        Standing::Silent if marked => "silent",
        Standing::Silent => "silent-fill",
        Standing::Refused => "refused",
        Standing::Declined => "declined",
        Standing::Asked => "open",
        Standing::NotAsked => "notasked",
    };
    page.tag("path").class(class).at("d", d).empty();
}

fn closed(corners: &[(f64, f64)]) -> String {
    let mut d = String::new();
    for (i, (x, y)) in corners.iter().enumerate() {
        d.push(if i == 0 { 'M' } else { 'L' });
        d += &format!("{} {}", Num(*x), Num(*y));
    }
    d + "Z"
}

fn round_numbers(page: &mut Markup, columns: &[&[RoundView]], wide: f64) {
    let every = (40.0 / wide).ceil() as usize;
    let every = [1, 2, 5, 10, 20, 50, 100]
        .into_iter()
        .find(|e| *e >= every)
        .unwrap_or(200);
    for (i, rounds) in columns.iter().enumerate() {
        let x = LEFT + (i as f64 + 0.5) * wide;
        let Some(first) = rounds.first() else {
            continue;
        };
        let is_clear = (i + 1) % every == 0 && i as f64 * wide >= 26.0;
        if i == 0 || is_clear {
            word(page, "tick tiny mid", (x, 12.0), first.round.0 + 1);
        }
        if rounds.iter().any(|round| round.abandoned.is_some()) {
            line(
                page,
                "silent",
                (x - wide / 2.0, 20.0),
                (x + wide / 2.0, 20.0),
            );
        }
    }
    word(page, "tick tiny end", (LEFT - 8.0, 12.0), "round");
}

/// For many hospitals: the share of each tier that reported, as height.
fn by_tier(page: &mut Markup, run: &RunData, per_column: usize) {
    let columns = columns(run, per_column);
    let (wide, _) = cell_size(columns.len(), 1);
    let roster = run.roster();
    let tiers = match run.tiers() {
        tiers if tiers.is_empty() => vec!["everybody".to_owned()],
        tiers => tiers,
    };
    let height = TOP + tiers.len() as f64 * 26.0 + 16.0;
    svg(
        page,
        (1000.0, height),
        "Share of each tier that reported, by round",
        |page| {
            round_numbers(page, &columns, wide);
            for (i, tier) in tiers.iter().enumerate() {
                let y = TOP + i as f64 * 26.0;
                word(page, "tiny end", (LEFT - 8.0, y + 15.0), short(tier, 22));
                let of_tier = |node: NodeId| {
                    let place = roster.binary_search_by_key(&node, |(id, _, _)| *id);
                    tiers.len() == 1 || place.is_ok_and(|place| roster[place].2 == *tier)
                };
                for (column, rounds) in columns.iter().enumerate() {
                    let count = |pick: fn(&RoundView) -> &Vec<NodeId>| -> usize {
                        let nodes = rounds.iter().flat_map(|round| pick(round).iter());
                        nodes.filter(|node| of_tier(**node)).count()
                    };
                    let (asked, told) = (count(|r| &r.cohort), count(|r| &r.reporters));
                    let share = told as f64 / asked.max(1) as f64;
                    let x = LEFT + column as f64 * wide;
                    rect(page, "wash", (x, y), (wide - 0.5, 22.0), "");
                    let tip = format!("{tier}: {} of {asked}", text::count(told as u64));
                    filled_cell(page, (x, y), (wide - 0.5, 22.0), share, &tip);
                }
            }
        },
    );
}

/// A cell filled from below to `share`.
fn filled_cell(
    page: &mut Markup,
    (x, y): (f64, f64),
    (wide, tall): (f64, f64),
    share: f64,
    tip: &str,
) {
    let filled = tall * share;
    rect(
        page,
        "federated",
        (x, y + tall - filled),
        (wide, filled),
        tip,
    );
}
