//! Whom a run reaches: the hospitals, and their patients, that have joined and that took part at least
//! once, from round to round, beside the scores of the model.
//!
//! A hospital stands for as many patients as it has training rows, also of those who do not consent.

use std::collections::{BTreeSet, HashMap};

use ward_core::{Evaluation, NodeId, RoundId};

use crate::{HospitalCard, RunView};

/// Shares of all hospitals and of all patients.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Share {
    /// Of the hospitals.
    pub hospitals: f64,
    /// Of the patients.
    pub patients: f64,
}

/// Whom a run reaches.
#[derive(Debug, Clone, PartialEq)]
pub struct Reach {
    /// Those who took part at least once.
    pub took_part: Share,
    /// After each round whose model was scored, and after the last.
    pub by_round: Vec<ReachedBy>,
    /// Whether hospitals joined while the run went on.
    pub grows: bool,
}

/// Whom a run has reached by a round.
#[derive(Debug, Clone, PartialEq)]
pub struct ReachedBy {
    /// The round.
    pub round: RoundId,
    /// Those who have joined, and may be asked.
    pub joined: Share,
    /// Those who took part in this round or an earlier one.
    pub took_part: Share,
    /// The model's scores, all hospitals as one; `None` where it was not scored.
    pub scores: Option<Evaluation>,
}

impl Reach {
    /// What the rounds of `view` say of these hospitals; `None` where there are none of either.
    #[must_use]
    pub fn of(cards: &[HospitalCard], view: &RunView) -> Option<Self> {
        let last = view.rounds.last()?.round;
        let patients = patients(cards);
        let share = |of: &mut dyn Iterator<Item = NodeId>| {
            let (mut hospitals, mut people) = (0_u64, 0);
            for node in of {
                hospitals += 1;
                people += patients.get(&node).copied().unwrap_or(0);
            }
            Share {
                hospitals: hospitals as f64 / cards.len() as f64,
                patients: people as f64 / patients.values().sum::<u64>().max(1) as f64,
            }
        };
        let mut seen: BTreeSet<NodeId> = BTreeSet::new();
        let mut by_round = Vec::new();
        for round in &view.rounds {
            seen.extend(round.reporters.iter().copied());
            if round.evaluation.is_none() && round.round != last {
                continue;
            }
            let joined = cards
                .iter()
                .filter(|card| card.joins.is_none_or(|joins| joins <= round.round));
            by_round.push(ReachedBy {
                round: round.round,
                joined: share(&mut joined.map(|card| card.node)),
                took_part: share(&mut seen.iter().copied()),
                scores: round.evaluation.clone(),
            });
        }
        (!cards.is_empty()).then(|| Self {
            took_part: share(&mut seen.iter().copied()),
            by_round,
            grows: cards.iter().any(|card| card.joins.is_some()),
        })
    }
}

fn patients(cards: &[HospitalCard]) -> HashMap<NodeId, u64> {
    let of = |card: &HospitalCard| card.rows_present.unwrap_or(card.train_rows);
    cards.iter().map(|card| (card.node, of(card))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::metric::name;
    use ward_core::{Digest, Estimate, Event, Record, Tick};

    fn card(node: u32, rows: u64, joins: Option<u32>) -> HospitalCard {
        HospitalCard {
            node: NodeId(node),
            name: format!("h{node}"),
            tier: "any".to_owned(),
            train_rows: rows,
            train_positive_share: None,
            test_rows: 9,
            facts: Vec::new(),
            histograms: Vec::new(),
            rural: None,
            rows_present: None,
            rows_used: Vec::new(),
            joins: joins.map(RoundId),
        }
    }

    fn played(round: u32, reporters: &[u32], accuracy: Option<f64>) -> Vec<Record> {
        let round = RoundId(round);
        let closed = Event::RoundClosed {
            round,
            reporters: reporters.iter().map(|node| NodeId(*node)).collect(),
            silent: Vec::new(),
            loss: None,
            update_norm: 1.0,
            model_digest: Digest::of(&[]),
        };
        let scored = accuracy.map(|value| {
            let estimate = Estimate {
                value,
                n: 10,
                standard_error: 0.1,
            };
            Event::EvaluationClosed {
                round,
                evaluation: Evaluation([(name::ACCURACY.to_owned(), estimate)].into()),
                silent: Vec::new(),
            }
        });
        let events = std::iter::once(closed).chain(scored);
        events.map(|event| Record { at: Tick(0), event }).collect()
    }

    #[test]
    fn who_joined_and_who_took_part_are_counted_once_each() {
        let cards = [
            card(0, 600, Some(0)),
            card(1, 300, Some(1)),
            card(2, 50, Some(2)),
            card(3, 50, Some(9)),
        ];
        let rounds = [
            played(0, &[0], Some(0.5)),
            played(1, &[0], None),
            played(2, &[0, 2], Some(0.7)),
            played(3, &[2], None),
        ];
        let view = RunView::of(&rounds.concat());
        let reach = Reach::of(&cards, &view).unwrap();
        assert!(reach.grows);
        let told: Vec<_> = reach.by_round.iter().map(|by| by.round.0).collect();
        assert_eq!(told, [0, 2, 3]);
        let share = |hospitals, patients| Share {
            hospitals,
            patients,
        };
        let joined = reach.by_round.iter().map(|by| by.joined);
        let expected = [share(0.25, 0.6), share(0.75, 0.95), share(0.75, 0.95)];
        assert!(joined.eq(expected));
        let part = reach.by_round.iter().map(|by| by.took_part);
        let expected = [share(0.25, 0.6), share(0.5, 0.65), share(0.5, 0.65)];
        assert!(part.eq(expected));
        assert_eq!(reach.took_part, share(0.5, 0.65));
        let scores = reach.by_round[1].scores.as_ref().unwrap();
        assert_eq!(scores.get(name::ACCURACY).unwrap().value, 0.7);
    }

    #[test]
    fn where_all_are_there_from_the_start_all_have_joined() {
        let view = RunView::of(&played(0, &[0], None));
        let reach = Reach::of(&[card(0, 5, None), card(1, 5, None)], &view).unwrap();
        assert!(!reach.grows);
        assert_eq!(reach.by_round[0].joined.hospitals, 1.0);
        assert_eq!(reach.took_part.patients, 0.5);
        assert_eq!(Reach::of(&[], &view), None);
        assert_eq!(Reach::of(&[card(0, 5, None)], &RunView::default()), None);
    }
}
