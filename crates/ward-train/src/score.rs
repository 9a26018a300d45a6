//! Scores of a model on labelled rows.

use std::collections::BTreeMap;

use ward_core::metric::name;
use ward_core::{Estimate, Evaluation};
use ward_data::Rows;

use crate::engine::Model;
use crate::fused::cross_entropy;
use crate::model::ModelSpec;

/// Rows that are scored at once.
const BATCH: usize = 256;

/// A model's answers on some rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scores {
    /// Metrics: loss and accuracy, and for two classes AUC and sensitivity.
    pub evaluation: Evaluation,
    /// The positive class's probability of each row; empty for more than two classes.
    pub positive: Vec<f32>,
}

impl Scores {
    /// The mean loss; 0 without rows.
    pub(crate) fn loss(&self) -> f64 {
        self.evaluation
            .get(name::LOSS)
            .map_or(0.0, |loss| loss.value)
    }
}

/// Scores `params` on `rows`. No rows give no metrics.
pub(crate) fn score(model: &mut Model, spec: &ModelSpec, params: &[f32], rows: &Rows) -> Scores {
    let (outputs, width) = (spec.outputs(), rows.width());
    let mut losses = Vec::with_capacity(rows.len());
    let mut positive = Vec::new();
    let mut right = 0_u64;
    let mut scratch = vec![0.0; outputs];
    for (features, labels) in rows
        .features
        .chunks(BATCH * width)
        .zip(rows.labels.chunks(BATCH))
    {
        let logits = model.forward(params, features, labels.len());
        for (row, &label) in logits.chunks_exact(outputs).zip(labels) {
            let (loss, share) = cross_entropy(row, label, &mut scratch);
            losses.push(loss);
            positive.extend(share);
            right += u64::from(predicted(row) == usize::from(label));
        }
    }
    let n = rows.len() as u64;
    let mut metrics = BTreeMap::new();
    if let Some(loss) = Estimate::mean(&losses) {
        metrics.insert(name::LOSS.to_owned(), loss);
        metrics.insert(name::ACCURACY.to_owned(), Estimate::share(right, n, n));
    }
    if spec.classes == 2 {
        metrics.extend(Evaluation::of_scores(&positive, &rows.labels).0);
    }
    Scores {
        evaluation: Evaluation(metrics),
        positive,
    }
}

/// The class that the logits name; of equal ones the first.
fn predicted(logits: &[f32]) -> usize {
    if let [z] = logits {
        return usize::from(*z > 0.0);
    }
    let mut best = 0;
    for (class, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = class;
        }
    }
    best
}
