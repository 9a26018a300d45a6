//! What must hold of every rule, whatever the updates.

use std::sync::Arc;

use proptest::prelude::*;
use ward_core::{NodeId, Seed, Unmet};
use ward_robust::before::{AdaptiveClipping, Bucketing, Clipping, NearestNeighbourMixing};
use ward_robust::rule::{
    Bulyan, Caf, CentredClipping, FlTrust, GeometricMedian, Krum, MOST_SUBSETS, Mda, MeaMed,
    Median, Monna, MultiKrum, NormBounding, Scale, Start, TrimmedMean,
};
use ward_robust::{Before, Robust, Rule, Updates};

use crate::{assert_near, combined, robust, updates};

const NONE: Vec<Arc<dyn Before>> = Vec::new();

fn nnm() -> Arc<dyn Before> {
    Arc::new(NearestNeighbourMixing)
}

/// Every rule, its lengths times `unit`.
pub(crate) fn rules(unit: f64) -> Vec<(&'static str, Arc<dyn Rule>)> {
    let geometric = GeometricMedian {
        smoothing: 1e-3 * unit,
        steps: 20,
        start: Start::Mean,
    };
    let clipping = CentredClipping {
        radius: 1.5 * unit,
        steps: 3,
    };
    let caf = Caf {
        scale: Scale::Counting,
    };
    let bounding = NormBounding { radius: 1.5 * unit };
    vec![
        ("median", Arc::new(Median { weighted: false })),
        ("trimmed mean", Arc::new(TrimmedMean)),
        ("MeaMed", Arc::new(MeaMed)),
        ("Krum", Arc::new(Krum)),
        ("Multi-Krum", Arc::new(MultiKrum { keep: None })),
        ("Bulyan", Arc::new(Bulyan)),
        ("geometric median", Arc::new(geometric)),
        ("centred clipping", Arc::new(clipping)),
        ("MDA", Arc::new(Mda)),
        ("CAF", Arc::new(caf)),
        ("MoNNA", Arc::new(Monna { pivot: 0 })),
        ("norm bounding", Arc::new(bounding)),
        ("FLTrust", Arc::new(FlTrust)),
    ]
}

fn with(rule: &Arc<dyn Rule>, before: Vec<Arc<dyn Before>>, f: usize) -> Robust {
    Robust {
        before,
        rule: rule.clone(),
        f,
        norm_bound: f64::INFINITY,
        claimed_weights: false,
    }
}

fn result(robust: &Robust, vectors: &[Vec<f64>], reference: &[f64]) -> Vec<f64> {
    let mut updates = updates(vectors);
    updates.refer_to(reference.to_vec()).unwrap();
    robust.combine(&updates, Seed::run(1)).unwrap()
}

/// Seven to ten vectors, a reference, and an f that every rule bears.
fn case() -> impl Strategy<Value = (Vec<Vec<f64>>, Vec<f64>, usize)> {
    (7_usize..11, 1_usize..8).prop_flat_map(|(n, d)| {
        let vector = prop::collection::vec(-2.0_f64..2.0, d);
        (prop::collection::vec(vector.clone(), n), vector, 0_usize..2)
    })
}

fn moved(vectors: &[Vec<f64>], by: &[f64]) -> Vec<Vec<f64>> {
    let moved = |vector: &Vec<f64>| vector.iter().zip(by).map(|(v, b)| v + b).collect();
    vectors.iter().map(moved).collect()
}

fn times(vectors: &[Vec<f64>], factor: f64) -> Vec<Vec<f64>> {
    let scaled = |vector: &Vec<f64>| vector.iter().map(|v| v * factor).collect();
    vectors.iter().map(scaled).collect()
}

proptest! {
    #[test]
    fn who_came_first_changes_no_bit((x, reference, f) in case(), order in any::<[u32; 10]>()) {
        let mut places: Vec<usize> = (0..x.len()).collect();
        places.sort_by_key(|&i| order[i]);
        let mut turned = Updates::new(x[0].len());
        for &i in &places {
            turned.insert(NodeId(i as u32), x[i].clone(), 1).unwrap();
        }
        turned.refer_to(reference.clone()).unwrap();
        for before in [NONE, vec![nnm()], vec![Arc::new(Bucketing { size: 1 }), nnm()]] {
            for (name, rule) in rules(1.0) {
                let robust = with(&rule, before.clone(), f);
                let got = robust.combine(&turned, Seed::run(1)).unwrap();
                prop_assert_eq!(got, result(&robust, &x, &reference), "{}", name);
            }
        }
    }

    #[test]
    fn who_sends_which_update_does_not_matter((x, reference, f) in case(), by in 0_usize..10) {
        let mut turned = x.clone();
        turned.rotate_left(by % x.len());
        // Some rules know nodes: MoNNA has a pivot, and in two a tie is the usual case, which the
        // lower node wins. Bulyan's last picks are of pairs that are each other's nearest, and MDA's
        // subsets share their widest pair.
        let by_node = ["MoNNA", "Bulyan", "MDA"];
        for (name, rule) in rules(1.0).into_iter().filter(|(name, _)| !by_node.contains(name)) {
            let robust = with(&rule, NONE, f);
            let [got, expected] = [&turned, &x].map(|x| result(&robust, x, &reference));
            match name {
                "median" | "trimmed mean" | "MeaMed" => prop_assert_eq!(got, expected, "{}", name),
                _ => assert_near(name, &got, &expected, 1e-6),
            }
        }
    }

    #[test]
    fn moving_all_updates_moves_the_result(
        (x, reference, f) in case(), by in prop::collection::vec(-50.0_f64..50.0, 8),
    ) {
        // These two look at norms, and so at where zero is.
        let fixed = ["norm bounding", "FLTrust"];
        for (name, rule) in rules(1.0).into_iter().filter(|(name, _)| !fixed.contains(name)) {
            let robust = with(&rule, vec![nnm()], f);
            let reference = [reference.clone()];
            let expected = moved(&[result(&robust, &x, &reference[0])], &by);
            let got = result(&robust, &moved(&x, &by), &moved(&reference, &by)[0]);
            assert_near(name, &got, &expected[0], 1e-6);
        }
    }

    #[test]
    fn a_larger_unit_gives_the_same_result_in_that_unit(
        (x, reference, f) in case(), unit in prop_oneof![1e-4_f64..1e-2, 10.0_f64..1e4],
    ) {
        let both = rules(1.0).into_iter().zip(rules(unit));
        for ((name, rule), (_, scaled)) in both {
            let expected = result(&with(&rule, vec![nnm()], f), &x, &reference);
            let reference = times(std::slice::from_ref(&reference), unit);
            let got = result(&with(&scaled, vec![nnm()], f), &times(&x, unit), &reference[0]);
            assert_near(name, &times(&[got], 1.0 / unit)[0], &expected, 1e-6);
        }
    }

    #[test]
    fn where_none_may_be_bad_the_mean_is_the_result((x, reference, _) in case()) {
        let count = x.len() as f64;
        let mean: Vec<f64> = (0..x[0].len())
            .map(|k| x.iter().map(|x| x[k]).sum::<f64>() / count)
            .collect();
        let means = ["trimmed mean", "MeaMed", "Multi-Krum", "MDA", "CAF", "MoNNA"];
        for (name, rule) in rules(1.0).into_iter().filter(|(name, _)| means.contains(name)) {
            for before in [NONE, vec![nnm()], vec![Arc::new(AdaptiveClipping) as _]] {
                let got = result(&with(&rule, before, 0), &x, &reference);
                assert_near(name, &got, &mean, 1e-9);
            }
        }
    }

    #[test]
    fn updates_that_agree_are_the_result(
        value in prop::collection::vec(-1e3_f64..1e3, 1..8), n in 7_usize..11, f in 0_usize..2,
    ) {
        let x = vec![value.clone(); n];
        let radius = 1e9; // longer than any
        for (name, rule) in rules(radius) {
            for before in [NONE, vec![nnm()], vec![Arc::new(AdaptiveClipping) as _]] {
                let got = result(&with(&rule, before, f), &x, &value);
                assert_near(name, &got, &value, 1e-12);
            }
        }
        for rule in [Arc::new(Median { weighted: false }) as Arc<dyn Rule>, Arc::new(Krum)] {
            prop_assert_eq!(&result(&with(&rule, NONE, f), &x, &value), &value);
        }
    }

    #[test]
    fn the_bad_cannot_leave_the_honest_box(
        (mut x, reference, _) in case(), bad in prop::collection::vec(-1e30_f64..1e30, 16),
    ) {
        let f = (x.len() - 1) / 2;
        let (bad_ones, honest) = x.split_at_mut(f);
        for (i, vector) in bad_ones.iter_mut().enumerate() {
            vector.iter_mut().enumerate().for_each(|(k, v)| *v = bad[(5 * i + k) % 16]);
        }
        let within = |k: usize| {
            let values = honest.iter().map(|x| x[k]);
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)))
        };
        let honest_box: Vec<(f64, f64)> = (0..reference.len()).map(within).collect();
        let within = ["median", "trimmed mean"];
        for (name, rule) in rules(1.0).into_iter().filter(|(name, _)| within.contains(name)) {
            for (v, (low, high)) in result(&with(&rule, NONE, f), &x, &reference).iter().zip(&honest_box) {
                prop_assert!((*low - 1e-12..=*high + 1e-12).contains(v), "{}", name);
            }
        }
    }

    #[test]
    fn rules_are_robust_as_their_papers_promise(
        n in 5_usize..9, f in 1_usize..3, seed in any::<u64>(), far in -40.0_f64..40.0,
    ) {
        prop_assume!(n > 2 * f + 1);
        let mut rng = Seed::run(seed).stream();
        let mut x: Vec<Vec<f64>> = (0..n)
            .map(|_| (0..3).map(|_| rand::RngExt::random_range(&mut rng, -1.0..1.0)).collect())
            .collect();
        x[..f].iter_mut().for_each(|x| x[0] += far);
        let (n_, f_) = (n as f64, f as f64);
        // Allouah et al. 2023, arXiv:2302.01772, table 1 and lemma 5.
        let ratio = f_ / (n_ - 2.0 * f_);
        let kappas = [
            ("trimmed mean", 6.0 * ratio * (1.0 + ratio)),
            ("median", 4.0 * (1.0 + ratio).powi(2)),
            ("geometric median", 4.0 * (1.0 + ratio).powi(2)),
        ];
        for (name, rule) in rules(1e-3) {
            let Some((_, kappa)) = kappas.iter().find(|(known, _)| *known == name) else {
                continue;
            };
            let mixed = 8.0 * f_ / (n_ - f_) * (kappa + 1.0);
            for (before, kappa) in [(NONE, *kappa), (vec![nnm()], mixed)] {
                let y = result(&with(&rule, before, f), &x, &[0.0; 3]);
                let worst = worst_ratio(&x, f, &y);
                prop_assert!(worst <= kappa + 1e-3, "{} {} {}", name, worst, kappa);
            }
        }
        if n >= 2 * f + 3 {
            // The chosen one's k = n − f − 2 nearest hold n − 2f − 2 of any n − f at least, and its
            // score is no more than an average honest one's, 2k|S|/(|S| − 1) times the variance.
            let (k, s) = (n_ - f_ - 2.0, n_ - f_);
            let kappa = 2.0 / (s - f_ - 2.0) * (2.0 * k * s / (s - 1.0) + s);
            let y = combined(NONE, Krum, f, &x);
            prop_assert!(worst_ratio(&x, f, &y) <= kappa + 1e-9);
        }
    }
}

/// max over all S of n − f vectors: |y − mean(S)|² against the variance in S.
fn worst_ratio(x: &[Vec<f64>], f: usize, y: &[f64]) -> f64 {
    let apart =
        |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum() };
    let subsets = (0_u32..1 << x.len()).filter(|s| s.count_ones() as usize == x.len() - f);
    let ratio = |subset: u32| {
        let s: Vec<&Vec<f64>> = (0..x.len())
            .filter(|i| subset >> i & 1 == 1)
            .map(|i| &x[i])
            .collect();
        let count = s.len() as f64;
        let mean: Vec<f64> = (0..y.len())
            .map(|k| s.iter().map(|x| x[k]).sum::<f64>() / count)
            .collect();
        apart(y, &mean) / (s.iter().map(|x| apart(x, &mean)).sum::<f64>() / count)
    };
    subsets.map(ratio).fold(0.0, f64::max)
}

#[test]
fn the_same_bits_on_any_number_of_threads() {
    let mut updates = Updates::<f32>::new(70_001);
    for node in 0..13_u32 {
        let mut rng = Seed::run(9).node(NodeId(node)).stream();
        let values = (0..70_001).map(|_| rand::RngExt::random_range(&mut rng, -1.0..1.0));
        updates.insert(NodeId(node), values.collect(), 1).unwrap();
    }
    for (name, rule) in rules(1.0) {
        for before in [NONE, vec![nnm()]] {
            let robust = with(&rule, before, 2);
            let on = |threads| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
                let combine = || robust.combine(&updates, Seed::run(1)).unwrap();
                pool.build().unwrap().install(combine)
            };
            let (one, five) = (on(1), on(5));
            assert!(
                one.iter()
                    .zip(&five)
                    .all(|(a, b)| a.to_bits() == b.to_bits()),
                "{name}"
            );
        }
    }
}

#[test]
fn near_updates_far_from_zero_keep_their_distances() {
    // A thousandth apart at ten million: without centring and looking again, all would be noise.
    let x: Vec<Vec<f64>> = [0.0, 1.0, 2.0, 3.0, 10.0, 1e9, -1e9]
        .map(|v| vec![1e7 + v * 1e-3; 40])
        .into();
    let chosen = combined(NONE, Krum, 2, &x);
    assert_eq!(chosen, x[1]);
}

#[test]
fn a_rule_that_cannot_bear_its_bad_ones_says_so() {
    let refused = |robust: &Robust, updates| robust.check(updates).unwrap_err();
    let too_few = |updates, needed, f| Unmet::TooFew { updates, needed, f };
    for (name, rule) in rules(1.0) {
        let needed = match name {
            "Krum" | "Multi-Krum" => 7,
            "Bulyan" => 11,
            "norm bounding" | "FLTrust" => 1,
            _ => 5,
        };
        let robust = with(&rule, NONE, 2);
        assert_eq!(robust.check(needed), Ok(()), "{name}");
        let few = too_few(needed as u32 - 1, needed as u32, 2);
        assert_eq!(refused(&robust, needed - 1), few, "{name}");
    }
    let bucketing = |size| -> Vec<Arc<dyn Before>> { vec![Arc::new(Bucketing { size }), nnm()] };
    let robust = robust(bucketing(3), Krum, 1);
    assert_eq!(robust.needed(), 13); // buckets of 3, of which the last holds one
    assert_eq!(refused(&robust, 12), too_few(12, 13, 1));
    let mda = crate::robust(NONE, Mda, 8);
    assert_eq!(mda.check(19), Ok(())); // 75,582 subsets
    let most = MOST_SUBSETS;
    let (updates, f) = (20, 8); // 125,970
    assert_eq!(
        refused(&mda, 20),
        Unmet::TooManySubsets { updates, f, most }
    );
    let nobody = Updates::<f32>::new(3);
    let combined = crate::robust(NONE, TrimmedMean, 0).combine(&nobody, Seed::run(1));
    assert_eq!(combined, Err(too_few(0, 1, 0)));
}

#[test]
fn what_is_short_enough_is_not_clipped() {
    let x = vec![vec![3.0, 4.0], vec![0.3, 0.4], vec![0.0, 0.0]];
    let clip: Arc<dyn Before> = Arc::new(Clipping { radius: 1.0 });
    let mean = combined(vec![clip], TrimmedMean, 0, &x);
    assert_near("clipped", &mean, &[0.3, 0.4], 1e-12);
}
