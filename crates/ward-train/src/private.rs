//! DP-SGD's part in local training (Abadi et al. 2016, arXiv:1607.00133, Algorithm 1): which rows a
//! step reads, and the noise on it.
//!
//!   g = (sum of clipped gradients + N(0, (z C)^2)) / expected rows of a step
//!
//! Rows are drawn by the very [`Sampling`] that the accountant is told of. The expected number of
//! rows is divided by, not the number drawn, and a step that drew nobody is noised like any other. A
//! step's noise is drawn before the step reads a row, so that how long the drawing takes tells nothing
//! of them.

#[cfg(test)]
mod tests;

use rand::{Rng, RngExt};
use ward_core::{Address, Noised, PatientNoise, TrainError, TrainOrder};
use ward_privacy::NoiseSource;
use ward_privacy::dp::{NoiseRng, Sampling, continuous};

/// Whoever sees an update sees in each of its numbers a sum of at least so many draws, as in Opacus'
/// secure mode (after Holohan and Braghin 2021, arXiv:2107.10138): the bits of a sum do not give away
/// those of its parts. The steps of a round are such a sum; where there are fewer, each draws more. That
/// this suffices is not verified.
const LEAST_DRAWS: u64 = 4;

/// The private part of one round's local training.
pub(crate) struct Private {
    asked: PatientNoise,
    sampling: Sampling,
    rng: NoiseRng,
    /// Rows in a full batch, and those that a step has on average.
    batch: usize,
    expected: f32,
    /// z C.
    deviation: f32,
    /// Draws that are added up for each number of a step's noise.
    draws: u32,
    noise: Vec<f32>,
}

impl Private {
    /// The private part of `order` with so many rows and parameters.
    ///
    /// # Errors
    /// [`TrainError::Order`] when the order clips nobody, and [`TrainError::State`] when the system
    /// gives no randomness.
    pub(crate) fn begin(
        noise: &PatientNoise,
        order: &TrainOrder,
        rows: usize,
        source: NoiseSource,
        address: Address,
    ) -> Result<Self, TrainError> {
        let refuse = |reason: &str| Err(TrainError::Order(reason.to_owned()));
        if order.example_clip_norm <= 0.0 {
            return refuse("noise without a clip norm protects nobody");
        }
        let batch = order.batch_rows(rows as u64);
        let sampling = Sampling::of(noise.draws, rows as u64, batch);
        let rng = source
            .rng(order.seed, address)
            .map_err(|error| TrainError::State(error.to_string()))?;
        Ok(Self {
            asked: *noise,
            expected: sampling
                .rate()
                .map_or(batch as f64, |rate| rate * rows as f64) as f32,
            sampling,
            rng,
            batch: batch as usize,
            draws: LEAST_DRAWS.div_ceil(order.steps(rows as u64).max(1)) as u32,
            deviation: (noise.noise_multiplier * f64::from(order.example_clip_norm)) as f32,
            noise: Vec::new(),
        })
    }

    /// Calls `step` with the rows of each of so many steps; some may be empty.
    pub(crate) fn for_each(
        &mut self,
        rows: usize,
        steps: u64,
        mut step: impl FnMut(&mut Self, &[u32]),
    ) {
        let mut batch: Vec<u32> = Vec::new();
        let mut permutation: Vec<u32> = (0..rows as u32).collect();
        let mut place = rows;
        for _ in 0..steps {
            batch.clear();
            match self.sampling {
                Sampling::Poisson { rate } => self.poisson(rows, rate, &mut batch),
                Sampling::TruncatedPoisson { rate, most, .. } => {
                    self.poisson(rows, rate, &mut batch);
                    let most = most as usize;
                    if batch.len() > most {
                        choose(&mut batch, most, &mut self.rng);
                        batch.truncate(most);
                    }
                }
                Sampling::FixedWithoutReplacement { batch: count, .. } => {
                    choose(&mut permutation, count as usize, &mut self.rng);
                    batch.extend_from_slice(&permutation[..count as usize]);
                }
                Sampling::ShuffledEpochs => {
                    if place >= rows {
                        choose(&mut permutation, rows, &mut self.rng);
                        place = 0;
                    }
                    let end = (place + self.batch).min(rows);
                    batch.extend_from_slice(&permutation[place..end]);
                    place = end;
                }
                Sampling::FullBatch => batch.extend(0..rows as u32),
            }
            step(self, &batch);
        }
    }

    /// Each row with probability `rate`, exact to 2^-64.
    fn poisson(&mut self, rows: usize, rate: f64, batch: &mut Vec<u32>) {
        let below = (rate * 2.0_f64.powi(64)) as u64; // 1 saturates, and is met below
        for row in 0..rows as u32 {
            if self.rng.next_u64() < below || rate >= 1.0 {
                batch.push(row);
            }
        }
    }

    /// What it comes to with so many steps.
    pub(crate) fn noised(&self, steps: u64) -> Noised {
        Noised {
            noise: self.asked,
            steps,
            batch: self.batch as u64,
        }
    }

    /// Draws the noise of the next step, for so many parameters.
    pub(crate) fn draw(&mut self, parameters: usize) {
        self.noise.resize(parameters, 0.0);
        continuous::fill(&mut self.noise, self.draws, &mut self.rng);
    }

    /// Makes of `gradient`, the mean over `count` rows, the step's private gradient.
    pub(crate) fn protect(&self, count: usize, gradient: &mut [f32]) {
        let (count, share) = (count as f32, 1.0 / self.expected);
        for (g, noise) in gradient.iter_mut().zip(&self.noise) {
            *g = (count * *g + self.deviation * noise) * share;
        }
    }
}

/// Brings a uniform choice of `count` items, in random order, to the front (Fisher-Yates).
fn choose(items: &mut [u32], count: usize, rng: &mut impl Rng) {
    for i in 0..count.min(items.len().saturating_sub(1)) {
        items.swap(i, rng.random_range(i..items.len()));
    }
}
