//! A model and rows, without a hospital around them: what the baselines (alone, pooled) are
//! made of, and what [`crate::HospitalTrainer`] itself works with.

use std::borrow::Cow;
use std::sync::Arc;

use ward_core::{Address, Noised, Params, Scaling, TrainError, TrainOrder};
use ward_data::Rows;
use ward_privacy::NoiseSource;

use crate::algorithm::{Chosen, choose};
use crate::engine::{Engine, Model};
use crate::fit::{Added, Workspace, fit};
use crate::model::ModelSpec;
use crate::score::{Scores, score};

/// A model under one engine, with the workspace it trains and scores in.
///
/// It keeps nothing between calls but the workspace: the same arguments give the same bits,
/// whatever came before.
#[derive(Debug)]
pub struct Learner {
    spec: Arc<ModelSpec>,
    model: Model,
    workspace: Workspace,
}

/// What training came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitted {
    /// The parameters after the work.
    pub params: Params,
    /// Mean training loss over all rows visited.
    pub loss: f64,
}

/// What local training came to, still in the workspace.
pub(crate) struct Trained<'a> {
    /// The parameters after the work.
    pub(crate) after: &'a [f32],
    /// Mean loss over all rows visited.
    pub(crate) loss: f64,
    /// The noise that was added.
    pub(crate) noised: Option<Noised>,
}

impl Learner {
    /// A learner of `spec` under `engine`.
    #[must_use]
    pub fn new(spec: Arc<ModelSpec>, engine: Engine) -> Self {
        let model = Model::new(&spec, engine);
        let workspace = Workspace::new(&spec);
        Self {
            spec,
            model,
            workspace,
        }
    }

    /// The model it trains.
    #[must_use]
    pub fn spec(&self) -> &Arc<ModelSpec> {
        &self.spec
    }

    /// Trains from `params` on `rows`, z-scored with `order.scaling` if there is one, as `order`
    /// says, but for an algorithm or a personalisation: those are a hospital's in its rounds. Every
    /// random choice, noise too, is drawn at `order.seed` + `address`: what comes of it must not leave.
    ///
    /// # Errors
    /// [`TrainError`] when parameters, rows or scaling do not fit, when there are no rows, and
    /// when the numbers run away.
    pub fn train(
        &mut self,
        params: &Params,
        rows: &Rows,
        order: &TrainOrder,
        address: Address,
    ) -> Result<Fitted, TrainError> {
        check_rows(&self.spec, rows)?;
        let rows = scaled(rows, order.scaling.as_deref())?;
        let added = Added {
            noise: NoiseSource::Simulated,
            ..Added::default()
        };
        let trained = self.fit(&params.0, &rows, order, added, address)?;
        Ok(Fitted {
            params: Params(trained.after.to_vec()),
            loss: trained.loss,
        })
    }

    /// Scores `params` on `rows`, z-scored with `scaling` if there is one.
    /// No rows give no metrics.
    ///
    /// # Errors
    /// [`TrainError`] when parameters, rows or scaling do not fit.
    pub fn evaluate(
        &mut self,
        params: &Params,
        rows: &Rows,
        scaling: Option<&Scaling>,
    ) -> Result<Scores, TrainError> {
        check_rows(&self.spec, rows)?;
        let rows = scaled(rows, scaling)?;
        self.score(&params.0, &rows)
    }

    /// Of the `models` of a run, one after the other, the one with the least loss on `rows`, z-scored
    /// with `scaling` if there is one: its place among them, from 0, and its parameters.
    ///
    /// # Errors
    /// [`TrainError`] when parameters, rows or scaling do not fit.
    pub fn choose(
        &mut self,
        models: &Params,
        rows: &Rows,
        scaling: Option<&Scaling>,
    ) -> Result<(usize, Params), TrainError> {
        check_rows(&self.spec, rows)?;
        let rows = match models.0.len() == self.spec.parameters() {
            true => Cow::Borrowed(rows), // one alone is not scored
            false => scaled(rows, scaling)?,
        };
        let Chosen { place, params } = choose(self, &models.0, &rows)?;
        Ok((place, Params(params.to_vec())))
    }

    /// As [`Self::train`], on rows that are checked and scaled already, with what is `added`.
    pub(crate) fn fit(
        &mut self,
        params: &[f32],
        rows: &Rows,
        order: &TrainOrder,
        added: Added<'_>,
        address: Address,
    ) -> Result<Trained<'_>, TrainError> {
        check_params(&self.spec, params)?;
        let Self {
            model, workspace, ..
        } = self;
        let model = model.differentiable();
        let (loss, noised) = fit(model, workspace, params, rows, order, added, address)?;
        Ok(Trained {
            after: self.workspace.params(),
            loss,
            noised,
        })
    }

    /// As [`Self::evaluate`], on rows that are checked and scaled already.
    pub(crate) fn score(&mut self, params: &[f32], rows: &Rows) -> Result<Scores, TrainError> {
        check_params(&self.spec, params)?;
        Ok(score(&mut self.model, &self.spec, params, rows))
    }
}

fn check_params(spec: &ModelSpec, params: &[f32]) -> Result<(), TrainError> {
    let (got, expected) = (params.len(), spec.parameters());
    if got == expected {
        Ok(())
    } else {
        Err(TrainError::WrongLength { got, expected })
    }
}

/// Whether `spec` can read `rows`: shape, count, labels and finite numbers.
///
/// # Errors
/// [`TrainError::Misfit`] names the first thing that is wrong.
pub(crate) fn check_rows(spec: &ModelSpec, rows: &Rows) -> Result<(), TrainError> {
    let misfit = |reason: String| Err(TrainError::Misfit(reason));
    let width = rows.width();
    if rows.shape != spec.input_shape {
        let (got, expected) = (&rows.shape, &spec.input_shape);
        return misfit(format!(
            "they have shape {got:?}, the model reads {expected:?}"
        ));
    }
    if rows.features.len() != rows.len() * width {
        let (numbers, labels) = (rows.features.len(), rows.len());
        return misfit(format!(
            "{numbers} numbers are not {labels} rows of {width}"
        ));
    }
    if let Some(row) = rows
        .labels
        .iter()
        .position(|&l| usize::from(l) >= spec.classes)
    {
        let (label, last) = (rows.labels[row], spec.classes - 1);
        return misfit(format!(
            "row {row} is of class {label}, the model knows 0 to {last}"
        ));
    }
    if let Some(at) = rows.features.iter().position(|v| !v.is_finite()) {
        let (row, feature) = (at / width, at % width);
        return misfit(format!(
            "feature {feature} of row {row} is not a finite number"
        ));
    }
    Ok(())
}

/// `rows` under `scaling`; borrowed where nothing changes.
///
/// # Errors
/// [`TrainError::WrongWidth`] when the scaling is for another number of features.
pub(crate) fn scaled<'a>(
    rows: &'a Rows,
    scaling: Option<&Scaling>,
) -> Result<Cow<'a, Rows>, TrainError> {
    let Some(scaling) = scaling else {
        return Ok(Cow::Borrowed(rows));
    };
    let expected = rows.width();
    for got in [scaling.means.len(), scaling.deviations.len()] {
        if got != expected {
            return Err(TrainError::WrongWidth { got, expected });
        }
    }
    let mut rows = rows.clone();
    scaling.apply(&mut rows.features);
    Ok(Cow::Owned(rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batches::tests::{at, order};
    use crate::engine::TrainingDevice;
    use crate::model::{MlpConfig, ModelConfig};
    use rand::RngExt;
    use ward_core::metric::name;
    use ward_core::{Batches, LocalWork, Seed, Summary};

    const ENGINES: [Engine; 2] = [Engine::Fused, Engine::Burn(TrainingDevice::Cpu)];

    fn spec(classes: usize) -> Arc<ModelSpec> {
        let config = ModelConfig::Mlp(MlpConfig { hidden: vec![8] });
        Arc::new(ModelSpec::resolve(&config, &[2], classes).unwrap())
    }

    /// Positive inside a ring: no straight line tells the classes apart.
    fn ring(count: usize, seed: u64) -> Rows {
        let mut rng = Seed::run(seed).stream();
        let mut rows = Rows::empty(&[2]);
        for _ in 0..count {
            let point: [f32; 2] = [rng.random_range(9.0..11.0), rng.random_range(-20.0..20.0)];
            let inside = (point[0] - 10.0).powi(2) + (point[1] / 20.0).powi(2) < 0.6;
            rows.push(&point, u8::from(inside));
        }
        rows
    }

    #[test]
    fn an_mlp_learns_a_ring_under_both_engines() {
        let (train, test) = (ring(600, 1), ring(400, 2));
        let scaling = Arc::new(Summary::of(&train.features, 2).scaling());
        let order = TrainOrder {
            scaling: Some(scaling.clone()),
            ..order(LocalWork::Epochs(60), 16, Batches::Shuffled)
        };
        for engine in ENGINES {
            let mut learner = Learner::new(spec(2), engine);
            let first = learner.spec().initial_params(Seed::run(4));
            let before = learner.evaluate(&first, &test, Some(&scaling)).unwrap();
            let fitted = learner.train(&first, &train, &order, at(0, 0)).unwrap();
            let after = learner
                .evaluate(&fitted.params, &test, Some(&scaling))
                .unwrap();
            let auc = |scores: &Scores| scores.evaluation.get(name::AUC).unwrap().value;
            assert!(
                auc(&before) < 0.9 && auc(&after) > 0.97,
                "{} {}",
                auc(&before),
                auc(&after)
            );
            assert_eq!(after.positive.len(), test.len());
        }
    }

    #[test]
    fn scores_do_not_depend_on_what_was_done_before() {
        let (small, large) = (ring(5, 1), ring(300, 2));
        for engine in ENGINES {
            let mut used = Learner::new(spec(2), engine);
            let params = used.spec().initial_params(Seed::run(4));
            let order = order(LocalWork::Epochs(1), 32, Batches::Shuffled);
            used.train(&params, &large, &order, at(0, 0)).unwrap();
            let fresh = Learner::new(spec(2), engine).evaluate(&params, &small, None);
            assert_eq!(used.evaluate(&params, &small, None), fresh);
        }
    }

    #[test]
    fn metrics_of_known_logits_are_known() {
        let config = ModelConfig::Logistic(crate::model::LogisticConfig {});
        let spec = Arc::new(ModelSpec::resolve(&config, &[1], 2).unwrap());
        let mut rows = Rows::empty(&[1]);
        for (x, label) in [(2.0, 1), (-1.0, 0), (0.5, 0), (-3.0, 1)] {
            rows.push(&[x], label);
        }
        for engine in ENGINES {
            let mut learner = Learner::new(spec.clone(), engine);
            let scores = learner
                .evaluate(&Params(vec![1.0, 0.0]), &rows, None)
                .unwrap();
            let losses = [-2.0_f64, -1.0, 0.5, 3.0].map(|z| z.exp().ln_1p());
            let mean = losses.iter().sum::<f64>() / 4.0;
            let variance = losses.iter().map(|l| (l - mean).powi(2)).sum::<f64>() / 3.0;
            let loss = scores.evaluation.get(name::LOSS).unwrap();
            assert!((loss.value - mean).abs() < 1e-6 && loss.n == 4);
            assert!((loss.standard_error - (variance / 4.0).sqrt()).abs() < 1e-6);
            let accuracy = scores.evaluation.get(name::ACCURACY).unwrap();
            assert_eq!((accuracy.value, accuracy.standard_error), (0.5, 0.25));
            assert_eq!(scores.evaluation.get(name::AUC).unwrap().value, 0.5);
            assert!((f64::from(scores.positive[0]) - 1.0 / (1.0 + (-2.0_f64).exp())).abs() < 1e-6);
        }
    }

    #[test]
    fn three_classes_have_accuracy_but_no_auc() {
        let mut rows = Rows::empty(&[2]);
        (0..3).for_each(|label| rows.push(&[f32::from(label), 1.0], label));
        let mut learner = Learner::new(spec(3), Engine::Fused);
        let params = learner.spec().initial_params(Seed::run(1));
        let scores = learner.evaluate(&params, &rows, None).unwrap();
        assert!(scores.positive.is_empty() && scores.evaluation.get(name::AUC).is_none());
        assert_eq!(scores.evaluation.get(name::ACCURACY).unwrap().n, 3);
    }

    #[test]
    fn no_rows_give_no_metrics() {
        let mut learner = Learner::new(spec(2), Engine::Fused);
        let params = learner.spec().initial_params(Seed::run(1));
        let scores = learner.evaluate(&params, &Rows::empty(&[2]), None).unwrap();
        assert_eq!(scores, Scores::default());
    }

    #[test]
    fn rows_that_the_model_cannot_read_are_refused_with_the_place() {
        let good = ring(4, 1);
        let mut wrong = [good.clone(), good.clone(), good.clone(), good];
        wrong[0].shape = vec![1, 2];
        wrong[1].features.pop();
        wrong[2].labels[3] = 2;
        wrong[3].features[5] = f32::NAN;
        let reasons = [
            "they have shape [1, 2], the model reads [2]",
            "7 numbers are not 4 rows of 2",
            "row 3 is of class 2, the model knows 0 to 1",
            "feature 1 of row 2 is not a finite number",
        ];
        let mut learner = Learner::new(spec(2), Engine::Fused);
        let params = learner.spec().initial_params(Seed::run(1));
        let order = order(LocalWork::Epochs(1), 2, Batches::InOrder);
        for (rows, reason) in wrong.iter().zip(reasons) {
            let refused = TrainError::Misfit(reason.into());
            assert_eq!(learner.evaluate(&params, rows, None), Err(refused.clone()));
            assert_eq!(learner.train(&params, rows, &order, at(0, 0)), Err(refused));
        }
    }
}
