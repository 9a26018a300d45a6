//! What the coordinator saw of one hospital: its masked words beside its update.

use ward_core::sighting::Sighting;

use super::is_simulated;
use crate::report::chart::{figure, line, rect, svg, table, word};
use crate::report::load::RunData;
use crate::report::markup::Markup;
use crate::text;

const TITLE: &str = "What the coordinator saw of one hospital";
const WIDTH: f64 = 1000.0;
const HEIGHT: f64 = 216.0;
/// The width of one histogram.
const WIDE: f64 = 480.0;
const TOP: f64 = 50.0;
const BOTTOM: f64 = 182.0;

/// The picture, or why there is none.
pub(super) fn section(page: &mut Markup, run: &RunData) {
    let Some((round, node, sighting)) = &run.view.sighting else {
        page.tag("h3").text(TITLE);
        page.tag("p").text(match is_simulated(run) {
            true => "No masked update left a hospital.",
            false => {
                "Its masked words, which look like chance. There is nothing to put beside them: in a \
                 deployment nobody but the hospital has its update. A simulation of the same experiment \
                 shows both."
            }
        });
        return;
    };
    let name = run.view.name(*node);
    let summary = format!(
        "The update of {name} in round {}, as the hospital had it and as the coordinator got it. {}",
        round.0 + 1,
        told(sighting)
    );
    figure(
        page,
        TITLE,
        &summary,
        |page| picture(page, sighting),
        |page| {
            let columns = ["part, from lowest to highest", "its update", "masked words"];
            let counts = sighting.clear.iter().zip(&sighting.masked);
            let rows = counts.enumerate().map(|(i, (clear, masked))| {
                vec![
                    (i + 1).to_string(),
                    text::count(*clear),
                    text::count(*masked),
                ]
            });
            let caption = "Numbers in each of 32 equal parts of their range";
            table(page, caption, &columns, 0, rows);
        },
    );
}

/// What the two have to do with each other.
fn told(sighting: &Sighting) -> String {
    let words = sighting.words as f64;
    let expected = words / sighting.masked.len().max(1) as f64;
    let squares = sighting.masked.iter().map(|count| {
        let off = *count as f64 - expected;
        off * off / expected
    });
    let parts = sighting.masked.len() as f64 - 1.0;
    format!(
        "Over {} their correlation is {:.4}; of words that have nothing to do with each other it lies \
         within {:.4} of 0 nineteen times out of twenty. How evenly the masked words are spread: \
         χ² = {:.0}, where chance gives {parts:.0} ± {:.0}.",
        text::things(sighting.words, "word", "words"),
        sighting.correlation,
        1.96 / words.sqrt(),
        squares.sum::<f64>(),
        (2.0 * parts).sqrt()
    )
}

fn picture(page: &mut Markup, sighting: &Sighting) {
    let label = "Two histograms: the hospital's update, and the masked words that hide it";
    svg(page, (WIDTH, HEIGHT), label, |page| {
        let largest = sighting.largest;
        let ends = [format!("-{largest:.2e}"), format!("{largest:.2e}")];
        histogram(page, 0.0, "its update", &sighting.clear, ("alone", ends));
        let power = sighting.word_bits.saturating_sub(1);
        let ends = [format!("-2^{power}"), format!("2^{power}")];
        let left = WIDTH - WIDE;
        histogram(
            page,
            left,
            "what the coordinator saw",
            &sighting.masked,
            ("federated", ends),
        );
    });
}

fn histogram(
    page: &mut Markup,
    left: f64,
    title: &str,
    counts: &[u64],
    (class, [low, high]): (&str, [String; 2]),
) {
    word(page, "h", (left, 26.0), title);
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f64;
    let wide = WIDE / counts.len().max(1) as f64;
    for (i, count) in counts.iter().enumerate() {
        let high = (BOTTOM - TOP) * *count as f64 / most;
        let place = (left + i as f64 * wide, BOTTOM - high);
        rect(page, class, place, (wide - 1.0, high), &text::count(*count));
    }
    line(page, "axis", (left, BOTTOM), (left + WIDE, BOTTOM));
    word(page, "soft", (left, BOTTOM + 20.0), low);
    word(page, "soft mid", (left + WIDE / 2.0, BOTTOM + 20.0), "0");
    word(page, "soft end", (left + WIDE, BOTTOM + 20.0), high);
}
