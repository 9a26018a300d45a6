//! What is told about each hospital's data: counts, facts, and histograms over common edges.

use rayon::prelude::*;
use ward_data::{DataError, Federation, HospitalData};
use ward_observe::{Histogram, HospitalCard};

/// Classes of a histogram.
const CLASSES: usize = 16;
/// Most hospitals whose features are drawn one by one.
const MOST_DRAWN: usize = 200;

/// A card for every hospital, in the order of the roster.
pub(super) fn cards(federation: &Federation) -> Result<Vec<HospitalCard>, DataError> {
    let names = federation.source().feature_names();
    let roster = federation.roster();
    let edges = if names.is_empty() || roster.len() > MOST_DRAWN {
        Vec::new()
    } else {
        edges(federation, names.len())?
    };
    roster
        .par_iter()
        .map(|info| {
            let data = federation.hospital(info.node)?;
            let column = |index: usize| {
                let rows = data.train.features.chunks_exact(data.train.width().max(1));
                rows.map(move |row| f64::from(row[index]))
            };
            let histograms = edges
                .iter()
                .zip(&names)
                .enumerate()
                .filter(|(_, (edges, _))| edges.len() > 1)
                .map(|(index, (edges, name))| Histogram::of(name, edges, column(index)))
                .collect();
            Ok(card(&data, histograms))
        })
        .collect()
}

fn card(data: &HospitalData, histograms: Vec<Histogram>) -> HospitalCard {
    let rows = data.train.len();
    HospitalCard {
        node: data.info.node,
        name: data.info.name.clone(),
        tier: data.info.tier.clone(),
        train_rows: rows as u64,
        train_positive_share: (rows > 0).then(|| data.train.count(1) as f64 / rows as f64),
        test_rows: data.test.len() as u64,
        facts: data.facts.clone(),
        histograms,
    }
}

/// For each feature, equal steps over three standard deviations around every hospital's mean, as
/// far as there are values: a stray value does not squeeze all others into one class.
fn edges(federation: &Federation, features: usize) -> Result<Vec<Vec<f64>>, DataError> {
    let spans: Result<Vec<Vec<(f64, f64)>>, DataError> = federation
        .roster()
        .par_iter()
        .map(|info| {
            let data = federation.hospital(info.node)?;
            Ok((0..features).map(|index| span(&data, index)).collect())
        })
        .collect();
    let spans = spans?;
    Ok((0..features)
        .map(|index| {
            let low = spans
                .iter()
                .map(|s| s[index].0)
                .fold(f64::INFINITY, f64::min);
            let high = spans
                .iter()
                .map(|s| s[index].1)
                .fold(f64::NEG_INFINITY, f64::max);
            if low.is_finite() && high > low {
                let step = (high - low) / CLASSES as f64;
                (0..=CLASSES).map(|i| low + step * i as f64).collect()
            } else {
                Vec::new()
            }
        })
        .collect())
}

fn span(data: &HospitalData, index: usize) -> (f64, f64) {
    let rows = data.train.features.chunks_exact(data.train.width().max(1));
    let values: Vec<f64> = rows.map(|row| f64::from(row[index])).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let spread = 3.0 * (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n).sqrt();
    let low = values
        .iter()
        .copied()
        .fold(f64::INFINITY, f64::min)
        .max(mean - spread);
    let high = values
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max)
        .min(mean + spread);
    (low, high)
}
