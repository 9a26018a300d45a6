//! APFL (Deng, Kamani and Mahdavi 2020, arXiv:2003.13461, Algorithm 1, with its rule
//! for alpha).
//!
//!   m     <- alpha v + (1 - alpha) w                              [`Apfl::mix`]
//!   alpha <- alpha - eta <v - w, grad L_k(m)>, kept in 0..1       where `adaptive`
//!   v     <- v - eta alpha grad L_k(m)                            [`Beside::step`]
//!   w     <- w - eta grad L_k(w)                                  local training itself
//!
//! All on the same batch, step by step, with the alpha before its move. v is the hospital's `own`
//! model, w the common one on its way from w_round, and m the `mixture`, which is what the hospital
//! uses and what is scored, then with the round's outcome for w. v starts as w_round, alpha as the
//! order says. v has an optimiser of the order's kind to itself; alpha moves by plain steps. Where
//! the authors' program moves alpha in the first step of a round alone, we move it in each.

use ward_core::{StateKind, TrainError};

use super::{Begun, Personal};
use crate::algorithm::Before;
use crate::fit::{Batch, Beside};
use crate::fused::{Optimizer, all_finite};
use crate::recalled::Recalled;

struct Apfl<'a> {
    recalled: Recalled<'a>,
    own: Vec<f32>,
    alpha: f32,
    /// eta, where alpha moves.
    rate: Option<f32>,
    optimizer: Optimizer,
    mixture: Vec<f32>,
    gradient: Vec<f32>,
}

pub(super) fn begin<'a>(
    before: &Before<'a>,
    alpha: f32,
    adaptive: bool,
) -> Result<Begun<'a>, TrainError> {
    let (recalled, own, alpha) = recall(before, alpha)?;
    let spec = before.order.optimizer;
    let mut optimizer = Optimizer::default();
    optimizer.start(spec, own.len());
    let apfl = Apfl {
        recalled,
        alpha,
        rate: adaptive.then_some(spec.learning_rate()),
        optimizer,
        mixture: vec![0.0; own.len()],
        gradient: vec![0.0; own.len()],
        own,
    };
    Ok(Begun {
        part: Some(Box::new(apfl)),
        ..Begun::default()
    })
}

pub(super) fn model(before: &Before<'_>, alpha: f32) -> Result<Vec<f32>, TrainError> {
    let (_, own, alpha) = recall(before, alpha)?;
    let mut mixture = vec![0.0; own.len()];
    mix(&mut mixture, alpha, &own, before.start);
    Ok(mixture)
}

/// v and alpha as the hospital left them; at first the round's model and `alpha`.
fn recall<'a>(
    before: &Before<'a>,
    alpha: f32,
) -> Result<(Recalled<'a>, Vec<f32>, f32), TrainError> {
    let (recalled, kept) = Recalled::take(before, StateKind::Apfl)?;
    let mut own = kept.unwrap_or_else(|| [before.start, &[alpha]].concat());
    // A state of the right length is never empty.
    let alpha = own.pop().unwrap_or(alpha);
    Ok((recalled, own, alpha))
}

fn mix(mixture: &mut [f32], alpha: f32, own: &[f32], common: &[f32]) {
    for ((m, v), w) in mixture.iter_mut().zip(own).zip(common) {
        *m = alpha * v + (1.0 - alpha) * w;
    }
}

impl Beside for Apfl<'_> {
    fn step(&mut self, batch: &mut Batch<'_>, now: &[f32]) {
        mix(&mut self.mixture, self.alpha, &self.own, now);
        batch.slope(&self.mixture, &mut self.gradient);
        let alpha = self.alpha;
        if let Some(rate) = self.rate {
            let apart = self.own.iter().zip(now).zip(&self.gradient);
            let slope: f64 = apart
                .map(|((v, w), g)| f64::from(v - w) * f64::from(*g))
                .sum();
            self.alpha = (alpha - rate * slope as f32).clamp(0.0, 1.0);
        }
        self.gradient.iter_mut().for_each(|g| *g *= alpha);
        batch.shorten(&mut self.gradient);
        self.optimizer.step(&mut self.own, &self.gradient);
    }
}

impl Personal for Apfl<'_> {
    fn beside(&mut self) -> Option<&mut dyn Beside> {
        Some(self)
    }

    fn finish(self: Box<Self>, _: &[f32], _: &mut [f32]) -> Result<(), TrainError> {
        let mut kept = self.own;
        kept.push(self.alpha);
        if !all_finite(&kept) {
            return Err(TrainError::Diverged);
        }
        self.recalled.keep(kept)
    }
}
