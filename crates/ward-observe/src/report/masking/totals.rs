//! What masked rounds cost, phase by phase, and where they failed.

use std::collections::BTreeMap;

use ward_core::{Abandoned, MaskingPhase};

use super::rounds;
use crate::report::chart::table;
use crate::report::load::RunData;
use crate::report::markup::Markup;
use crate::text;
use crate::view::RoundView;

/// One phase in all rounds.
#[derive(Debug, Default)]
struct Total {
    took_ms: Vec<u64>,
    up: u64,
    down: u64,
    below: u64,
}

/// The table over all masked rounds.
pub(super) fn section(page: &mut Markup, run: &RunData) {
    let mut totals: BTreeMap<MaskingPhase, Total> = BTreeMap::new();
    for phase in rounds(run).flat_map(|round| &round.masking) {
        let total = totals.entry(phase.phase).or_default();
        total.took_ms.push(phase.took_ms());
        total.up = total.up.saturating_add(phase.bytes_up);
        total.down = total.down.saturating_add(phase.bytes_down);
    }
    for phase in rounds(run).filter_map(failed_below) {
        totals.entry(phase).or_default().below += 1;
    }
    let masked: Vec<&RoundView> = rounds(run).collect();
    let below: u64 = totals.values().map(|total| total.below).sum();
    page.tag("p").text(match below {
        0 => "No round failed below its threshold.".to_owned(),
        _ => format!(
            "{} of {} failed below the threshold.",
            text::count(below),
            text::things(masked.len() as u64, "masked round", "masked rounds")
        ),
    });
    let mut rows: Vec<Vec<String>> = totals
        .iter_mut()
        .map(|(phase, total)| {
            vec![
                phase.to_string(),
                text::count(total.took_ms.len() as u64),
                median(&mut total.took_ms),
                text::bytes(total.up),
                text::bytes(total.down),
                text::count(total.below),
            ]
        })
        .collect();
    let of = |bytes: fn(&RoundView) -> u64| masked.iter().map(|round| bytes(round)).sum::<u64>();
    let (up, down) = (of(|round| round.bytes_up), of(|round| round.bytes_down));
    let by_phase = |bytes: fn(&Total) -> u64| totals.values().map(bytes).sum::<u64>();
    let (phases_up, phases_down) = (by_phase(|t| t.up), by_phase(|t| t.down));
    let row = |what: &str, up, down, below: String| {
        let none = || "–".to_owned();
        vec![
            what.to_owned(),
            none(),
            none(),
            text::bytes(up),
            text::bytes(down),
            below,
        ]
    };
    rows.push(row(
        "scores, and what came late",
        up.saturating_sub(phases_up),
        down.saturating_sub(phases_down),
        "–".to_owned(),
    ));
    rows.push(row("all", up, down, text::count(below)));
    let columns = [
        "phase",
        "rounds",
        "median ms",
        "bytes up",
        "bytes down",
        "failed below threshold",
    ];
    table(page, "All masked rounds, by phase", &columns, 1, rows);
}

/// The phase after which a round had too few hospitals left.
fn failed_below(round: &RoundView) -> Option<MaskingPhase> {
    match round.abandoned? {
        Abandoned::BelowThreshold { phase, .. } => Some(phase),
        _ => None,
    }
}

/// The middle value; of an even number the mean of both in the middle.
fn median(values: &mut [u64]) -> String {
    values.sort_unstable();
    let middle = values.len() / 2;
    match values {
        [] => "–".to_owned(),
        _ if values.len() % 2 == 1 => text::count(values[middle]),
        _ => {
            let (low, high) = (values[middle - 1], values[middle]);
            let sum = low.saturating_add(high);
            let half = if sum % 2 == 1 { ".5" } else { "" };
            text::count(sum / 2) + half
        }
    }
}
