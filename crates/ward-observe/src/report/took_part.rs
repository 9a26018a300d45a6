//! Who took part, in words and counts.

use ward_core::NodeId;

use super::load::RunData;
use crate::text;
use crate::view::{RoundView, Standing};

/// At most so many hospitals are named with their rounds.
const MOST_NAMED: usize = 12;
/// At most so many reasons are told.
const MOST_REASONS: usize = 6;

/// How often one hospital stood how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    asked: u64,
    reported: u64,
    silent: u64,
    refused: u64,
    declined: u64,
}

impl Counts {
    pub(super) fn of(run: &RunData, node: NodeId) -> Self {
        let mut counts = Self::default();
        for round in &run.view.rounds {
            let standing = round.standing(node);
            counts.asked += u64::from(standing != Standing::NotAsked);
            match standing {
                Standing::Reported => counts.reported += 1,
                Standing::Silent => counts.silent += 1,
                Standing::Refused => counts.refused += 1,
                Standing::Declined => counts.declined += 1,
                Standing::Asked | Standing::NotAsked => {}
            }
        }
        counts
    }

    /// The share of rounds in which it reported when asked.
    pub(super) fn share(self) -> String {
        if self.asked == 0 {
            "–".to_owned()
        } else {
            text::percent(self.reported as f64 / self.asked as f64)
        }
    }

    /// Asked, reported, silent, refused, declined.
    pub(super) fn cells(self) -> [String; 5] {
        [
            self.asked,
            self.reported,
            self.silent,
            self.refused,
            self.declined,
        ]
        .map(text::count)
    }
}

/// Participation in a few sentences, with the silent ones by name.
pub(super) fn sentences(run: &RunData) -> String {
    let rounds = &run.view.rounds;
    let asked: usize = rounds.iter().map(|r| r.cohort.len()).sum();
    let told: usize = rounds.iter().map(RoundView::counted).sum();
    let mut words = format!(
        "In {} hospitals were asked {} and reported {} ({}).",
        text::things(rounds.len() as u64, "round", "rounds"),
        times(asked),
        times(told),
        text::percent(told as f64 / asked.max(1) as f64)
    );
    words += &silent(run);
    let abandoned: Vec<_> = rounds.iter().filter(|r| r.abandoned.is_some()).collect();
    if let Some(first) = abandoned.first() {
        let numbers: Vec<u32> = abandoned.iter().map(|r| r.round.0 + 1).collect();
        words += &format!(
            " Abandoned, without a new model: {} {} ({}).",
            if numbers.len() == 1 {
                "round"
            } else {
                "rounds"
            },
            text::ranges(&numbers),
            first
                .abandoned
                .map(|reason| reason.to_string())
                .unwrap_or_default()
        );
    }
    words + &reasons(run)
}

fn times(count: usize) -> String {
    text::things(count as u64, "time", "times")
}

fn silent(run: &RunData) -> String {
    let mut by_node: std::collections::BTreeMap<NodeId, Vec<u32>> =
        std::collections::BTreeMap::new();
    for round in &run.view.rounds {
        for node in &round.silent {
            by_node.entry(*node).or_default().push(round.round.0 + 1);
        }
    }
    if by_node.is_empty() {
        return " Nobody was silent.".to_owned();
    }
    let mut silent: Vec<_> = by_node.into_iter().collect();
    silent.sort_by_key(|(_, rounds)| std::cmp::Reverse(rounds.len()));
    let named: Vec<String> = silent
        .iter()
        .take(MOST_NAMED)
        .map(|(node, rounds)| {
            let word = if rounds.len() == 1 { "round" } else { "rounds" };
            format!(
                "{} in {word} {}",
                run.view.name(*node),
                text::ranges(rounds)
            )
        })
        .collect();
    let mut words = format!(" Silent: {}", named.join("; "));
    if silent.len() > MOST_NAMED {
        words += &format!("; and {} more hospitals", silent.len() - MOST_NAMED);
    }
    words + "."
}

fn reasons(run: &RunData) -> String {
    let mut words = String::new();
    for stray in run.view.strays.iter().take(MOST_REASONS) {
        let who = run.view.name(stray.node);
        words += &format!(" Outside any round, {who}: {}.", stray.reason);
    }
    let told = run.view.rounds.iter().flat_map(|round| {
        let number = round.round.0 + 1;
        let refused = round.refused.iter();
        let refused = refused.map(move |r| (number, r.node, format!("refused, {}", r.refusal)));
        let declined = round.declined.iter();
        refused.chain(declined.map(move |(node, why)| (number, *node, format!("declined, {why}"))))
    });
    let told: Vec<_> = told.collect();
    for (round, node, why) in told.iter().take(MOST_REASONS) {
        words += &format!(" Round {round}, {}: {why}.", run.view.name(*node));
    }
    if told.len() > MOST_REASONS {
        words += &format!(
            " {} more reports were not counted.",
            told.len() - MOST_REASONS
        );
    }
    words
}
