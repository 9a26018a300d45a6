//! Plain definitions, slow and in `f64`, that share no code with the product: each rule as its paper
//! writes it, one vector and one coordinate at a time.

use std::sync::Arc;

use proptest::prelude::*;
use ward_robust::Before;
use ward_robust::before::{AdaptiveClipping, Clipping, NearestNeighbourMixing};
use ward_robust::rule::{
    Bulyan, Caf, CentredClipping, FlTrust, GeometricMedian, Krum, Mda, MeaMed, Median, Monna,
    MultiKrum, NormBounding, Scale, Start, TrimmedMean,
};

use crate::{assert_near, combined, robust, updates};

type Vector = Vec<f64>;

fn apart(a: &[f64], b: &[f64]) -> f64 {
    let square = |(a, b): (&f64, &f64)| (a - b) * (a - b);
    a.iter().zip(b).map(square).sum()
}

fn norm(a: &[f64]) -> f64 {
    apart(a, &vec![0.0; a.len()]).sqrt()
}

fn mean(vectors: &[Vector]) -> Vector {
    by_coordinate(vectors, |values| {
        values.iter().sum::<f64>() / values.len() as f64
    })
}

fn by_coordinate(vectors: &[Vector], of: impl Fn(Vec<f64>) -> f64) -> Vector {
    let values = |k| vectors.iter().map(|vector| vector[k]).collect();
    (0..vectors[0].len()).map(|k| of(values(k))).collect()
}

fn middle(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() % 2 {
        0 => (values[half - 1] + values[half]) / 2.0,
        _ => values[half],
    }
}

fn trimmed(vectors: &[Vector], f: usize) -> Vector {
    by_coordinate(vectors, |mut values| {
        values.sort_by(f64::total_cmp);
        let kept = &values[f..values.len() - f];
        kept.iter().sum::<f64>() / kept.len() as f64
    })
}

fn around_median(vectors: &[Vector], keep: usize) -> Vector {
    by_coordinate(vectors, |mut values| {
        let median = middle(values.clone());
        values.sort_by(|a, b| (a - median).abs().total_cmp(&(b - median).abs()));
        values[..keep].iter().sum::<f64>() / keep as f64
    })
}

/// The places of the vectors nearest to `to`, nearest first.
fn nearest(vectors: &[Vector], to: &[f64]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..vectors.len()).collect();
    places.sort_by(|&a, &b| apart(&vectors[a], to).total_cmp(&apart(&vectors[b], to)));
    places
}

fn chosen(vectors: &[Vector], places: &[usize]) -> Vec<Vector> {
    places.iter().map(|&i| vectors[i].clone()).collect()
}

/// Places by Krum's score with so many neighbours, best first.
fn by_score(vectors: &[Vector], neighbours: usize) -> Vec<usize> {
    let score = |i: usize| -> f64 {
        let near = nearest(vectors, &vectors[i]);
        let near = near.iter().filter(|&&j| j != i).take(neighbours);
        near.map(|&j| apart(&vectors[i], &vectors[j])).sum()
    };
    let mut places: Vec<usize> = (0..vectors.len()).collect();
    places.sort_by(|&a, &b| score(a).total_cmp(&score(b)));
    places
}

fn bulyan(vectors: &[Vector], f: usize) -> Vector {
    let (mut left, mut picks) = (vectors.to_vec(), Vec::new());
    while picks.len() < vectors.len() - 2 * f {
        let neighbours = left.len().saturating_sub(f + 2).max(1);
        picks.push(left.remove(by_score(&left, neighbours)[0]));
    }
    around_median(&picks, picks.len() - 2 * f)
}

fn weiszfeld(vectors: &[Vector], smoothing: f64, steps: u32) -> Vector {
    let mut z = mean(vectors);
    for _ in 0..steps {
        let pulls: Vec<f64> = vectors
            .iter()
            .map(|x| 1.0 / apart(x, &z).sqrt().max(smoothing))
            .collect();
        z = (0..z.len())
            .map(|k| {
                let pulled = vectors.iter().zip(&pulls).map(|(x, pull)| x[k] * pull);
                pulled.sum::<f64>() / pulls.iter().sum::<f64>()
            })
            .collect();
    }
    z
}

fn centred_clipping(vectors: &[Vector], centre: &[f64], radius: f64, steps: u32) -> Vector {
    let mut v = centre.to_vec();
    for _ in 0..steps {
        let moves: Vec<Vector> = vectors
            .iter()
            .map(|x| {
                let short = (radius / apart(x, &v).sqrt()).min(1.0);
                x.iter().zip(&v).map(|(x, v)| (x - v) * short).collect()
            })
            .collect();
        v = v.iter().zip(mean(&moves)).map(|(v, m)| v + m).collect();
    }
    v
}

fn clipped(vectors: &[Vector], radius: f64) -> Vec<Vector> {
    let clip = |x: &Vector| {
        let short = (radius / norm(x)).min(1.0);
        x.iter().map(|v| v * short).collect()
    };
    vectors.iter().map(clip).collect()
}

fn narrowest(vectors: &[Vector], keep: usize) -> Vector {
    let mut best = (f64::INFINITY, Vec::new());
    for subset in 0_u32..1 << vectors.len() {
        let places: Vec<usize> = (0..vectors.len())
            .filter(|i| subset >> i & 1 == 1)
            .collect();
        if places.len() == keep {
            let subset = chosen(vectors, &places);
            let pairs = subset
                .iter()
                .flat_map(|a| subset.iter().map(|b| apart(a, b)));
            let diameter = pairs.fold(0.0, f64::max);
            if (diameter, &places) < (best.0, &best.1) {
                best = (diameter, places);
            }
        }
    }
    mean(&chosen(vectors, &best.1))
}

fn caf(vectors: &[Vector], f: usize) -> Vector {
    let (d, mut counts) = (vectors[0].len(), vec![1.0; vectors.len()]);
    let mut kept = (f64::INFINITY, mean(vectors));
    loop {
        let total: f64 = counts.iter().sum();
        if total <= (vectors.len() - 2 * f) as f64 {
            return kept.1;
        }
        let sum = |of: &dyn Fn(&Vector) -> f64| -> f64 {
            let terms = vectors.iter().zip(&counts).map(|(x, c)| of(x) * c);
            terms.sum::<f64>() / total
        };
        let mu: Vector = (0..d).map(|k| sum(&|x| x[k])).collect();
        let entry = |k: usize, l: usize| sum(&|x| (x[k] - mu[k]) * (x[l] - mu[l]));
        let mut matrix: Vec<Vector> = (0..d)
            .map(|k| (0..d).map(|l| entry(k, l)).collect())
            .collect();
        let (widest, v) = jacobi(&mut matrix);
        if widest < kept.0 {
            kept = (widest, mu.clone());
        }
        let along = |x: &Vector| -> f64 {
            let terms = x.iter().zip(&mu).zip(&v).map(|((x, m), v)| (x - m) * v);
            terms.sum::<f64>().powi(2)
        };
        let along: Vec<f64> = vectors.iter().map(along).collect();
        let counting = along.iter().zip(&counts).filter(|(_, c)| **c > 0.0);
        let most = counting.map(|(a, _)| *a).fold(0.0, f64::max);
        if most == 0.0 {
            return kept.1;
        }
        for (c, a) in counts.iter_mut().zip(&along) {
            *c *= (1.0 - a / most).max(0.0);
        }
    }
}

/// The largest eigenvalue and its vector, by Jacobi's rotations.
fn jacobi(a: &mut [Vector]) -> (f64, Vector) {
    let d = a.len();
    let mut vectors: Vec<Vector> = (0..d)
        .map(|i| (0..d).map(|j| f64::from(u8::from(i == j))).collect())
        .collect();
    for _ in 0..60 {
        for p in 0..d {
            for q in p + 1..d {
                if a[p][q] == 0.0 {
                    continue;
                }
                let theta = 0.5 * (2.0 * a[p][q]).atan2(a[q][q] - a[p][p]);
                let (s, c) = theta.sin_cos();
                for row in a.iter_mut() {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
                let (above, below) = a.split_at_mut(q);
                for (x, y) in above[p].iter_mut().zip(&mut below[0]) {
                    (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
                }
                for row in &mut vectors {
                    (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
                }
            }
        }
    }
    let top = (0..d).max_by(|&i, &j| a[i][i].total_cmp(&a[j][j])).unwrap();
    (a[top][top], vectors.iter().map(|row| row[top]).collect())
}

/// n × d vectors of which a few are far off, and an f that every rule bears.
fn case() -> impl Strategy<Value = (Vec<Vector>, usize)> {
    (3_usize..13, 1_usize..40).prop_flat_map(|(n, d)| {
        let vectors = prop::collection::vec(prop::collection::vec(-2.0_f64..2.0, d), n);
        let far = prop::collection::vec(prop_oneof![4 => Just(1.0), 1 => -30.0_f64..30.0], n);
        (vectors, far, 0..=(n - 3) / 4).prop_map(|(mut vectors, far, f)| {
            for (vector, far) in vectors.iter_mut().zip(far) {
                vector.iter_mut().for_each(|v| *v *= far);
            }
            (vectors, f)
        })
    })
}

const MEDIAN: Median = Median { weighted: false };
const NONE: Vec<Arc<dyn Before>> = Vec::new();

proptest! {
    #[test]
    fn rules_of_coordinates_are_their_definitions((x, f) in case()) {
        assert_near("median", &combined(NONE, MEDIAN, f, &x), &by_coordinate(&x, middle), 1e-12);
        assert_near("trimmed mean", &combined(NONE, TrimmedMean, f, &x), &trimmed(&x, f), 1e-12);
        let expected = around_median(&x, x.len() - f);
        assert_near("MeaMed", &combined(NONE, MeaMed, f, &x), &expected, 1e-12);
    }

    #[test]
    fn rules_of_distances_are_their_definitions((x, f) in case()) {
        let keep = x.len() - f;
        let by_score = by_score(&x, keep - 2);
        assert_near("Krum", &combined(NONE, Krum, f, &x), &x[by_score[0]], 1e-12);
        let best = mean(&chosen(&x, &by_score[..keep]));
        assert_near("Multi-Krum", &combined(NONE, MultiKrum { keep: None }, f, &x), &best, 1e-12);
        assert_near("Bulyan", &combined(NONE, Bulyan, f, &x), &bulyan(&x, f), 1e-12);
        assert_near("MDA", &combined(NONE, Mda, f, &x), &narrowest(&x, keep), 1e-12);
        let near = mean(&chosen(&x, &nearest(&x, &x[1])[..keep]));
        assert_near("MoNNA", &combined(NONE, Monna { pivot: 1 }, f, &x), &near, 1e-12);
    }

    #[test]
    fn iterated_rules_are_their_definitions((x, f) in case()) {
        let median = GeometricMedian { smoothing: 1e-3, steps: 20, start: Start::Mean };
        let expected = weiszfeld(&x, 1e-3, 20);
        assert_near("geometric median", &combined(NONE, median, f, &x), &expected, 1e-8);
        let clipping = CentredClipping { radius: 1.5, steps: 3 };
        let expected = centred_clipping(&x, &vec![0.0; x[0].len()], 1.5, 3);
        assert_near("centred clipping", &combined(NONE, clipping, f, &x), &expected, 1e-9);
        let bounding = NormBounding { radius: 1.5 };
        let expected = mean(&clipped(&x, 1.5));
        assert_near("norm bounding", &combined(NONE, bounding, f, &x), &expected, 1e-9);
    }

    #[test]
    fn caf_is_its_definition((x, f) in case()) {
        // Few coordinates, so that no two directions are as wide.
        let x: Vec<Vector> = x.iter().map(|x| x[..x.len().min(4)].to_vec()).collect();
        let got = combined(NONE, Caf { scale: Scale::Counting }, f, &x);
        assert_near("CAF", &got, &caf(&x, f), 1e-6);
    }

    #[test]
    fn fltrust_is_its_definition((x, f) in case()) {
        let root = by_coordinate(&x, middle);
        let mut updates = updates(&x);
        updates.refer_to(root.clone()).unwrap();
        let got = robust(NONE, FlTrust, f).combine(&updates, ward_core::Seed::run(1)).unwrap();
        let product = |x: &Vector| x.iter().zip(&root).map(|(a, b)| a * b).sum::<f64>();
        let trust = |x: &Vector| (product(x) / norm(x) / norm(&root)).max(0.0);
        let total: f64 = x.iter().map(trust).sum();
        prop_assume!(total > 1e-3);
        let share = |x: &Vector, k: usize| trust(x) * x[k] * norm(&root) / norm(x) / total;
        let expected: Vector = (0..root.len())
            .map(|k| x.iter().map(|x| share(x, k)).sum())
            .collect();
        assert_near("FLTrust", &got, &expected, 1e-8);
    }

    #[test]
    fn what_comes_before_is_its_definition_and_composes((x, f) in case()) {
        let keep = x.len() - f;
        let mixed = |x: &[Vector]| -> Vec<Vector> {
            x.iter().map(|to| mean(&chosen(x, &nearest(x, to)[..keep]))).collect()
        };
        let adapted = |x: &[Vector]| {
            let mut norms: Vec<f64> = x.iter().map(|x| norm(x)).collect();
            norms.sort_by(f64::total_cmp);
            let clipped_ones = (2.0 * f as f64 / x.len() as f64 * keep as f64 + 1e-9) as usize;
            clipped(x, norms[x.len() - 1 - clipped_ones])
        };
        let nnm: Arc<dyn Before> = Arc::new(NearestNeighbourMixing);
        let arc: Arc<dyn Before> = Arc::new(AdaptiveClipping);
        let clip: Arc<dyn Before> = Arc::new(Clipping { radius: 1.5 });
        let got = |before| combined(before, TrimmedMean, f, &x);
        assert_near("NNM", &got(vec![nnm.clone()]), &trimmed(&mixed(&x), f), 1e-9);
        assert_near("ARC", &got(vec![arc.clone()]), &trimmed(&adapted(&x), f), 1e-9);
        assert_near("clipping", &got(vec![clip.clone()]), &trimmed(&clipped(&x, 1.5), f), 1e-9);
        let expected = trimmed(&mixed(&clipped(&x, 1.5)), f);
        assert_near("both", &got(vec![clip, nnm.clone()]), &expected, 1e-8);
        // Not Krum: mixed vectors coincide, and then its scores tie.
        let median = GeometricMedian { smoothing: 0.1, steps: 9, start: Start::Mean };
        let expected = weiszfeld(&mixed(&x), 0.1, 9);
        assert_near("NNM + median", &combined(vec![nnm], median, f, &x), &expected, 1e-8);
    }
}
