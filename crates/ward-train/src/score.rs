//! Scores of a model on labelled rows.

use ward_core::metric::name;
use ward_core::{Estimate, Evaluation, Tally};
use ward_data::Rows;

use crate::engine::Model;
use crate::fused::cross_entropy;
use crate::model::ModelSpec;

/// Rows that are scored at once.
const BATCH: usize = 256;

/// A model's answers on some rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Scores {
    /// Metrics: loss, accuracy and balanced accuracy; for two classes AUC and sensitivity, for more than
    /// three whether the class is among the first three.
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
    let mut tally = Tally::new(spec.classes);
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
            tally.push(row, label);
        }
    }
    let mut evaluation = tally.evaluation();
    if let Some(loss) = Estimate::mean(&losses) {
        evaluation.0.insert(name::LOSS.to_owned(), loss);
    }
    if spec.classes == 2 {
        let of_scores = Evaluation::of_scores(&positive, &rows.labels);
        evaluation.0.extend(of_scores.0);
    }
    Scores {
        evaluation,
        positive,
    }
}
