//! Who is reached: how much of the training is rural, and how well rural hospitals are served.
//!
//! A hospital stands for as many patients as it has training rows, also of those who do not consent.
//! Rural are townships and the tiers that share their profile.

use std::collections::HashMap;

use ward_core::metric::access::{Served, population_served, ratio};
use ward_core::metric::name;
use ward_core::{Estimate, RoundId};

use crate::{HospitalCard, Model, ResultRow, RunView};

/// The AUC from which on a model is said to serve a hospital's patients.
pub const FLOOR: f64 = 0.8;

/// What a run comes to for those far from the hubs.
#[derive(Debug, Clone, PartialEq)]
pub struct Access {
    /// Share of all patients who are rural.
    pub rural_patients: f64,
    /// Share of the patients who took part, over all rounds, who are rural: rows of the hospitals that
    /// were counted. `None` where no round was closed.
    pub rural_participation: Option<f64>,
    /// How well each model does.
    pub models: Vec<ModelAccess>,
}

/// How a model does for those far from the hubs.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelAccess {
    /// Which.
    pub model: Model,
    /// Rural AUC over urban AUC, hospitals weighted by their test cases.
    pub ratio: Option<Estimate>,
    /// Share of all patients whose hospital has an AUC of [`FLOOR`] or more.
    pub served: Option<f64>,
}

impl Access {
    /// What `results` and the rounds of `view` say of these hospitals; `None` where they are not of both
    /// kinds.
    #[must_use]
    pub fn of(cards: &[HospitalCard], view: &RunView, results: &[ResultRow]) -> Option<Self> {
        let of_both = [true, false].map(|rural| cards.iter().any(|c| c.rural == Some(rural)));
        if of_both != [true, true] {
            return None;
        }
        let all: u64 = cards.iter().map(patients).sum();
        let rural: u64 = cards.iter().filter(is_rural).map(patients).sum();
        let (mut took_part, mut of_them_rural) = (0, 0);
        for round in &view.rounds {
            let counted = |card: &&HospitalCard| round.reporters.binary_search(&card.node).is_ok();
            for card in cards.iter().filter(counted) {
                let rows = used(card, round.round);
                took_part += rows;
                of_them_rural += rows * u64::from(is_rural(&card));
            }
        }
        let share = |of: u64, all: u64| of as f64 / all.max(1) as f64;
        let models = Model::ALL.into_iter();
        Some(Self {
            rural_patients: share(rural, all),
            rural_participation: (took_part > 0).then(|| share(of_them_rural, took_part)),
            models: models
                .filter_map(|model| model_access(model, cards, results))
                .collect(),
        })
    }
}

fn is_rural(card: &&HospitalCard) -> bool {
    card.rural == Some(true)
}

fn patients(card: &HospitalCard) -> u64 {
    card.rows_present.unwrap_or(card.train_rows)
}

fn used(card: &HospitalCard, round: RoundId) -> u64 {
    card.used_in(round).unwrap_or(card.train_rows)
}

fn model_access(
    model: Model,
    cards: &[HospitalCard],
    results: &[ResultRow],
) -> Option<ModelAccess> {
    let of_model = results
        .iter()
        .filter(|row| row.model == model && row.metric == name::AUC);
    let rows: HashMap<&str, &ResultRow> = of_model.map(|row| (row.group.as_str(), row)).collect();
    let scored: Vec<(&HospitalCard, &ResultRow)> = cards
        .iter()
        .filter_map(|card| Some((card, *rows.get(card.name.as_str())?)))
        .collect();
    if scored.is_empty() {
        return None;
    }
    let mean = |rural: bool| {
        let of = scored.iter().filter(|(card, _)| card.rural == Some(rural));
        weighted(of.map(|(_, row)| *row))
    };
    let people: Vec<u64> = scored.iter().map(|(card, _)| patients(card)).collect();
    let served: Vec<Served<'_>> = scored
        .iter()
        .map(|(card, row)| Served {
            hospital: &card.name,
            group: &card.tier,
            value: row.value,
            cases: row.n,
        })
        .collect();
    Some(ModelAccess {
        model,
        ratio: mean(true).zip(mean(false)).and_then(|(a, b)| ratio(&a, &b)),
        served: population_served(&served, &people, FLOOR),
    })
}

/// The mean weighted by test cases; `None` without cases.
fn weighted<'a>(rows: impl Iterator<Item = &'a ResultRow>) -> Option<Estimate> {
    let (mut sum, mut variance, mut cases) = (0.0, 0.0, 0);
    for row in rows {
        let n = row.n as f64;
        // Back from the interval to the error that it was made of.
        let error = (row.ci_high - row.ci_low) / (2.0 * 1.96);
        sum += n * row.value;
        variance += (n * error).powi(2);
        cases += row.n;
    }
    (cases > 0).then(|| Estimate {
        value: sum / cases as f64,
        n: cases,
        standard_error: variance.sqrt() / cases as f64,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RowsUsed;
    use ward_core::{Digest, Event, NodeId, Record, Tick};

    fn card(node: u32, rural: Option<bool>, present: u64, used: &[(u32, u64)]) -> HospitalCard {
        let used = used.iter().map(|&(round, rows)| RowsUsed {
            round: RoundId(round),
            rows,
        });
        HospitalCard {
            node: NodeId(node),
            name: format!("h{node}"),
            tier: "any".to_owned(),
            train_rows: present,
            train_positive_share: None,
            test_rows: 100,
            facts: Vec::new(),
            histograms: Vec::new(),
            rural,
            rows_present: Some(present),
            rows_used: used.collect(),
            joins: None,
        }
    }

    fn auc(node: u32, value: f64) -> ResultRow {
        let estimate = Estimate {
            value,
            n: 100,
            standard_error: 0.01,
        };
        ResultRow::of(&format!("h{node}"), Model::Federated, name::AUC, &estimate)
    }

    fn closed(round: u32, reporters: &[u32]) -> Record {
        let event = Event::RoundClosed {
            round: RoundId(round),
            reporters: reporters.iter().map(|node| NodeId(*node)).collect(),
            silent: Vec::new(),
            loss: None,
            update_norm: 1.0,
            model_digest: Digest::of(&[]),
        };
        Record { at: Tick(0), event }
    }

    #[test]
    fn patients_are_counted_as_often_as_they_take_part() {
        let cards = [
            card(0, Some(false), 600, &[(0, 600)]),
            card(1, Some(true), 300, &[(0, 200), (1, 100)]),
            card(2, Some(true), 100, &[(0, 100)]),
        ];
        let view = RunView::of(&[closed(0, &[0, 1]), closed(1, &[0, 1, 2])]);
        let results = [auc(0, 0.9), auc(1, 0.7), auc(2, 0.8)];
        let access = Access::of(&cards, &view, &results).unwrap();
        assert!((access.rural_patients - 0.4).abs() < 1e-12);
        // 200, then 100 + 100, of 800 and 800.
        let rural = access.rural_participation.unwrap();
        assert!((rural - 400.0 / 1_600.0).abs() < 1e-12);
        let federated = &access.models[0];
        assert!((federated.ratio.unwrap().value - 0.75 / 0.9).abs() < 1e-9);
        // .8 is enough, .7 is not: 600 and 100 of 1,000.
        assert!((federated.served.unwrap() - 0.7).abs() < 1e-12);
        assert_eq!(access.models.len(), 1);
    }

    #[test]
    fn where_all_are_alike_or_unknown_there_is_nothing_to_compare() {
        let view = RunView::default();
        for rural in [None, Some(true), Some(false)] {
            assert_eq!(Access::of(&[card(0, rural, 9, &[])], &view, &[]), None);
        }
    }
}
