//! How many of the training rows that are there were used: patients who consent, and who withdraw.

use ward_core::RoundId;

use super::chart::table;
use super::load::RunData;
use super::markup::Markup;
use crate::{HospitalCard, text};

/// The panel; nothing where every row was used in every round.
pub(super) fn panel(page: &mut Markup, run: &RunData) {
    if !run.cards.iter().any(HospitalCard::leaves_rows) {
        return;
    }
    let turns = turns(&run.cards);
    page.tag("h3").text("Rows present, rows used");
    page.tag("p").text(sentence(&run.cards, &turns));
    let mut columns = vec!["hospitals".to_owned(), "present".to_owned()];
    columns.extend(
        turns
            .iter()
            .map(|round| format!("from round {}", round.0 + 1)),
    );
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let group = |name: &str, cards: &[&HospitalCard]| {
        let present = present(cards);
        let mut row = vec![name.to_owned(), text::count(present)];
        row.extend(turns.iter().map(|round| {
            let used = used(cards, *round);
            let share = used as f64 / present.max(1) as f64;
            format!("{} ({})", text::count(used), text::percent(share))
        }));
        row
    };
    let all: Vec<&HospitalCard> = run.cards.iter().collect();
    let mut rows = vec![group("all", &all)];
    for tier in run.tiers() {
        let of_tier: Vec<&HospitalCard> = all.iter().copied().filter(|c| c.tier == tier).collect();
        rows.push(group(&tier, &of_tier));
    }
    table(page, "Training rows used", &columns, 1, rows);
}

/// The rounds at which some hospital's rows change, the first included.
fn turns(cards: &[HospitalCard]) -> Vec<RoundId> {
    let used = cards.iter().flat_map(|card| &card.rows_used);
    let mut turns: Vec<RoundId> = used.map(|used| used.round).collect();
    turns.sort_unstable();
    turns.dedup();
    turns
}

fn present(cards: &[&HospitalCard]) -> u64 {
    cards.iter().filter_map(|card| card.rows_present).sum()
}

fn used(cards: &[&HospitalCard], round: RoundId) -> u64 {
    cards.iter().filter_map(|card| card.used_in(round)).sum()
}

fn sentence(cards: &[HospitalCard], turns: &[RoundId]) -> String {
    let cards: Vec<&HospitalCard> = cards.iter().collect();
    let present = present(&cards);
    let used_at = |round: Option<&RoundId>| round.map_or(0, |round| used(&cards, *round));
    let (first, last) = (used_at(turns.first()), used_at(turns.last()));
    let mut sentence = format!(
        "Of {} that are there, {} may be used in the first round: the other patients did not \
         consent.",
        text::things(present, "training row", "training rows"),
        text::count(first)
    );
    if first == present {
        sentence = format!(
            "All {} may be used in the first round.",
            text::things(present, "training row", "training rows")
        );
    }
    if last < first {
        sentence += &format!(
            " {} are left in the last: the other patients withdrew.",
            text::count(last)
        );
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RowsUsed;
    use ward_core::NodeId;

    fn card(name: &str, tier: &str, present: u64, used: &[(u32, u64)]) -> HospitalCard {
        HospitalCard {
            node: NodeId(0),
            name: name.to_owned(),
            tier: tier.to_owned(),
            train_rows: used[0].1,
            train_positive_share: None,
            test_rows: 0,
            facts: Vec::new(),
            histograms: Vec::new(),
            rural: None,
            rows_present: Some(present),
            rows_used: used
                .iter()
                .map(|&(round, rows)| RowsUsed {
                    round: RoundId(round),
                    rows,
                })
                .collect(),
            joins: None,
        }
    }

    fn shown(cards: Vec<HospitalCard>) -> String {
        let run = RunData {
            cards,
            ..RunData::default()
        };
        let mut page = Markup::default();
        panel(&mut page, &run);
        page.finish()
    }

    #[test]
    fn rows_that_are_not_used_are_told_by_tier_and_round() {
        let page = shown(vec![
            card("a", "county", 400, &[(0, 300), (5, 200)]),
            card("b", "township", 100, &[(0, 100), (5, 50)]),
        ]);
        for said in [
            "Of 500 training rows that are there, 400 may be used",
            "250 are left in the last",
            "from round 1",
            "from round 6",
            "400 (80 %)",
            "200 (50 %)",
            "50 (50 %)",
        ] {
            assert!(page.contains(said), "{said}: {page}");
        }
    }

    #[test]
    fn where_all_rows_are_used_nothing_is_said() {
        assert_eq!(
            shown(vec![card("a", "county", 400, &[(0, 400), (5, 400)])]),
            ""
        );
    }

    #[test]
    fn without_asking_nobody_is_said_to_refuse() {
        let page = shown(vec![card("a", "county", 400, &[(0, 400), (5, 300)])]);
        assert!(page.contains("All 400 training rows may be used in the first round."));
        assert!(page.contains("300 are left in the last"));
    }
}
