//! Local training: batches, penalties, optimiser, the same for both engines.

use ward_core::{Address, Params, TrainError, TrainOrder};
use ward_data::Rows;

use crate::batches;
use crate::fused::Optimizer;
use crate::spec::ModelSpec;

/// Something that can tell loss and gradient of a batch.
pub(crate) trait Differentiate {
    /// Mean loss over the rows; its gradient by the parameters replaces `gradient`.
    fn gradient(
        &mut self,
        params: &[f32],
        rows: &[f32],
        labels: &[u8],
        gradient: &mut [f32],
    ) -> f64;
}

impl Differentiate for crate::fused::Network {
    fn gradient(&mut self, params: &[f32], rows: &[f32], labels: &[u8], out: &mut [f32]) -> f64 {
        Self::gradient(self, params, rows, labels, out)
    }
}

/// Trains from `params` on `rows` as `order` says; returns the new parameters and the mean loss
/// over all rows visited.
///
/// # Errors
/// [`TrainError`] when there is nothing to train on or the numbers run away.
pub(crate) fn fit(
    model: &mut dyn Differentiate,
    spec: &ModelSpec,
    params: &Params,
    rows: &Rows,
    order: &TrainOrder,
    address: Address,
) -> Result<(Params, f64), TrainError> {
    if rows.is_empty() {
        return Err(TrainError::NoRows);
    }
    let width = rows.width();
    let biases = spec.biases();
    let mut optimizer = Optimizer::new(order.optimizer, params.0.len());
    let mut now = params.0.clone();
    let mut gradient = vec![0.0; now.len()];
    let (mut features, mut labels) = (Vec::new(), Vec::new());
    let (mut total, mut visited) = (0.0, 0_u64);
    batches::for_each(rows.len(), order, address, |batch| {
        features.clear();
        labels.clear();
        for &row in batch {
            let row = row as usize;
            features.extend_from_slice(&rows.features[row * width..(row + 1) * width]);
            labels.push(rows.labels[row]);
        }
        let loss = model.gradient(&now, &features, &labels, &mut gradient);
        total += loss * batch.len() as f64;
        visited += batch.len() as u64;
        penalise(&mut gradient, &now, &params.0, order, &biases);
        optimizer.step(&mut now, &gradient);
    });
    let loss = total / visited.max(1) as f64;
    if !loss.is_finite() || now.iter().any(|w| !w.is_finite()) {
        return Err(TrainError::Diverged);
    }
    Ok((Params(now), loss))
}

/// Adds the gradients of the L2 penalty (not on biases) and of FedProx's pull towards the round's
/// first parameters (Li et al. 2020, arXiv:1812.06127): `l2 w + mu (w - w_round)`.
fn penalise(
    gradient: &mut [f32],
    now: &[f32],
    first: &[f32],
    order: &TrainOrder,
    biases: &[std::ops::Range<usize>],
) {
    if order.proximal_mu != 0.0 {
        for ((g, w), start) in gradient.iter_mut().zip(now).zip(first) {
            *g += order.proximal_mu * (w - start);
        }
    }
    if order.l2 != 0.0 {
        let mut from = 0;
        for bias in biases {
            for (g, w) in gradient[from..bias.start]
                .iter_mut()
                .zip(&now[from..bias.start])
            {
                *g += order.l2 * w;
            }
            from = bias.end;
        }
    }
}
