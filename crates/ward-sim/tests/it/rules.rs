//! byzfl 0.0.11's rules as plain definitions in `f64`, for the answers that depend on one.

use std::cmp::Ordering;

/// Combines n vectors into one.
pub(crate) type Rule = fn(&[&[f64]], usize) -> Vec<f64>;

/// The rule called `name`; `f` of the vectors may be forged.
pub(crate) fn rule(name: &str) -> Rule {
    match name {
        "Median" => |all, _| by_coordinate(all, median),
        "TrMean" => |all, f| by_coordinate(all, |sorted| mean(&sorted[f..sorted.len() - f])),
        "MultiKrum" => multi_krum,
        "GeometricMedian(nu=0.1,T=3)" => |all, _| weiszfeld(all, 0.1, 3),
        other => panic!("no rule is called {other}"),
    }
}

/// Nearest-neighbour mixing (Allouah et al. 2023): each vector becomes the mean of the n - f nearest
/// to it, itself included.
pub(crate) fn nnm(all: &[&[f64]], f: usize) -> Vec<Vec<f64>> {
    all.iter()
        .map(|x| {
            let nearest = by_distance(all, x);
            mean_of(&nearest[..all.len() - f])
        })
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Of an even number, the mean of the middle two.
fn median(sorted: &[f64]) -> f64 {
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        sorted[half]
    } else {
        mean(&sorted[half - 1..=half])
    }
}

fn by_coordinate(all: &[&[f64]], of_sorted: impl Fn(&[f64]) -> f64) -> Vec<f64> {
    (0..all[0].len())
        .map(|j| {
            let mut column: Vec<f64> = all.iter().map(|x| x[j]).collect();
            column.sort_by(f64::total_cmp);
            of_sorted(&column)
        })
        .collect()
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum()
}

fn mean_of(some: &[&[f64]]) -> Vec<f64> {
    by_coordinate(some, mean)
}

/// All vectors, the nearest to `x` first; equals in their order.
fn by_distance<'a>(all: &[&'a [f64]], x: &[f64]) -> Vec<&'a [f64]> {
    let mut sorted = all.to_vec();
    sorted.sort_by(|a, b| order(squared_distance(a, x), squared_distance(b, x)));
    sorted
}

fn order(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

/// The mean of the n - f vectors with the least mean squared distance to their n - f - 1 nearest
/// others.
fn multi_krum(all: &[&[f64]], f: usize) -> Vec<f64> {
    let n = all.len();
    let score = |i: usize| {
        let others = (0..n).filter(|&j| j != i);
        let mut distances: Vec<f64> = others.map(|j| squared_distance(all[i], all[j])).collect();
        distances.sort_by(f64::total_cmp);
        mean(&distances[..n - f - 1])
    };
    let mut places: Vec<(f64, usize)> = (0..n).map(|i| (score(i), i)).collect();
    places.sort_by(|a, b| order(a.0, b.0));
    let chosen: Vec<&[f64]> = places[..n - f].iter().map(|&(_, i)| all[i]).collect();
    mean_of(&chosen)
}

/// Smoothed Weiszfeld from zero, uniform weights.
fn weiszfeld(all: &[&[f64]], nu: f64, steps: usize) -> Vec<f64> {
    let mut at = vec![0.0; all[0].len()];
    for _ in 0..steps {
        let weights: Vec<f64> = all
            .iter()
            .map(|x| 1.0 / squared_distance(x, &at).sqrt().max(nu))
            .collect();
        let total: f64 = weights.iter().sum();
        at = (0..at.len())
            .map(|j| all.iter().zip(&weights).map(|(x, w)| w * x[j]).sum::<f64>() / total)
            .collect();
    }
    at
}
