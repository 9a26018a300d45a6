//! The rules against known answers, against plain definitions, and against their laws.

mod aggregator;
mod card;
mod known_answers;
mod laws;
mod oracle;

use std::sync::Arc;

use ward_core::{NodeId, Seed};
use ward_robust::{Before, Robust, Rule, Updates};

/// A rule by itself, or after something.
pub(crate) fn robust(before: Vec<Arc<dyn Before>>, rule: impl Rule + 'static, f: usize) -> Robust {
    Robust {
        before,
        rule: Arc::new(rule),
        f,
        norm_bound: f64::INFINITY,
        claimed_weights: false,
    }
}

/// Vectors as updates of nodes 0, 1, ...
pub(crate) fn updates(vectors: &[Vec<f64>]) -> Updates<f64> {
    weighted(vectors, &vec![1; vectors.len()])
}

/// As [`updates`], with the weights that their nodes claim.
pub(crate) fn weighted(vectors: &[Vec<f64>], weights: &[u64]) -> Updates<f64> {
    let mut updates = Updates::new(vectors[0].len());
    for (i, (vector, &weight)) in vectors.iter().zip(weights).enumerate() {
        let inserted = updates.insert(NodeId(i as u32), vector.clone(), weight);
        inserted.expect("finite numbers, all of one length");
    }
    updates
}

/// What a rule makes of vectors.
pub(crate) fn combined(
    before: Vec<Arc<dyn Before>>,
    rule: impl Rule + 'static,
    f: usize,
    vectors: &[Vec<f64>],
) -> Vec<f64> {
    let robust = robust(before, rule, f);
    let combined = robust.combine(&updates(vectors), Seed::run(1));
    combined.expect("enough updates")
}

/// Asserts max |a − b| ≤ tolerance · max(1, max |b|).
#[track_caller]
pub(crate) fn assert_near(what: &str, got: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let most = |values: &[f64]| values.iter().fold(0.0, |most, v| f64::max(most, v.abs()));
    let apart: Vec<f64> = got.iter().zip(expected).map(|(a, b)| a - b).collect();
    assert!(apart.iter().all(|v| v.is_finite()), "{what}: {got:?}");
    let allowed = tolerance * most(expected).max(1.0);
    assert!(most(&apart) <= allowed, "{what}: {got:?}, not {expected:?}");
}
