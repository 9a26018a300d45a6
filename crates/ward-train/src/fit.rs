//! Local training: batches, penalties, optimiser, the same for both engines.

use std::ops::Range;

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

/// What local training works in: grown once, used again.
#[derive(Debug)]
pub(crate) struct Workspace {
    biases: Vec<Range<usize>>,
    optimizer: Optimizer,
    now: Vec<f32>,
    gradient: Vec<f32>,
    features: Vec<f32>,
    labels: Vec<u8>,
}

impl Workspace {
    pub(crate) fn new(spec: &ModelSpec) -> Self {
        Self {
            biases: spec.biases(),
            optimizer: Optimizer::default(),
            now: Vec::new(),
            gradient: vec![0.0; spec.parameters()],
            features: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// The parameters that the last work ended with.
    pub(crate) fn params(&self) -> &[f32] {
        &self.now
    }
}

/// Trains from `params` on `rows` as `order` says; leaves the new parameters in `workspace` and
/// returns the mean loss over all rows visited.
///
/// # Errors
/// [`TrainError`] when there is nothing to train on or the numbers run away.
pub(crate) fn fit(
    model: &mut dyn Differentiate,
    workspace: &mut Workspace,
    params: &Params,
    rows: &Rows,
    order: &TrainOrder,
    address: Address,
) -> Result<f64, TrainError> {
    if rows.is_empty() {
        return Err(TrainError::NoRows);
    }
    let width = rows.width();
    let Workspace {
        biases,
        optimizer,
        now,
        gradient,
        features,
        labels,
    } = workspace;
    optimizer.start(order.optimizer, params.0.len());
    now.clone_from(&params.0);
    let (mut total, mut visited) = (0.0, 0_u64);
    batches::for_each(rows.len(), order, address, |batch| {
        features.clear();
        labels.clear();
        for &row in batch {
            let row = row as usize;
            features.extend_from_slice(&rows.features[row * width..(row + 1) * width]);
            labels.push(rows.labels[row]);
        }
        let loss = model.gradient(now, features, labels, gradient);
        total += loss * batch.len() as f64;
        visited += batch.len() as u64;
        penalise(gradient, now, &params.0, order, biases);
        optimizer.step(now, gradient);
    });
    let loss = total / visited.max(1) as f64;
    if !loss.is_finite() || !all_finite(now) {
        return Err(TrainError::Diverged);
    }
    Ok(loss)
}

/// Whether no value is NaN or infinite. No early exit: the processor checks several at a time.
pub(crate) fn all_finite(values: &[f32]) -> bool {
    values.iter().fold(true, |all, v| all & v.is_finite())
}

/// Adds the gradients of the L2 penalty (not on biases) and of FedProx's pull towards the round's
/// first parameters (Li et al. 2020, arXiv:1812.06127): `l2 w + mu (w - w_round)`.
fn penalise(
    gradient: &mut [f32],
    now: &[f32],
    first: &[f32],
    order: &TrainOrder,
    biases: &[Range<usize>],
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
