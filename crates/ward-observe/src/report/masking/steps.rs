//! The steps of one masked round side by side.

use ward_core::MaskingPhase;

use crate::report::chart::{figure, rect, svg, table, word};
use crate::report::heterogeneity::short;
use crate::report::load::RunData;
use crate::report::markup::Markup;
use crate::text;
use crate::view::{Lost, MaskingView, RoundView};

const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 238.0;
const GAP: f64 = 12.0;
/// Inside a column, on each side.
const ROOM: f64 = 12.0;
/// The width of a character, about.
const CHARACTER: f64 = 6.6;
/// At most so many lost hospitals are named in a column.
const MOST_LINES: usize = 3;
/// At most so many lost hospitals are named in a cell of the table.
const MOST_NAMED: usize = 12;

/// What a phase is for, in two lines of a column.
fn purpose(phase: MaskingPhase) -> [&'static str; 2] {
    match phase {
        MaskingPhase::Keys => ["fresh public keys,", "each signed"],
        MaskingPhase::Openings => ["parts in drawing", "the neighbour graph"],
        MaskingPhase::Shares => ["shares of secrets,", "sealed in envelopes"],
        MaskingPhase::Uploads => ["updates under masks,", "after training"],
        MaskingPhase::Consents => ["signatures on who", "is in the sum"],
        MaskingPhase::Revelations => ["shares that take off", "what did not cancel"],
    }
}

/// Whether whoever did not answer was not needed: the sum could be unmasked without.
fn is_enough(round: &RoundView, phase: &MaskingView) -> bool {
    phase.phase == MaskingPhase::Revelations && round.abandoned.is_none()
}

/// The round's phases as a picture and as a table.
pub(super) fn figure_of(page: &mut Markup, run: &RunData, round: &RoundView) {
    let number = round.round.0 + 1;
    let title = match round.abandoned {
        None => format!("Round {number}, step by step"),
        Some(_) => format!("Round {number}, abandoned"),
    };
    figure(
        page,
        &title,
        &summary(run, round),
        |page| picture(page, run, round, &title),
        |page| {
            let columns = [
                "phase",
                "lost in it",
                "answered",
                "asked",
                "ms",
                "bytes up",
                "bytes down",
            ];
            let rows = round.masking.iter().map(|phase| row(run, round, phase));
            table(page, &title, &columns, 2, rows);
        },
    );
}

fn summary(run: &RunData, round: &RoundView) -> String {
    let phases = round.masking.iter();
    let lost: usize = phases.map(|phase| lost(run, round, phase).len()).sum();
    let took: u64 = round.masking.iter().map(MaskingView::took_ms).sum();
    format!(
        "Of {} asked, {lost} were lost on the way. The steps took {} ms. Who is lost in a step is not \
         asked in the next.",
        text::things(round.cohort.len() as u64, "hospital", "hospitals"),
        text::count(took)
    )
}

/// The lost of a phase by name, with how they were lost.
fn lost(run: &RunData, round: &RoundView, phase: &MaskingView) -> Vec<String> {
    let enough = is_enough(round, phase);
    let lost = round.lost_in(phase).into_iter();
    lost.filter(|(_, how)| !(enough && *how == Lost::Silent))
        .map(|(node, how)| format!("{} ({how})", run.view.name(node)))
        .collect()
}

/// What to say where nobody was lost.
fn nobody(phase: &MaskingView) -> &'static str {
    if phase.answered.len() < phase.asked.len() {
        "enough had answered"
    } else {
        "nobody lost"
    }
}

fn row(run: &RunData, round: &RoundView, phase: &MaskingView) -> Vec<String> {
    let lost = match lost(run, round, phase).as_slice() {
        [] => nobody(phase).to_owned(),
        lost => text::names(lost, MOST_NAMED),
    };
    vec![
        phase.phase.to_string(),
        lost,
        text::count(phase.answered.len() as u64),
        text::count(phase.asked.len() as u64),
        text::count(phase.took_ms()),
        text::bytes(phase.bytes_up),
        text::bytes(phase.bytes_down),
    ]
}

fn picture(page: &mut Markup, run: &RunData, round: &RoundView, title: &str) {
    let wide = (WIDTH + GAP) / round.masking.len().max(5) as f64 - GAP;
    let label = format!("{title}: how many answered in each phase, and who was lost");
    svg(page, (WIDTH, HEIGHT), label, |page| {
        for (i, phase) in round.masking.iter().enumerate() {
            let left = i as f64 * (wide + GAP);
            column(page, run, round, phase, i + 1, (left, wide));
        }
    });
}

fn column(
    page: &mut Markup,
    run: &RunData,
    round: &RoundView,
    phase: &MaskingView,
    number: usize,
    (left, wide): (f64, f64),
) {
    let (x, inner) = (left + ROOM, wide - 2.0 * ROOM);
    rect(page, "wash", (left, 1.0), (wide, HEIGHT - 2.0), "");
    word(page, "h", (x, 28.0), format!("{number}  {}", phase.phase));
    for (line, words) in purpose(phase.phase).into_iter().enumerate() {
        word(page, "soft", (x, 48.0 + 16.0 * line as f64), words);
    }
    let (answered, asked) = (phase.answered.len(), phase.asked.len());
    let filled = inner * answered as f64 / asked.max(1) as f64;
    rect(page, "frame", (x, 80.0), (inner, 10.0), "");
    rect(page, "federated", (x, 80.0), (filled, 10.0), "");
    word(page, "b", (x, 110.0), format!("{answered} of {asked}"));
    match lost(run, round, phase).as_slice() {
        [] => word(page, "soft", (x, 128.0), nobody(phase)),
        lost => lost_lines(page, lost, (x, inner)),
    }
    let took = format!("{} ms", text::count(phase.took_ms()));
    word(page, "", (x, 192.0), took);
    let up = format!("{} up", text::bytes(phase.bytes_up));
    word(page, "soft", (x, 209.0), up);
    let down = format!("{} down", text::bytes(phase.bytes_down));
    word(page, "soft", (x, 225.0), down);
}

fn lost_lines(page: &mut Markup, lost: &[String], (x, inner): (f64, f64)) {
    let named = if lost.len() > MOST_LINES {
        MOST_LINES - 1
    } else {
        lost.len()
    };
    let most = (inner / CHARACTER) as usize;
    let mut lines: Vec<String> = lost[..named].iter().map(|who| short(who, most)).collect();
    if lost.len() > named {
        lines.push(format!("and {} more", lost.len() - named));
    }
    for (i, line) in lines.iter().enumerate() {
        word(page, "", (x, 128.0 + 16.0 * i as f64), line);
    }
}
