//! What one update tells of the rows it was made of: inversion of the first layer.
//!
//! A dense first layer z = W x + b has dL/dW_j = (dL/db_j) x for each row x, so that a unit which
//! answered to one row alone gives that row away: x = dW_j / db_j, one division (Phong et al. 2018,
//! IEEE TIFS 13(5)). What is attacked is the gradient of the run's first model on a few of a hospital's
//! training rows; a row counts as recovered where some unit's quotient is within a tenth of the rows'
//! standard deviation of it.

use ward_core::{
    Address, LocalWork, NodeInfo, OptimizerSpec, Params, Protection, RoundId, TensorSpec,
    TrainError, TrainOrder,
};
use ward_core::{Draws, Estimate, Layout, PatientNoise};
use ward_data::Rows;
use ward_observe::{Examination, Model, ResultRow, text};
use ward_train::Learner;

use crate::config::types::InversionConfig;
use crate::results::tiers;

/// Root mean square of a recovered row's error, over the rows' standard deviation.
const NEAR: f64 = 0.1;

/// What an attack on batches of one size found in one hospital.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Inverted {
    /// Rows of a batch.
    pub batch: u32,
    /// Whether the gradients were clipped and noised as the run's are.
    pub noised: bool,
    /// Rows attacked.
    pub rows: u64,
    /// Rows recovered.
    pub recovered: u64,
}

/// The weights and biases of a dense first layer.
struct FirstLayer {
    inputs: usize,
    units: usize,
}

impl FirstLayer {
    fn of(layout: &Layout) -> Option<Self> {
        let [weight, bias, ..] = layout.tensors.as_slice() else {
            return None;
        };
        let shape = |tensor: &TensorSpec| tensor.shape.clone();
        match (shape(weight).as_slice(), shape(bias).as_slice()) {
            (&[inputs, units], &[biases]) if biases == units => Some(Self { inputs, units }),
            _ => None,
        }
    }

    /// Each unit's quotient, where it has one.
    fn quotients(&self, gradient: &[f32]) -> Vec<Vec<f32>> {
        let (weights, rest) = gradient.split_at(self.inputs * self.units);
        let quotient = |unit: usize| {
            let bias = rest[unit];
            let column = weights.iter().skip(unit).step_by(self.units);
            (bias != 0.0).then(|| column.map(|weight| weight / bias).collect())
        };
        (0..self.units).filter_map(quotient).collect()
    }
}

impl Inverted {
    /// Attacks batches of the first training rows of a hospital; nothing where the model has no dense
    /// first layer. `like` says how the run clips and noises rows' gradients.
    pub(crate) fn attack(
        learner: &mut Learner,
        config: &InversionConfig,
        initial: &Params,
        rows: &Rows,
        like: &TrainOrder,
        place: Address,
    ) -> Result<Vec<Self>, TrainError> {
        let Some(layer) = FirstLayer::of(learner.spec().layout()) else {
            return Ok(Vec::new());
        };
        let mut orders = vec![(false, gradient_of(like))];
        if let Protection::Patient(noise) = like.protection {
            let order = TrainOrder {
                example_clip_norm: like.example_clip_norm,
                protection: Protection::Patient(PatientNoise {
                    draws: Draws::Full,
                    ..noise
                }),
                ..gradient_of(like)
            };
            orders.push((true, order));
        }
        let mut seen = rows.clone();
        if let Some(scaling) = &like.scaling {
            scaling.apply(&mut seen.features);
        }
        let near = NEAR * spread(&seen);
        let mut found = Vec::new();
        for (noised, order) in &orders {
            for &batch in &config.batches {
                let mut of_size = Self {
                    batch,
                    noised: *noised,
                    rows: 0,
                    recovered: 0,
                };
                let most = rows.len().min(config.rows as usize);
                for (turn, from) in (0..most).step_by(batch as usize).enumerate() {
                    let to = from + batch as usize;
                    if to > most {
                        break;
                    }
                    let place = Address {
                        round: RoundId(turn as u32),
                        ..place
                    };
                    let some = some_of(rows, from, to);
                    let after = learner.train(initial, &some, order, place)?.params;
                    let gradient: Vec<f32> =
                        after.0.iter().zip(&initial.0).map(|(a, b)| a - b).collect();
                    let guesses = layer.quotients(&gradient);
                    let known = |row: &usize| {
                        let row = seen.row(*row);
                        guesses.iter().any(|guess| distance(guess, row) <= near)
                    };
                    of_size.rows += u64::from(batch);
                    of_size.recovered += (from..to).filter(known).count() as u64;
                }
                if of_size.rows > 0 {
                    found.push(of_size);
                }
            }
        }
        Ok(found)
    }
}

/// One step along the plain gradient on all rows that are there.
fn gradient_of(like: &TrainOrder) -> TrainOrder {
    let optimizer = OptimizerSpec::Sgd {
        learning_rate: 1.0,
        momentum: 0.0,
    };
    TrainOrder {
        scaling: like.scaling.clone(),
        ..TrainOrder::new(LocalWork::Steps(1), 0, optimizer, like.ring, like.seed)
    }
}

fn some_of(rows: &Rows, from: usize, to: usize) -> Rows {
    let mut some = Rows::empty(&rows.shape);
    for row in from..to {
        some.push(rows.row(row), rows.labels[row]);
    }
    some
}

/// The root mean square of two rows' difference.
fn distance(a: &[f32], b: &[f32]) -> f64 {
    let squares = a.iter().zip(b).map(|(a, b)| f64::from(a - b).powi(2));
    (squares.sum::<f64>() / a.len().max(1) as f64).sqrt()
}

/// The root mean square of the features' standard deviations.
fn spread(rows: &Rows) -> f64 {
    let (width, count) = (rows.width(), rows.len().max(1) as f64);
    let mut means = vec![0.0; width];
    for row in 0..rows.len() {
        let values = means.iter_mut().zip(rows.row(row));
        values.for_each(|(mean, value)| *mean += f64::from(*value) / count);
    }
    let means: Vec<f32> = means.into_iter().map(|mean| mean as f32).collect();
    let squares = (0..rows.len()).map(|row| distance(rows.row(row), &means).powi(2));
    (squares.sum::<f64>() / count).sqrt()
}

pub(super) fn examine(
    inverted: &[(&NodeInfo, Vec<Inverted>)],
    protection: Protection,
    masked: bool,
) -> Examination {
    let mut answer = Examination::new("inversion", "Inversion of updates");
    answer.words.push(
        "An update of one step gives a training row away where a unit of the first layer answered to \
         that row alone: one division recovers it. Recovered means within a tenth of the rows' standard \
         deviation. Batches are of the hospital's first training rows, at the model that the run began with."
            .to_owned(),
    );
    let mut groups = vec!["all".to_owned()];
    groups.extend(tiers(inverted.iter().map(|(info, _)| *info)));
    for group in groups {
        let of_group = inverted
            .iter()
            .filter(|(info, _)| group == "all" || info.tier == group)
            .flat_map(|(_, found)| found);
        let mut sums: Vec<Inverted> = Vec::new();
        for found in of_group {
            let alike =
                |sum: &&mut Inverted| (sum.batch, sum.noised) == (found.batch, found.noised);
            match sums.iter_mut().find(alike) {
                Some(sum) => {
                    sum.rows += found.rows;
                    sum.recovered += found.recovered;
                }
                None => sums.push(*found),
            }
        }
        for sum in sums {
            let how = if sum.noised { "_with_noise" } else { "" };
            let metric = format!("recovered_at_batch_{}{how}", sum.batch);
            let share = Estimate::share(sum.recovered, sum.rows, sum.rows);
            let row = ResultRow::of(&group, Model::Federated, &metric, &share);
            answer.rows.push(row);
        }
    }
    if answer.rows.is_empty() {
        let none = "There is nothing to divide: the model has no dense first layer, or hospitals have \
                    fewer rows than a batch.";
        answer.words.push(none.to_owned());
    }
    answer.words.extend(words(protection, masked));
    answer
}

/// What the coordinator of this run sees instead, where it is not what was attacked.
fn words(protection: Protection, masked: bool) -> Vec<String> {
    let noised = match protection {
        Protection::None => None,
        Protection::Patient(noise) => Some(format!(
            "In this run each row's gradient is clipped, and each step is noised with {} times the clip norm: \
             that is attacked too, with noise.",
            text::value(noise.noise_multiplier)
        )),
        Protection::Hospital(_) => {
            Some("In this run whole updates are noised, which is not attacked here.".to_owned())
        }
    };
    let masked = masked.then(|| {
        "In this run the coordinator sees the sum of all updates under masks, and no single one to divide."
            .to_owned()
    });
    [noised, masked].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests;
