//! Local training: batches, penalties, optimiser, the same for both engines.

use std::ops::Range;

use ward_core::{Address, Algorithm, TrainError, TrainOrder};
use ward_data::Rows;

use crate::batches;
use crate::fused::{Optimizer, all_finite};
use crate::model::ModelSpec;

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

    /// Mean loss over the rows; the mean of the rows' own gradients, each clipped to an L2 norm of
    /// `clip_norm`, replaces `gradient`. Here one row after the other, as the definition says.
    fn clipped_gradient(
        &mut self,
        params: &[f32],
        rows: &[f32],
        labels: &[u8],
        clip_norm: f32,
        gradient: &mut [f32],
    ) -> f64 {
        let count = labels.len();
        let mut own = vec![0.0; gradient.len()];
        gradient.fill(0.0);
        let mut loss = 0.0;
        for (row, label) in rows.chunks_exact(rows.len() / count.max(1)).zip(labels) {
            loss += self.gradient(params, row, std::slice::from_ref(label), &mut own);
            let norm = own
                .iter()
                .map(|g| f64::from(*g).powi(2))
                .sum::<f64>()
                .sqrt();
            let share = (f64::from(clip_norm) / norm).min(1.0) / count as f64;
            for (sum, g) in gradient.iter_mut().zip(&own) {
                *sum += share as f32 * g;
            }
        }
        loss / count as f64
    }
}

impl Differentiate for crate::fused::Network {
    fn gradient(&mut self, params: &[f32], rows: &[f32], labels: &[u8], out: &mut [f32]) -> f64 {
        Self::gradient(self, params, rows, labels, out)
    }

    fn clipped_gradient(
        &mut self,
        params: &[f32],
        rows: &[f32],
        labels: &[u8],
        clip_norm: f32,
        out: &mut [f32],
    ) -> f64 {
        Self::clipped_gradient(self, params, rows, labels, clip_norm, out)
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

/// Trains from `params` on `rows` as `order` says, with `linear` added to every gradient where there
/// is one; leaves the new parameters in `workspace` and returns the mean loss over all rows visited.
///
/// # Errors
/// [`TrainError`] when there is nothing to train on or the numbers run away.
pub(crate) fn fit(
    model: &mut dyn Differentiate,
    workspace: &mut Workspace,
    params: &[f32],
    rows: &Rows,
    order: &TrainOrder,
    linear: Option<&[f32]>,
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
    optimizer.start(order.optimizer, params.len());
    now.clear();
    now.extend_from_slice(params);
    let (mut total, mut visited) = (0.0, 0_u64);
    batches::for_each(rows.len(), order, address, |batch| {
        features.clear();
        labels.clear();
        for &row in batch {
            let row = row as usize;
            features.extend_from_slice(&rows.features[row * width..(row + 1) * width]);
            labels.push(rows.labels[row]);
        }
        let loss = match order.example_clip_norm {
            0.0 => model.gradient(now, features, labels, gradient),
            norm => model.clipped_gradient(now, features, labels, norm, gradient),
        };
        total += loss * batch.len() as f64;
        visited += batch.len() as u64;
        penalise(gradient, now, params, order, biases);
        if let Some(linear) = linear {
            gradient.iter_mut().zip(linear).for_each(|(g, l)| *g += l);
        }
        optimizer.step(now, gradient);
    });
    let loss = total / visited.max(1) as f64;
    if !loss.is_finite() || !all_finite(now) {
        return Err(TrainError::Diverged);
    }
    Ok(loss)
}

/// Adds the gradients of the L2 penalty (not on biases) and of the pull towards the round's first
/// parameters of FedProx (Li et al. 2020, arXiv:1812.06127) and of FedDyn: `l2 w + mu (w - w_round)`.
fn penalise(
    gradient: &mut [f32],
    now: &[f32],
    first: &[f32],
    order: &TrainOrder,
    biases: &[Range<usize>],
) {
    let pull = match order.algorithm {
        Algorithm::FedDyn { alpha } => order.proximal_mu + alpha,
        _ => order.proximal_mu,
    };
    if pull != 0.0 {
        for ((g, w), start) in gradient.iter_mut().zip(now).zip(first) {
            *g += pull * (w - start);
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
