//! How often nodes are asked, against what the definitions say, by Pearson's chi-square.

use std::sync::Arc;

use super::*;

const ROUNDS: u32 = 20_000;

/// Pearson's statistic of independent counts with the chances `expected`, each asked or not.
fn chi_square(counts: &[u32], expected: &[f64]) -> f64 {
    let rounds = f64::from(ROUNDS);
    let cells = counts.iter().zip(expected);
    cells
        .map(|(&count, &p)| (f64::from(count) - rounds * p).powi(2) / (rounds * p * (1.0 - p)))
        .sum()
}

fn volume(rows: &[u64], count: usize) -> Play {
    let volumes = Volumes::Known(Arc::from(rows));
    Play::new(Volume { count, volumes }, rows.len() as u32)
}

/// Chances of the successive draws of two without replacement: first, or second after each other.
fn two_of(rows: &[u64]) -> Vec<f64> {
    let total: f64 = rows.iter().map(|&w| w as f64).sum();
    let share = |i: usize| rows[i] as f64 / total;
    let others = |i: usize| (0..rows.len()).filter(move |&j| j != i);
    (0..rows.len())
        .map(|i| {
            let after = |j: usize| share(j) * rows[i] as f64 / (total - rows[j] as f64);
            share(i) + others(i).map(after).sum::<f64>()
        })
        .collect()
}

#[test]
fn a_cohort_of_one_is_drawn_in_proportion_to_volume() {
    let rows = [1, 2, 3, 4];
    let counts = volume(&rows, 1).asked(ROUNDS);
    // One of four a round: the cells are a multinomial, three degrees of freedom.
    let share = |w: u64| f64::from(ROUNDS) * w as f64 / 10.0;
    let cells = counts.iter().zip(rows);
    let statistic: f64 = cells
        .map(|(&n, w)| (f64::from(n) - share(w)).powi(2) / share(w))
        .sum();
    assert!(statistic < 16.27, "{statistic}: {counts:?}"); // 1 in 1,000
}

#[test]
fn a_cohort_of_two_is_drawn_as_successive_draws_would() {
    let rows = [1, 2, 3, 4];
    let expected = two_of(&rows);
    // By hand for the first: 1/10 + 2/10 x 1/8 + 3/10 x 1/7 + 4/10 x 1/6.
    assert!((expected[0] - 0.234_523_809_523_809_5).abs() < 1e-12);
    assert!((expected.iter().sum::<f64>() - 2.0).abs() < 1e-12);
    let counts = volume(&rows, 2).asked(ROUNDS);
    // Each count within four deviations of its mean; in proportion would be far off.
    for (i, (&count, &p)) in counts.iter().zip(&expected).enumerate() {
        let deviations =
            (f64::from(count) - f64::from(ROUNDS) * p) / (f64::from(ROUNDS) * p * (1.0 - p)).sqrt();
        assert!(deviations.abs() < 4.0, "node {i}: {count} for {p}");
    }
}

#[test]
fn everybody_is_drawn_uniformly_where_volumes_are_alike() {
    let counts = volume(&[7; 10], 3).asked(ROUNDS);
    // Fixed sizes: the statistic of n cells is n/(n - 1) of a chi-square of n - 1 degrees.
    let statistic = chi_square(&counts, &[0.3; 10]) * 9.0 / 10.0;
    assert!(statistic < 27.88, "{statistic}");
    let counts = Play::new(Uniform { count: 3 }, 10).asked(ROUNDS);
    let statistic = chi_square(&counts, &[0.3; 10]) * 9.0 / 10.0;
    assert!(statistic < 27.88, "{statistic}");
}

#[test]
fn who_has_no_rows_comes_last() {
    let mut play = volume(&[0, 5, 5], 2);
    for _ in 0..200 {
        assert_eq!(play.everybody(), nodes([1, 2]));
    }
    assert_eq!(volume(&[0, 5], 2).everybody(), nodes([0, 1]));
}

#[test]
fn volumes_are_what_sums_told_and_the_mean_where_they_told_nothing() {
    let sampler = Volume {
        count: 1,
        volumes: Volumes::Told,
    };
    let mut play = Play::new(sampler, 3);
    play.standings.learn_rows(NodeId(0), 10);
    play.standings.learn_rows(NodeId(1), 30);
    let counts = play.asked(ROUNDS);
    // 10, 30 and their mean of 20.
    let expected = [1.0 / 6.0, 1.0 / 2.0, 1.0 / 3.0].map(|p| p * f64::from(ROUNDS));
    let cells = counts.iter().zip(expected);
    let statistic: f64 = cells
        .map(|(&n, mean)| (f64::from(n) - mean).powi(2) / mean)
        .sum();
    assert!(statistic < 13.82, "{statistic}: {counts:?}");
}

#[test]
fn poisson_s_coins_are_independent_and_fair() {
    let (rate, n) = (0.2, 30_u32);
    let mut play = Play::new(Poisson { rate }, n);
    let (mut counts, mut sizes) = (vec![0_u32; n as usize], Vec::new());
    let mut both = 0_u32;
    for _ in 0..ROUNDS {
        let cohort = play.everybody();
        sizes.push(cohort.len() as f64);
        both += u32::from(cohort.starts_with(&nodes([0, 1])));
        cohort.iter().for_each(|node| counts[node.0 as usize] += 1);
    }
    let statistic = chi_square(&counts, &vec![rate; n as usize]);
    assert!(statistic < 59.70, "{statistic}"); // 30 degrees, 1 in 1,000
    let rounds = f64::from(ROUNDS);
    let mean = sizes.iter().sum::<f64>() / rounds;
    let variance = sizes.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / rounds;
    // Binomial: 6 and 4.8; their standard errors are .0155 and .048.
    assert!((mean - 6.0).abs() < 0.062, "{mean}");
    assert!((variance - 4.8).abs() < 0.192, "{variance}");
    assert!((f64::from(both) / rounds - 0.04).abs() < 0.0056, "{both}");
}

#[test]
fn poisson_draws_nobody_as_often_as_it_should() {
    let mut play = Play::new(Poisson { rate: 0.1 }, 10);
    let empty = (0..ROUNDS).filter(|_| play.everybody().is_empty()).count();
    // .9^10 is .3487; one standard error is .0034.
    assert!((empty as f64 / f64::from(ROUNDS) - 0.3487).abs() < 0.0136);
    assert_eq!(Play::new(Poisson { rate: 1.0 }, 9).everybody(), nodes(0..9));
}

#[test]
fn quotas_are_filled_uniformly_tier_by_tier() {
    // Nodes 0 to 2 and 3 to 7; nodes 8 and 9 have no quota.
    let tier = |n| match n {
        0..3 => Some(0),
        3..8 => Some(1),
        _ => None,
    };
    let sampler = TierQuota {
        quotas: vec![2, 1],
        tiers: (0..10).map(tier).collect(),
    };
    let counts = Play::new(sampler, 10).asked(ROUNDS);
    assert_eq!(counts[..3].iter().sum::<u32>(), 2 * ROUNDS);
    assert_eq!(counts[3..8].iter().sum::<u32>(), ROUNDS);
    assert_eq!(counts[8..], [0, 0]);
    let first = chi_square(&counts[..3], &[2.0 / 3.0; 3]) * 2.0 / 3.0;
    assert!(first < 13.82, "{first}");
    let second = chi_square(&counts[3..8], &[0.2; 5]) * 4.0 / 5.0;
    assert!(second < 18.47, "{second}");
}
