//! Local training: batches, penalties, optimiser, the same for both engines.

#[cfg(test)]
mod tests;

use std::ops::Range;

use ward_core::{Address, Algorithm, Noised, Protection, TrainError, TrainOrder};
use ward_data::Rows;
use ward_privacy::NoiseSource;

use crate::algorithm::squared_norm;
use crate::batches;
use crate::fused::{Optimizer, all_finite};
use crate::model::ModelSpec;
use crate::private::Private;

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

/// What is added to plain local training.
#[derive(Default)]
pub(crate) struct Added<'a> {
    /// Added to every gradient, one number a parameter.
    pub(crate) linear: Option<&'a [f32]>,
    /// A strength and where to: `strength (w - there)` is added to every gradient.
    pub(crate) pull: Option<(f32, &'a [f32])>,
    /// Places that stay as they are.
    pub(crate) frozen: &'a [Range<usize>],
    /// What is trained on the same batches.
    pub(crate) beside: Option<&'a mut dyn Beside>,
    /// Where noise comes from, where the order asks for noise.
    pub(crate) noise: NoiseSource,
}

/// Something that is trained on the batches of local training.
pub(crate) trait Beside {
    /// Takes one step on `batch`; `now` are local training's parameters before its own.
    fn step(&mut self, batch: &mut Batch<'_>, now: &[f32]);
}

/// The rows of one step.
pub(crate) struct Batch<'a> {
    model: &'a mut dyn Differentiate,
    features: &'a [f32],
    labels: &'a [u8],
    order: &'a TrainOrder,
    biases: &'a [Range<usize>],
}

impl Batch<'_> {
    /// Mean loss over the rows; the gradient of the hospital's objective at `params` replaces
    /// `gradient`: rows clipped where the order says so, with the L2 penalty.
    pub(crate) fn slope(&mut self, params: &[f32], gradient: &mut [f32]) -> f64 {
        let loss = self.rows(params, gradient);
        shrink(gradient, params, self.order.l2, self.biases);
        loss
    }

    /// The same without the penalty.
    fn rows(&mut self, params: &[f32], gradient: &mut [f32]) -> f64 {
        let (features, labels) = (self.features, self.labels);
        if labels.is_empty() {
            gradient.fill(0.0);
            return 0.0;
        }
        match self.order.example_clip_norm {
            0.0 => self.model.gradient(params, features, labels, gradient),
            norm => self
                .model
                .clipped_gradient(params, features, labels, norm, gradient),
        }
    }

    /// Shortens `gradient` to the norm that the order allows the gradient of a step.
    pub(crate) fn shorten(&self, gradient: &mut [f32]) {
        let most = f64::from(self.order.gradient_clip_norm);
        if most == 0.0 {
            return;
        }
        let norm = squared_norm(gradient).sqrt();
        if norm > most {
            let share = most / norm;
            for g in gradient {
                *g = (f64::from(*g) * share) as f32;
            }
        }
    }
}

/// Trains from `params` on `rows` as `order` says, with what is `added`; leaves the new parameters
/// in `workspace` and returns the mean loss over all rows visited, and the noise that was added.
///
/// # Errors
/// [`TrainError`] when there is nothing to train on or the numbers run away.
pub(crate) fn fit(
    model: &mut dyn Differentiate,
    workspace: &mut Workspace,
    params: &[f32],
    rows: &Rows,
    order: &TrainOrder,
    mut added: Added<'_>,
    address: Address,
) -> Result<(f64, Option<Noised>), TrainError> {
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
    let mut step = |mut private: Option<&mut Private>, batch: &[u32]| {
        if let Some(private) = &mut private {
            private.draw(params.len());
        }
        features.clear();
        labels.clear();
        for &row in batch {
            let row = row as usize;
            features.extend_from_slice(&rows.features[row * width..(row + 1) * width]);
            labels.push(rows.labels[row]);
        }
        let count = batch.len();
        let mut batch = Batch {
            model: &mut *model,
            features,
            labels,
            order,
            biases,
        };
        let loss = batch.rows(now, gradient);
        if let Some(private) = private {
            private.protect(count, gradient);
        }
        if let Some(beside) = &mut added.beside {
            beside.step(&mut batch, now);
        }
        total += loss * count as f64;
        visited += count as u64;
        pull(gradient, now, strength(order), params);
        if let Some((strength, there)) = added.pull {
            pull(gradient, now, strength, there);
        }
        shrink(gradient, now, order.l2, biases);
        if let Some(linear) = added.linear {
            gradient.iter_mut().zip(linear).for_each(|(g, l)| *g += l);
        }
        for place in added.frozen {
            gradient[place.clone()].fill(0.0);
        }
        batch.shorten(gradient);
        optimizer.step(now, gradient);
    };
    let noised = match &order.protection {
        Protection::Patient(noise) => {
            let mut private = Private::begin(noise, order, rows.len(), added.noise, address)?;
            let steps = order.steps(rows.len() as u64);
            private.for_each(rows.len(), steps, |private, batch| {
                step(Some(private), batch);
            });
            Some(private.noised(steps))
        }
        Protection::None | Protection::Hospital(_) => {
            batches::for_each(rows.len(), order, address, |batch| step(None, batch));
            None
        }
    };
    let loss = total / visited.max(1) as f64;
    if !loss.is_finite() || !all_finite(now) {
        return Err(TrainError::Diverged);
    }
    Ok((loss, noised))
}

/// How strongly the round's first parameters pull: FedProx's mu (Li et al. 2020, arXiv:1812.06127)
/// and FedDyn's alpha.
fn strength(order: &TrainOrder) -> f32 {
    match order.algorithm {
        Algorithm::FedDyn { alpha } => order.proximal_mu + alpha,
        _ => order.proximal_mu,
    }
}

/// Adds the gradient of a pull: `strength (w - there)`.
fn pull(gradient: &mut [f32], now: &[f32], strength: f32, there: &[f32]) {
    if strength != 0.0 {
        for ((g, w), there) in gradient.iter_mut().zip(now).zip(there) {
            *g += strength * (w - there);
        }
    }
}

/// Adds the gradient of the L2 penalty, `l2 w` but for biases.
fn shrink(gradient: &mut [f32], now: &[f32], l2: f32, biases: &[Range<usize>]) {
    if l2 != 0.0 {
        let mut from = 0;
        for bias in biases {
            for (g, w) in gradient[from..bias.start]
                .iter_mut()
                .zip(&now[from..bias.start])
            {
                *g += l2 * w;
            }
            from = bias.end;
        }
    }
}
