//! One hospital at work: its rows, its model, both engines.

use std::sync::Arc;

use ward_core::{
    Address, Delta, Evaluation, Layout, LocalUpdate, NodeStates, Params, RoundId, Scaling, Summary,
    TrainError, TrainOrder, Trainer,
};
use ward_data::{Federation, HospitalData, Rows};
use ward_privacy::NoiseSource;

use crate::algorithm::{Before, Chosen, Part, choose, part};
use crate::fit::Added;
use crate::fused::difference;
use crate::learner::{Trained, check_rows, scaled};
use crate::learners::Learners;
use crate::personal;

/// A [`Trainer`] over one hospital's rows.
#[derive(Debug)]
pub struct HospitalTrainer {
    data: HospitalData,
    learners: Learners,
    /// Why the model cannot read the rows, if it cannot.
    misfit: Option<TrainError>,
    /// The rows as the last scaling left them.
    scaled: Option<Scaled>,
    /// Where its state is kept between rounds.
    states: Option<Arc<dyn NodeStates>>,
    /// Where noise comes from, where an order asks for noise.
    noise: NoiseSource,
    /// Where the rows of other rounds come from; `None` where they are always the same.
    course: Option<Course>,
}

/// Rows that become others while a run goes on.
#[derive(Debug)]
struct Course {
    federation: Federation,
    /// The first round with the rows that there are now.
    since: RoundId,
}

#[derive(Debug)]
struct Scaled {
    scaling: Arc<Scaling>,
    train: Rows,
    test: Rows,
}

impl HospitalTrainer {
    /// A trainer over `data` that works with one of `learners`. Rows that their model cannot read
    /// are refused by every [`Trainer::train`] and [`Trainer::evaluate`].
    #[must_use]
    pub fn new(data: HospitalData, learners: Learners) -> Self {
        Self {
            misfit: misfit(&learners, &data),
            data,
            learners,
            scaled: None,
            states: None,
            noise: NoiseSource::System,
            course: None,
        }
    }

    /// Has it turn to the rows that `federation` has for it in each round; it was opened with those of
    /// the first.
    #[must_use]
    pub fn following(mut self, federation: Federation) -> Self {
        let since = RoundId(0);
        self.course = Some(Course { federation, since });
        self
    }

    /// Lets it keep state between rounds in `states`. Without, an order that needs it is refused.
    #[must_use]
    pub fn remembering(mut self, states: Arc<dyn NodeStates>) -> Self {
        self.states = Some(states);
        self
    }

    /// Takes noise from `source` instead of the operating system.
    #[must_use]
    pub fn noised_from(mut self, source: NoiseSource) -> Self {
        self.noise = source;
        self
    }

    /// The rows it trains and tests on.
    #[must_use]
    pub fn data(&self) -> &HospitalData {
        &self.data
    }

    /// Makes `scaled` the rows under `scaling`, unless they are already.
    fn prepare(&mut self, scaling: Option<&Arc<Scaling>>) -> Result<(), TrainError> {
        if let Some(misfit) = &self.misfit {
            return Err(misfit.clone());
        }
        let Some(scaling) = scaling else {
            self.scaled = None;
            return Ok(());
        };
        if self.scaled.as_ref().is_some_and(|s| s.scaling == *scaling) {
            return Ok(());
        }
        self.scaled = Some(Scaled {
            scaling: scaling.clone(),
            train: scaled(&self.data.train, Some(scaling))?.into_owned(),
            test: scaled(&self.data.test, Some(scaling))?.into_owned(),
        });
        Ok(())
    }

    /// Training and test rows as [`Self::prepare`] left them.
    fn rows(&self) -> (&Rows, &Rows) {
        match &self.scaled {
            Some(scaled) => (&scaled.train, &scaled.test),
            None => (&self.data.train, &self.data.test),
        }
    }
}

/// Why the model of `learners` cannot read the rows of `data`, if it cannot.
fn misfit(learners: &Learners, data: &HospitalData) -> Option<TrainError> {
    let mut rows = [&data.train, &data.test].into_iter();
    rows.find_map(|rows| check_rows(learners.spec(), rows).err())
}

/// Whether so many numbers came as there must be.
fn check_len(params: &Params, expected: usize) -> Result<(), TrainError> {
    match params.0.len() {
        got if got == expected => Ok(()),
        got => Err(TrainError::WrongLength { got, expected }),
    }
}

impl Trainer for HospitalTrainer {
    fn layout(&self) -> &Layout {
        self.learners.spec().layout()
    }

    fn turn_to(&mut self, round: RoundId) -> Result<(), TrainError> {
        let Some(course) = &mut self.course else {
            return Ok(());
        };
        let since = course.federation.since(round);
        if since == course.since {
            return Ok(());
        }
        let data = course.federation.hospital_in(self.data.info.node, since);
        self.data = data.map_err(|error| TrainError::Rows(error.to_string()))?;
        course.since = since;
        self.misfit = misfit(&self.learners, &self.data);
        self.scaled = None;
        Ok(())
    }

    fn examples(&self) -> u64 {
        self.data.train.len() as u64
    }

    fn summarise(&self) -> Summary {
        Summary::of(&self.data.train.features, self.data.train.width())
    }

    fn train(
        &mut self,
        params: &Params,
        order: &TrainOrder,
        address: Address,
    ) -> Result<LocalUpdate, TrainError> {
        self.prepare(order.scaling.as_ref())?;
        let (rows, _) = self.rows();
        let parameters = self.learners.spec().parameters();
        check_len(params, order.algorithm.instruction_len(parameters))?;
        let (models, sent) = params.0.split_at(order.algorithm.models_len(parameters));
        let (states, noise) = (self.states.as_deref(), self.noise);
        self.learners.lend(|learner| {
            let Chosen {
                place: choice,
                params: start,
            } = choose(learner, models, rows)?;
            let before = Before {
                order,
                address,
                start,
                choice,
                sent,
                steps: order.steps(rows.len() as u64),
                states,
            };
            let mut own = personal::begin(&before, learner, rows)?;
            let start = own.start.as_deref().unwrap_or(start);
            let before = Before { start, ..before };
            let part = part(&before, || Ok(learner.score(start, rows)?.loss()))?;
            let added = Added {
                linear: part.as_deref().and_then(Part::linear),
                frozen: &own.frozen,
                beside: own.part.as_deref_mut().and_then(|own| own.beside()),
                noise,
                ..Added::default()
            };
            let Trained {
                after,
                loss,
                noised,
            } = learner.fit(start, rows, order, added, address)?;
            let mut update = difference(after, start);
            if let Some(own) = own.part {
                own.finish(after, &mut update)?;
            }
            let extras = match part {
                Some(part) => part.finish(&mut update)?,
                None => Vec::new(),
            };
            Ok(LocalUpdate {
                delta: Delta(update),
                extras,
                examples: rows.len() as u64,
                noised,
                loss,
            })
        })
    }

    fn evaluate(
        &mut self,
        params: &Params,
        order: &TrainOrder,
        address: Address,
    ) -> Result<Evaluation, TrainError> {
        self.prepare(order.scaling.as_ref())?;
        let (train, test) = self.rows();
        let parameters = self.learners.spec().parameters();
        check_len(params, order.algorithm.models_len(parameters))?;
        let states = self.states.as_deref();
        self.learners.lend(|learner| {
            let Chosen {
                place: choice,
                params: start,
            } = choose(learner, &params.0, train)?;
            let mut evaluation = learner.score(start, test)?.evaluation;
            let before = Before {
                order,
                address,
                start,
                choice,
                sent: &[],
                steps: 0,
                states,
            };
            let own = personal::model(&before, learner, train);
            let own = own.and_then(|own| own.map(|own| learner.score(&own, test)).transpose());
            match own {
                Ok(Some(own)) => evaluation.0.extend(own.evaluation.as_personal().0),
                // Its own model is lost; what it says of the common one is not.
                Ok(None) | Err(TrainError::Diverged) => {}
                Err(error) => return Err(error),
            }
            Ok(evaluation)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batches::tests::{at, order};
    use crate::engine::Engine;
    use crate::model::{LogisticConfig, ModelConfig, ModelSpec};
    use ward_core::{Algorithm, Batches, LocalWork, NodeId, NodeInfo, NodeState, RunId, StateKind};

    fn trainer(labels: &[u8]) -> HospitalTrainer {
        let rows = Rows {
            shape: vec![2],
            features: (0..labels.len() * 2)
                .map(|i| (i as f32 * 0.37).sin())
                .collect(),
            labels: labels.to_vec(),
        };
        let info = NodeInfo {
            node: NodeId(0),
            name: "a".into(),
            tier: "all".into(),
            ..NodeInfo::default()
        };
        let data = HospitalData {
            info,
            train: rows.clone(),
            test: rows,
            facts: vec![],
        };
        let config = ModelConfig::Logistic(LogisticConfig {});
        let spec = Arc::new(ModelSpec::resolve(&config, &[2], 2).unwrap());
        HospitalTrainer::new(data, Learners::new(spec, Engine::Fused))
    }

    fn evaluation(
        trainer: &mut HospitalTrainer,
        params: &Params,
        scaling: Option<&Arc<Scaling>>,
    ) -> Evaluation {
        let order = TrainOrder {
            scaling: scaling.cloned(),
            ..order(LocalWork::Steps(1), 0, Batches::InOrder)
        };
        trainer.evaluate(params, &order, at(0, 0)).unwrap()
    }

    #[test]
    fn a_full_batch_step_of_logistic_regression_is_the_closed_form() {
        let mut trainer = trainer(&[0, 1, 1, 0, 1]);
        let params = Params(vec![0.3, -0.2, 0.1]);
        let order = order(LocalWork::Steps(1), 0, Batches::InOrder);
        let update = trainer.train(&params, &order, at(0, 0)).unwrap();
        let rows = &trainer.data.train;
        let mut expected = [0.0_f64; 3];
        for i in 0..rows.len() {
            let x = rows.row(i);
            let z = 0.3 * f64::from(x[0]) - 0.2 * f64::from(x[1]) + 0.1;
            let residual = 1.0 / (1.0 + (-z).exp()) - f64::from(rows.labels[i]);
            for (e, x) in expected
                .iter_mut()
                .zip([f64::from(x[0]), f64::from(x[1]), 1.0])
            {
                *e -= 0.1 * residual * x / rows.len() as f64;
            }
        }
        for (got, expected) in update.delta.0.iter().zip(expected) {
            assert!(
                (f64::from(*got) - expected).abs() < 1e-7,
                "{got} is not {expected}"
            );
        }
        assert_eq!(update.examples, 5);
    }

    #[test]
    fn a_hospital_of_one_class_trains_and_has_no_auc() {
        let mut trainer = trainer(&[1, 1, 1]);
        let params = Params(vec![0.0; 3]);
        let order = order(LocalWork::Epochs(2), 2, Batches::Shuffled);
        assert!(trainer.train(&params, &order, at(0, 0)).is_ok());
        let evaluation = evaluation(&mut trainer, &params, None);
        assert!(evaluation.get("auc").is_none() && evaluation.get("accuracy").is_some());
    }

    #[test]
    fn what_does_not_fit_is_refused_by_name() {
        let mut trainer = trainer(&[0, 1]);
        let order = order(LocalWork::Steps(1), 0, Batches::InOrder);
        let short = Params(vec![0.0; 2]);
        let wrong = TrainError::WrongLength {
            got: 2,
            expected: 3,
        };
        assert_eq!(trainer.train(&short, &order, at(0, 0)), Err(wrong));
        let scaling = Arc::new(Scaling {
            means: vec![0.0],
            deviations: vec![1.0],
        });
        let scaled = TrainOrder {
            scaling: Some(scaling),
            ..order
        };
        let wrong = TrainError::WrongWidth {
            got: 1,
            expected: 2,
        };
        assert_eq!(
            trainer.train(&Params(vec![0.0; 3]), &scaled, at(0, 0)),
            Err(wrong)
        );
    }

    /// Keeps the state of one hospital.
    #[derive(Debug, Default)]
    struct Kept(std::sync::Mutex<Option<NodeState>>);

    impl NodeStates for Kept {
        fn recall(&self, _: RunId, _: Address, _: StateKind) -> Result<Option<NodeState>, String> {
            Ok(self.0.lock().unwrap().clone())
        }

        fn keep(&self, _: RunId, _: Address, state: &NodeState) -> Result<(), String> {
            *self.0.lock().unwrap() = Some(state.clone());
            Ok(())
        }
    }

    #[test]
    fn state_that_is_missing_or_of_another_model_is_refused() {
        let corrected = TrainOrder {
            algorithm: Algorithm::FedDyn { alpha: 0.1 },
            ..order(LocalWork::Steps(1), 0, Batches::InOrder)
        };
        let params = Params(vec![0.0; 3]);
        let refused = |reason: &str| Err(TrainError::State(reason.to_owned()));
        let trained = trainer(&[0, 1]).train(&params, &corrected, at(0, 0));
        assert_eq!(trained, refused("this hospital keeps none"));
        let states = Arc::new(Kept::default());
        let other = NodeState {
            kind: StateKind::FedDyn,
            values: vec![0.0; 2],
        };
        states.keep(RunId::UNNAMED, at(0, 0), &other).unwrap();
        let trained = trainer(&[0, 1])
            .remembering(states)
            .train(&params, &corrected, at(1, 0));
        assert_eq!(trained, refused("it belongs to another model"));
    }

    #[test]
    fn a_hospital_without_rows_and_a_runaway_say_so() {
        let mut order = order(LocalWork::Steps(9), 0, Batches::InOrder);
        let params = Params(vec![1.0; 3]);
        assert_eq!(
            trainer(&[]).train(&params, &order, at(0, 0)),
            Err(TrainError::NoRows)
        );
        order.optimizer = ward_core::OptimizerSpec::Sgd {
            learning_rate: f32::MAX,
            momentum: 0.9,
        };
        assert_eq!(
            trainer(&[0, 1]).train(&params, &order, at(0, 0)),
            Err(TrainError::Diverged)
        );
    }

    #[test]
    fn rows_that_leave_are_neither_trained_on_nor_counted() {
        let data = ward_data::DataConfig::EmrRisk(ward_data::emr_risk::EmrRiskConfig {
            population: ward_data::Population::Ward3,
            withdrawal: Some(ward_data::consent::Withdrawal {
                share: 0.5,
                rounds: vec![2],
            }),
            ..ward_data::emr_risk::EmrRiskConfig::default()
        });
        let (scaling, folder) = (ward_data::ScalingMode::None, std::path::Path::new("."));
        let federation = Federation::open(&data, scaling, 1, folder).unwrap();
        let config = ModelConfig::Logistic(LogisticConfig {});
        let spec = Arc::new(ModelSpec::resolve(&config, &[12], 2).unwrap());
        let opened = |round| {
            let data = federation.hospital_in(NodeId(1), RoundId(round)).unwrap();
            HospitalTrainer::new(data, Learners::new(spec.clone(), Engine::Fused))
        };
        let order = order(LocalWork::Epochs(1), 8, Batches::Shuffled);
        let params = Params(vec![0.0; 13]);
        let at = |round| Address {
            round: RoundId(round),
            node: NodeId(1),
        };
        let mut follower = opened(0).following(federation.clone());
        for round in [0, 1, 2, 5, 1] {
            follower.turn_to(RoundId(round)).unwrap();
            let known = if round < 2 { 0 } else { 2 };
            let own = opened(known).train(&params, &order, at(round)).unwrap();
            let followed = follower.train(&params, &order, at(round)).unwrap();
            assert!(followed == own, "round {round}");
            assert_eq!(
                followed.examples,
                federation.rows_in(NodeId(1), RoundId(round)).0
            );
            assert_eq!(followed.examples == 400, round < 2, "round {round}");
        }
    }

    #[test]
    fn scaling_changes_the_rows_once_and_can_change_again() {
        let mut trainer = trainer(&[0, 1, 0, 1]);
        let params = Params(vec![0.5, 0.5, 0.0]);
        let plain = evaluation(&mut trainer, &params, None);
        let scaling = Arc::new(trainer.summarise().scaling());
        let scaled = evaluation(&mut trainer, &params, Some(&scaling));
        assert_ne!(plain, scaled);
        assert_eq!(evaluation(&mut trainer, &params, Some(&scaling)), scaled);
        assert_eq!(evaluation(&mut trainer, &params, None), plain);
    }
}
