//! How each feature is spread in each hospital: small multiples of histograms.

use super::chart::{Scale, figure, line, path, svg, table, tick_label, word};
use super::heterogeneity::short;
use super::load::RunData;
use super::markup::Markup;
use crate::{Histogram, HospitalCard, text};

/// At most so many features are drawn: the ones that differ most.
const MOST_FEATURES: usize = 12;
/// At most so many hospitals are drawn in one panel.
const MOST_LINES: usize = 60;

const WIDTH: f64 = 230.0;
const LEFT: f64 = 10.0;
const RIDGE: f64 = 46.0;
const TOP: f64 = 24.0;

/// One feature: its name and how unlike the hospitals are in it.
struct Feature<'a> {
    name: &'a str,
    /// Jensen-Shannon divergence of the hospitals in bits; `None` where their edges differ.
    unlike: Option<f64>,
}

/// The panels; nothing where hospitals tell no histogram.
pub(super) fn panels(page: &mut Markup, run: &RunData) {
    let mut features = features(&run.cards);
    if features.is_empty() {
        return;
    }
    let all = features.len();
    if all > MOST_FEATURES {
        let unlike = |f: &Feature<'_>| f.unlike.unwrap_or(f64::INFINITY);
        features.sort_by(|a, b| unlike(b).total_cmp(&unlike(a)));
        features.truncate(MOST_FEATURES);
    }
    let tiers = match run.tiers() {
        tiers if tiers.is_empty() => vec![None],
        tiers => tiers.into_iter().map(Some).collect(),
    };
    figure(
        page,
        "Features",
        &summary(&features, all),
        |page| {
            page.tag("div").class("multiples four").with(|page| {
                for feature in &features {
                    panel(page, &run.cards, feature, &tiers);
                }
            });
        },
        |page| {
            let rows = features.iter().map(|feature| {
                let bits = feature.unlike.map(|bits| format!("{bits:.3}"));
                let bits = bits.unwrap_or_else(|| "edges differ".to_owned());
                vec![feature.name.to_owned(), bits]
            });
            let columns = ["feature", "difference between hospitals, bits"];
            table(page, "How unlike the hospitals are", &columns, 1, rows);
        },
    );
}

fn summary(features: &[Feature<'_>], all: usize) -> String {
    let mut summary = "Each thin line is one hospital's training rows, the thick one their mean; \
                       areas are equal, so large and small hospitals compare."
        .to_owned();
    let bits = |f: &&Feature<'_>| f.unlike.unwrap_or(0.0);
    let most = features.iter().max_by(|a, b| bits(a).total_cmp(&bits(b)));
    if let Some((feature, bits)) = most.and_then(|f| Some((f, f.unlike?))) {
        summary += &format!(
            " Hospitals differ most in {}: {bits:.2} bits of Jensen-Shannon divergence, where 0 \
             means that all are alike.",
            feature.name
        );
    }
    if all > features.len() {
        summary += &format!(
            " The {} features that differ most are shown, {} are left out.",
            features.len(),
            all - features.len()
        );
    }
    summary
}

fn features(cards: &[HospitalCard]) -> Vec<Feature<'_>> {
    let mut names: Vec<&str> = Vec::new();
    for histogram in cards.iter().flat_map(|card| &card.histograms) {
        if histogram.is_sound() && !names.contains(&histogram.name.as_str()) {
            names.push(&histogram.name);
        }
    }
    let of = |name| Feature {
        name,
        unlike: divergence(&histograms(cards, name, None)),
    };
    names.into_iter().map(of).collect()
}

fn histograms<'a>(cards: &'a [HospitalCard], name: &str, tier: Option<&str>) -> Vec<&'a Histogram> {
    cards
        .iter()
        .filter(|card| tier.is_none_or(|tier| card.tier == tier))
        .filter_map(|card| card.histograms.iter().find(|h| h.name == name))
        .filter(|h| h.is_sound() && h.total() > 0)
        .collect()
}

/// The shares of a histogram's classes.
fn shares(histogram: &Histogram) -> Vec<f64> {
    let total = histogram.total() as f64;
    histogram.counts.iter().map(|c| *c as f64 / total).collect()
}

/// The mean of the shares; `None` where edges differ or there is nothing.
fn mean(histograms: &[&Histogram]) -> Option<Vec<f64>> {
    let first = histograms.first()?;
    if histograms.iter().any(|h| h.edges != first.edges) {
        return None;
    }
    let mut mean = vec![0.0; first.counts.len()];
    for histogram in histograms {
        for (sum, share) in mean.iter_mut().zip(shares(histogram)) {
            *sum += share / histograms.len() as f64;
        }
    }
    Some(mean)
}

/// The Jensen-Shannon divergence of several hospitals (Lin 1991, equal weights) in bits: entropy
/// of the mean less the mean of the entropies.
fn divergence(histograms: &[&Histogram]) -> Option<f64> {
    let entropy = |shares: &[f64]| -> f64 {
        let terms = shares.iter().filter(|p| **p > 0.0).map(|p| -p * p.log2());
        terms.sum()
    };
    let mixed = entropy(&mean(histograms)?);
    let each: f64 = histograms.iter().map(|h| entropy(&shares(h))).sum();
    Some((mixed - each / histograms.len() as f64).max(0.0))
}

fn panel(
    page: &mut Markup,
    cards: &[HospitalCard],
    feature: &Feature<'_>,
    tiers: &[Option<String>],
) {
    let all = histograms(cards, feature.name, None);
    let edges = |pick: fn(f64, f64) -> f64, of: fn(&Histogram) -> f64| {
        all.iter().map(|h| of(h)).reduce(pick).unwrap_or(0.0)
    };
    let low = edges(f64::min, |h| h.edges[0]);
    let high = edges(f64::max, |h| h.edges[h.edges.len() - 1]);
    let x = Scale::new((low, high), (LEFT, WIDTH - 10.0));
    let height = TOP + tiers.len() as f64 * RIDGE + 24.0;
    let label = format!("Histograms of {} by hospital", feature.name);
    svg(page, (WIDTH, height), label, |page| {
        word(page, "b", (LEFT, 14.0), short(feature.name, 20));
        if let Some(bits) = feature.unlike {
            word(
                page,
                "soft tiny end",
                (WIDTH - 10.0, 14.0),
                format_args!("{bits:.2} bits"),
            );
        }
        for (i, tier) in tiers.iter().enumerate() {
            let floor = TOP + (i as f64 + 1.0) * RIDGE;
            line(page, "grid", (LEFT, floor), (WIDTH - 10.0, floor));
            ridge(
                page,
                &histograms(cards, feature.name, tier.as_deref()),
                &x,
                floor,
            );
            if let Some(tier) = tier {
                word(
                    page,
                    "soft tiny halo",
                    (LEFT, floor - RIDGE + 18.0),
                    short(tier, 14),
                );
            }
        }
        let ticks = x.ticks(4);
        for tick in &ticks {
            word(
                page,
                "tick tiny mid",
                (x.at(*tick), height - 8.0),
                tick_label(*tick, &ticks),
            );
        }
    });
}

/// One tier's hospitals over one floor, all to one height.
fn ridge(page: &mut Markup, histograms: &[&Histogram], x: &Scale, floor: f64) {
    let density = |edges: &[f64], shares: &[f64]| -> Vec<f64> {
        let widths = edges.windows(2).map(|e| e[1] - e[0]);
        shares
            .iter()
            .zip(widths)
            .map(|(share, width)| share / width)
            .collect()
    };
    let highest = histograms
        .iter()
        .flat_map(|h| density(&h.edges, &shares(h)))
        .fold(0.0, f64::max);
    let y = Scale::new((0.0, highest.max(1e-300)), (floor, floor - RIDGE + 8.0));
    let steps = |edges: &[f64], shares: &[f64]| {
        let heights = density(edges, shares);
        let corners = edges.windows(2).zip(heights).flat_map(|(edge, height)| {
            [(x.at(edge[0]), y.at(height)), (x.at(edge[1]), y.at(height))]
        });
        path(corners.collect::<Vec<_>>())
    };
    for histogram in histograms.iter().take(MOST_LINES) {
        let d = steps(&histogram.edges, &shares(histogram));
        page.tag("path").class("each").at("d", d).empty();
    }
    if let (Some(mean), Some(first)) = (mean(histograms), histograms.first()) {
        page.tag("path")
            .class("mean")
            .at("d", steps(&first.edges, &mean))
            .with(|page| {
                let many = text::things(histograms.len() as u64, "hospital", "hospitals");
                page.tag("title").text(format_args!("mean of {many}"));
            });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn histogram(counts: &[u64]) -> Histogram {
        Histogram {
            name: "f".into(),
            edges: (0..=counts.len()).map(|i| i as f64).collect(),
            counts: counts.to_vec(),
        }
    }

    #[test]
    fn like_hospitals_have_no_divergence_and_unlike_ones_one_bit() {
        let (a, b, c) = (
            histogram(&[5, 5]),
            histogram(&[500, 500]),
            histogram(&[10, 0]),
        );
        let d = histogram(&[0, 3]);
        assert!(divergence(&[&a, &b]).unwrap().abs() < 1e-12);
        assert!((divergence(&[&c, &d]).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(divergence(&[]), None);
        assert_eq!(divergence(&[&a, &histogram(&[1, 1, 1])]), None);
    }
}
