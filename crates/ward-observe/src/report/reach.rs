//! Whom a run reaches: a line where not everybody took part, and curves where hospitals joined while it
//! went on.

use super::chart::{Scale, figure, line, path, spread, svg, table, tick_label, word};
use super::curves::round_axis;
use super::load::{RunData, metric_name};
use super::markup::Markup;
use crate::reach::{Reach, ReachedBy};
use crate::text;

/// The panel; nothing where everybody was there from the start and took part.
pub(super) fn panel(page: &mut Markup, run: &RunData) {
    let Some(reach) = Reach::of(&run.cards, &run.view) else {
        return;
    };
    if !reach.grows && reach.took_part.hospitals == 1.0 {
        return;
    }
    page.tag("h3").text("Whom the run reaches");
    page.tag("p").text(format!(
        "{} of the hospitals took part at least once, with {} of the patients; a hospital has as many \
         patients as training rows.",
        text::percent(reach.took_part.hospitals),
        text::percent(reach.took_part.patients)
    ));
    if reach.grows {
        grows(page, run, &reach);
    }
}

fn grows(page: &mut Markup, run: &RunData, reach: &Reach) {
    let (Some(first), Some(last)) = (reach.by_round.first(), reach.by_round.last()) else {
        return;
    };
    let share = |by: &ReachedBy| {
        let (hospitals, patients) = (by.joined.hospitals, by.joined.patients);
        (text::percent(hospitals), text::percent(patients))
    };
    let ((few, of_few), (many, of_many)) = (share(first), share(last));
    let summary = format!(
        "By round {} {few} of the hospitals had joined, with {of_few} of the patients; by round {} \
         {many}, with {of_many}.",
        first.round.0 + 1,
        last.round.0 + 1
    );
    let metric = run.view.main_metric();
    figure(
        page,
        "Hospitals that have joined",
        &summary,
        |page| draw(page, &reach.by_round),
        |page| {
            let mut columns = vec!["round".to_owned()];
            let shares = ["hospitals joined", "patients of theirs", "took part so far"];
            columns.extend(shares.map(str::to_owned));
            columns.extend(metric.as_deref().map(metric_name));
            let rows = reach.by_round.iter().map(|by| {
                let (hospitals, patients) = share(by);
                let took_part = text::percent(by.took_part.hospitals);
                let mut row = vec![(by.round.0 + 1).to_string(), hospitals, patients, took_part];
                row.extend(metric.as_deref().map(|metric| score(by, metric)));
                row
            });
            table(
                page,
                "Hospitals that have joined, by round",
                &columns,
                1,
                rows,
            );
        },
    );
}

fn score(by: &ReachedBy, metric: &str) -> String {
    let scores = by.scores.as_ref().and_then(|scores| scores.get(metric));
    scores.map_or_else(|| "–".to_owned(), |score| text::value(score.value))
}

/// Its name, and what it says of a round.
type Curve = (&'static str, fn(&ReachedBy) -> f64);

fn draw(page: &mut Markup, by_round: &[ReachedBy]) {
    let (left, right, top, bottom) = (48.0, 840.0, 20.0, 208.0);
    let last = by_round.last().map_or(1, |by| by.round.0 + 1);
    let x = Scale::new((1.0, f64::from(last.max(2))), (left, right));
    let y = Scale::new((0.0, 100.0), (bottom, top));
    let place = |by: &ReachedBy| x.at(f64::from(by.round.0 + 1));
    let curves: [Curve; 2] = [
        ("hospitals", |by| by.joined.hospitals),
        ("patients", |by| by.joined.patients),
    ];
    svg(page, (1000.0, 240.0), "Percent joined, by round", |page| {
        let ticks = y.ticks(4);
        for tick in &ticks {
            let at = y.at(*tick);
            line(page, "grid", (left, at), (right, at));
            let label = tick_label(*tick, &ticks);
            word(page, "tick end", (left - 8.0, at + 4.0), label);
        }
        round_axis(page, &x, bottom, 10);
        let ends = curves.map(|(_, of)| y.at(100.0 * by_round.last().map_or(0.0, of)));
        let labels = spread(&ends, 15.0, top, bottom);
        for ((name, of), label) in curves.into_iter().zip(labels) {
            let points = by_round.iter().map(|by| (place(by), y.at(100.0 * of(by))));
            page.tag("path")
                .class("curve")
                .at("d", path(points))
                .empty();
            word(
                page,
                "",
                (right + 15.0, label + 4.0),
                format!("% of {name}"),
            );
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RunView;
    use crate::sample::Sample;
    use ward_core::RoundId;

    fn shown(joins: Option<RoundId>) -> String {
        let sample = Sample::new(7, 4);
        let mut run = RunData {
            view: RunView::of(&sample.records),
            cards: sample.cards,
            ..RunData::default()
        };
        for card in &mut run.cards {
            card.joins = joins;
        }
        let mut page = Markup::default();
        panel(&mut page, &run);
        page.finish()
    }

    #[test]
    fn curves_are_drawn_where_hospitals_join() {
        let page = shown(Some(RoundId(9)));
        assert!(page.contains("Hospitals that have joined"), "{page}");
        assert!(page.contains("0 % of the hospitals had joined"), "{page}");
        assert!(page.contains("of the patients; by round 4 0 %"), "{page}");
        assert!(!shown(None).contains("have joined"));
    }
}
