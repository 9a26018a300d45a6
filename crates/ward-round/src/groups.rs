//! Who is added up with whom in a masked round.

use rand::RngExt as _;
use ward_core::{NodeId, Purpose, Seed};

/// The fewest hospitals of a group, where a round has several.
pub const FEWEST_IN_GROUP: usize = 4;

/// Deals a cohort into `groups`, as even as they can be, by a permutation drawn at the round's place
/// (Fisher and Yates). Members are in the order of their ids, and so are groups, by their first.
///
/// There are fewer groups where some would have fewer than [`FEWEST_IN_GROUP`], and none where the
/// whole cohort has fewer. One group is the cohort, whatever its size.
#[must_use]
pub fn deal(cohort: &[NodeId], groups: usize, round: Seed) -> Vec<Vec<NodeId>> {
    if groups <= 1 {
        return vec![cohort.to_vec()];
    }
    let count = groups.min(cohort.len() / FEWEST_IN_GROUP);
    let mut deck = cohort.to_vec();
    let mut rng = round.purpose(Purpose::GROUPS).stream();
    for i in 1..deck.len() {
        let j = rng.random_range(0..=i);
        deck.swap(i, j);
    }
    let hand = |first| {
        let mut hand: Vec<NodeId> = deck.iter().skip(first).step_by(count).copied().collect();
        hand.sort_unstable();
        hand
    };
    let mut hands: Vec<Vec<NodeId>> = (0..count).map(hand).collect();
    hands.sort_unstable();
    hands
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ward_core::RoundId;

    fn nodes(count: u32) -> Vec<NodeId> {
        (0..count).map(NodeId).collect()
    }

    fn round(number: u32) -> Seed {
        Seed::run(1).round(RoundId(number))
    }

    proptest! {
        #[test]
        fn everybody_is_in_one_group_and_no_group_is_small(
            count in 0_u32..90, groups in 2_usize..12, number in 0_u32..9,
        ) {
            let dealt = deal(&nodes(count), groups, round(number));
            prop_assert_eq!(dealt.len(), groups.min(count as usize / FEWEST_IN_GROUP));
            let sizes = || dealt.iter().map(Vec::len);
            if let (Some(least), Some(most)) = (sizes().min(), sizes().max()) {
                prop_assert!(least >= FEWEST_IN_GROUP && most - least <= 1);
                let mut all: Vec<NodeId> = dealt.iter().flatten().copied().collect();
                all.sort_unstable();
                prop_assert_eq!(all, nodes(count));
            }
        }
    }

    #[test]
    fn every_round_deals_anew_and_the_same_round_the_same() {
        let dealt = |number| deal(&nodes(20), 4, round(number));
        assert_eq!(dealt(0), dealt(0));
        assert_ne!(dealt(0), dealt(1));
    }

    /// Over many rounds any two hospitals meet as often as chance has it: 4 of the 19 others.
    #[test]
    fn no_pair_is_favoured() {
        let rounds = 2_000;
        let together = |number| {
            let dealt = deal(&nodes(20), 4, round(number));
            let both = |g: &&Vec<NodeId>| g.contains(&NodeId(0)) && g.contains(&NodeId(19));
            dealt.iter().any(|group| both(&group))
        };
        let met = (0..rounds).filter(|&number| together(number)).count() as f64;
        let share = 4.0 / 19.0;
        let deviation = (f64::from(rounds) * share * (1.0 - share)).sqrt();
        assert!((met - f64::from(rounds) * share).abs() < 4.0 * deviation);
    }

    #[test]
    fn one_group_is_the_cohort_whatever_its_size() {
        assert_eq!(deal(&nodes(3), 1, round(0)), [nodes(3)]);
        assert!(deal(&nodes(3), 2, round(0)).is_empty());
    }
}
