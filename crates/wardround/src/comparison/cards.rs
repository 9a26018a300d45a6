//! What is told about each hospital's data: counts, facts, and histograms over common edges.

use rayon::prelude::*;
use ward_data::{DataError, Federation, HospitalData, TierProfile};
use ward_observe::{Histogram, HospitalCard, RowsUsed};

/// Classes of a histogram.
const CLASSES: usize = 16;
/// Most hospitals whose features are drawn one by one.
const MOST_DRAWN: usize = 200;

/// A card for every hospital, in the order of the roster, as it is in the first of `rounds` rounds.
pub(super) fn cards(federation: &Federation, rounds: u32) -> Result<Vec<HospitalCard>, DataError> {
    let turns = federation.turns(rounds);
    let names = federation.source().feature_names();
    let roster = federation.roster();
    let edges = if names.is_empty() || roster.len() > MOST_DRAWN {
        Vec::new()
    } else {
        edges(federation, names.len())?
    };
    let cards: Result<Vec<HospitalCard>, DataError> = roster
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
            let used = turns.iter().map(|&round| RowsUsed {
                round,
                rows: federation.rows_in(info.node, round).0,
            });
            Ok(HospitalCard {
                rows_present: Some(federation.source().present(info.node)),
                rows_used: used.collect(),
                ..card(&data, histograms)
            })
        })
        .collect();
    let mut cards = cards?;
    keep_changes(&mut cards);
    Ok(cards)
}

/// Leaves out the rounds in which no hospital has more or fewer rows than before: where a law drifts, rows
/// become others and stay as many.
fn keep_changes(cards: &mut [HospitalCard]) {
    let turns = cards.first().map_or(0, |card| card.rows_used.len());
    let rows = |card: &HospitalCard, turn: usize| card.rows_used[turn].rows;
    let changes = |&turn: &usize| {
        let changes = |card: &HospitalCard| rows(card, turn) != rows(card, turn - 1);
        turn == 0 || cards.iter().any(changes)
    };
    let kept: Vec<usize> = (0..turns).filter(changes).collect();
    for card in cards {
        card.rows_used = kept.iter().map(|&turn| card.rows_used[turn]).collect();
    }
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
        rural: TierProfile::of(&data.info.tier).map(TierProfile::is_rural),
        rows_present: None,
        rows_used: Vec::new(),
        joins: None,
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

#[cfg(test)]
mod tests {
    use super::*;
    use ward_data::{DataConfig, ScalingMode};

    /// The rounds told of townships, and the rows used in them.
    fn told(table: &str) -> Vec<(u32, u64)> {
        let text = format!("[emr-risk]\npopulation = \"ward-3\"\n{table}");
        let data: DataConfig = toml::from_str(&text).unwrap();
        let here = std::path::Path::new(".");
        let federation = Federation::open(&data, ScalingMode::None, 1, here).unwrap();
        let cards = cards(&federation, 6).unwrap();
        assert!(
            cards
                .iter()
                .all(|card| card.rows_used.len() == cards[0].rows_used.len())
        );
        let used = cards[2].rows_used.iter();
        used.map(|used| (used.round.0, used.rows)).collect()
    }

    #[test]
    fn cards_tell_rounds_in_which_rows_leave_and_no_others() {
        assert_eq!(told(""), [(0, 80)]);
        assert_eq!(told("drift = { prevalence = 0.1 }"), [(0, 80)]);
        let left =
            told("drift = { prevalence = 0.1 }\nwithdrawal = { share = 0.5, rounds = [2, 4] }");
        let rounds: Vec<u32> = left.iter().map(|(round, _)| *round).collect();
        assert_eq!(rounds, [0, 2, 4]);
        assert!(left[0].1 == 80 && left[1].1 < 80 && left[2].1 < left[1].1);
    }
}
