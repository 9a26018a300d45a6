//! The pieces that charts are drawn with: scales, ticks, labels, figures and tables.

use std::fmt::Display;

use super::markup::{Markup, Num};

/// A straight map from values to coordinates.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scale {
    /// The values at both ends.
    pub(super) values: (f64, f64),
    /// The coordinates at both ends.
    pub(super) places: (f64, f64),
}

impl Scale {
    pub(super) fn new(values: (f64, f64), places: (f64, f64)) -> Self {
        Self { values, places }
    }

    /// Where `value` stands. A scale of one value has it in the middle.
    pub(super) fn at(&self, value: f64) -> f64 {
        let (low, high) = self.values;
        let share = if high == low {
            0.5
        } else {
            (value - low) / (high - low)
        };
        self.places.0 + share * (self.places.1 - self.places.0)
    }

    /// Round values for about `about` ticks.
    pub(super) fn ticks(&self, about: u32) -> Vec<f64> {
        ticks(self.values.0, self.values.1, about)
    }
}

/// Round values within `low` to `high`, about as many as asked for.
pub(super) fn ticks(low: f64, high: f64, about: u32) -> Vec<f64> {
    let span = high - low;
    if !span.is_finite() || span <= 0.0 {
        return vec![low];
    }
    let rough = span / f64::from(about.max(1));
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .map(|factor| factor * power)
        .into_iter()
        .find(|step| *step >= rough * 0.999)
        .unwrap_or(10.0 * power);
    let first = (low / step - 1e-9).ceil() as i64;
    let last = (high / step + 1e-9).floor() as i64;
    (first..=last).map(|i| i as f64 * step).collect()
}

/// A tick's label, with as many decimals as tell the ticks apart.
pub(super) fn tick_label(value: f64, all: &[f64]) -> String {
    let step = match all {
        [first, second, ..] => second - first,
        _ => 1.0,
    };
    let decimals = (0..6)
        .find(|d| {
            let scaled = step * 10_f64.powi(*d);
            (scaled - scaled.round()).abs() < 1e-6
        })
        .unwrap_or(6) as usize;
    format!("{value:.decimals$}")
}

/// Moves labels apart: ascending places at least `gap` apart, within `low` to `high` if they fit.
pub(super) fn spread(places: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
    let mut moved = places.to_vec();
    let mut floor = low;
    for &i in &order {
        moved[i] = moved[i].max(floor);
        floor = moved[i] + gap;
    }
    let mut ceiling = high;
    for &i in order.iter().rev() {
        moved[i] = moved[i].min(ceiling);
        ceiling = moved[i] - gap;
    }
    moved
}

/// A drawing of `width` by `height`, described in `label` for those who do not see it.
pub(super) fn svg(
    page: &mut Markup,
    (width, height): (f64, f64),
    label: impl Display,
    draw: impl FnOnce(&mut Markup),
) {
    page.tag("svg")
        .at(
            "viewBox",
            format_args!("0 0 {} {}", Num(width), Num(height)),
        )
        .num("width", width)
        .num("height", height)
        .at("role", "img")
        .at("aria-label", label)
        .with(draw);
}

/// A line between two points.
pub(super) fn line(page: &mut Markup, class: &str, from: (f64, f64), to: (f64, f64)) {
    page.tag("line")
        .class(class)
        .num("x1", from.0)
        .num("y1", from.1)
        .num("x2", to.0)
        .num("y2", to.1)
        .empty();
}

/// A box that says `tip` when pointed at; without a tip it says nothing.
pub(super) fn rect(
    page: &mut Markup,
    class: &str,
    (x, y): (f64, f64),
    (width, height): (f64, f64),
    tip: &str,
) {
    let tag = page
        .tag("rect")
        .class(class)
        .num("x", x)
        .num("y", y)
        .num("width", width.max(0.0))
        .num("height", height.max(0.0));
    if tip.is_empty() {
        tag.empty();
    } else {
        tag.with(|page| page.tag("title").text(tip));
    }
}

/// A word at a place; `class` sets size and anchor.
pub(super) fn word(page: &mut Markup, class: &str, (x, y): (f64, f64), text: impl Display) {
    page.tag("text")
        .class(class)
        .num("x", x)
        .num("y", y)
        .text(text);
}

/// The path through points, for a `d` attribute.
pub(super) fn path(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let mut d = String::new();
    for (x, y) in points {
        d.push(if d.is_empty() { 'M' } else { 'L' });
        d += &format!("{} {}", Num(x), Num(y));
    }
    d
}

/// A chart with its heading, its summary in words, and its numbers as a table.
pub(super) fn figure(
    page: &mut Markup,
    title: &str,
    summary: &str,
    draw: impl FnOnce(&mut Markup),
    table: impl FnOnce(&mut Markup),
) {
    page.tag("figure").with(|page| {
        page.tag("figcaption").with(|page| {
            if !title.is_empty() {
                page.tag("h3").text(title);
            }
            page.tag("p").text(summary);
        });
        let label = if title.is_empty() { "Chart" } else { title };
        page.tag("div")
            .class("plot")
            .at("role", "group")
            .at("tabindex", 0)
            .at("aria-label", label)
            .with(draw);
        page.tag("details").with(|page| {
            page.tag("summary").text("The numbers as a table");
            table(page);
        });
    });
}

/// A table whose first column names the row; columns from `numeric_from` on stand to the right.
pub(super) fn table<T: Display>(
    page: &mut Markup,
    caption: &str,
    columns: &[T],
    numeric_from: usize,
    rows: impl IntoIterator<Item = Vec<String>>,
) {
    let class = |i| if i >= numeric_from { "num" } else { "" };
    page.tag("div")
        .class("scroll")
        .at("tabindex", 0)
        .at("role", "group")
        .at("aria-label", caption)
        .with(|page| {
            page.tag("table").with(|page| {
                page.tag("caption").text(caption);
                page.tag("thead").with(|page| {
                    page.tag("tr").with(|page| {
                        for (i, column) in columns.iter().enumerate() {
                            page.tag("th")
                                .at("scope", "col")
                                .class(class(i))
                                .text(column);
                        }
                    });
                });
                page.tag("tbody").with(|page| {
                    for row in rows {
                        page.tag("tr").with(|page| {
                            for (i, cell) in row.iter().enumerate() {
                                let cell_tag = if i == 0 {
                                    page.tag("th").at("scope", "row")
                                } else {
                                    page.tag("td")
                                };
                                cell_tag.class(class(i)).text(cell);
                            }
                        });
                    }
                });
            });
        });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(
            ticks(0.0, 60.0, 6),
            [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
        );
        let fine = ticks(0.52, 0.84, 4);
        let labels: Vec<_> = fine.iter().map(|t| tick_label(*t, &fine)).collect();
        assert_eq!(labels, ["0.6", "0.7", "0.8"]);
        assert_eq!(ticks(3.0, 3.0, 5), [3.0]);
        assert_eq!(ticks(0.0, f64::NAN, 5).len(), 1);
    }

    #[test]
    fn labels_are_moved_apart_and_stay_inside() {
        let moved = spread(&[10.0, 11.0, 99.0, 98.0], 12.0, 0.0, 100.0);
        assert_eq!(moved, [10.0, 22.0, 100.0, 88.0]);
    }

    #[test]
    fn a_scale_of_one_value_has_it_in_the_middle() {
        assert_eq!(Scale::new((2.0, 2.0), (0.0, 10.0)).at(2.0), 5.0);
        assert_eq!(Scale::new((0.0, 1.0), (10.0, 0.0)).at(0.25), 7.5);
    }
}
