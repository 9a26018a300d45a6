//! Two rounds of one hospital under each algorithm, against its equations.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use ward_core::{
    Address, Algorithm, Batches, LocalUpdate, LocalWork, NodeId, NodeInfo, NodeState, NodeStates,
    OptimizerSpec, Params, RunId, StateKind, TrainError, TrainOrder, Trainer as _, Wide,
};
use ward_data::{HospitalData, Rows};

use crate::batches::tests::{at, order};
use crate::model::{LogisticConfig, ModelConfig, ModelSpec};
use crate::{Engine, HospitalTrainer, Learners};

const RATE: f32 = 0.1;
const STARTS: [[f32; 3]; 2] = [[0.3, -0.2, 0.1], [0.4, 0.0, -0.5]];

/// Keeps the last state of each kind.
#[derive(Debug, Default)]
struct Kept(Mutex<HashMap<StateKind, NodeState>>);

impl NodeStates for Kept {
    fn recall(&self, _: RunId, _: Address, kind: StateKind) -> Result<Option<NodeState>, String> {
        Ok(self.0.lock().unwrap().get(&kind).cloned())
    }

    fn keep(&self, _: RunId, _: Address, state: &NodeState) -> Result<(), String> {
        self.0.lock().unwrap().insert(state.kind, state.clone());
        Ok(())
    }
}

/// Logistic regression over five rows, all of them in each step.
struct Hospital {
    trainer: HospitalTrainer,
    rows: Rows,
    states: Arc<Kept>,
}

impl Hospital {
    fn new() -> Self {
        let rows = Rows {
            shape: vec![2],
            features: (0..10).map(|i| (i as f32 * 0.37).sin()).collect(),
            labels: vec![0, 1, 1, 0, 1],
        };
        let data = HospitalData {
            info: NodeInfo {
                node: NodeId(0),
                name: "a".into(),
                tier: "all".into(),
                ..NodeInfo::default()
            },
            train: rows.clone(),
            test: rows.clone(),
            facts: vec![],
        };
        let config = ModelConfig::Logistic(LogisticConfig {});
        let spec = Arc::new(ModelSpec::resolve(&config, &[2], 2).unwrap());
        let states = Arc::new(Kept::default());
        let learners = Learners::new(spec, Engine::Fused);
        Self {
            trainer: HospitalTrainer::new(data, learners).remembering(states.clone()),
            rows,
            states,
        }
    }

    /// Mean loss and its gradient, in `f64`.
    fn loss(&self, w: &[f32]) -> (f64, [f32; 3]) {
        let (mut loss, mut gradient) = (0.0, [0.0_f64; 3]);
        for i in 0..5 {
            let x = [self.rows.row(i)[0], self.rows.row(i)[1], 1.0].map(f64::from);
            let z: f64 = x.iter().zip(w).map(|(x, w)| x * f64::from(*w)).sum();
            let label = f64::from(self.rows.labels[i]);
            loss += (z.exp().ln_1p() - label * z) / 5.0;
            let residual = 1.0 / (1.0 + (-z).exp()) - label;
            gradient
                .iter_mut()
                .zip(x)
                .for_each(|(g, x)| *g += residual * x / 5.0);
        }
        (loss, gradient.map(|g| g as f32))
    }

    /// `steps` steps from `w`, with `bend` applied to each gradient.
    fn walk(&self, start: [f32; 3], steps: u32, bend: impl Fn(usize, f32, f32) -> f32) -> [f32; 3] {
        let mut w = start;
        for _ in 0..steps {
            let (_, gradient) = self.loss(&w);
            w = [0, 1, 2].map(|i| w[i] - RATE * bend(i, gradient[i], w[i]));
        }
        w
    }

    fn train(&mut self, round: usize, start: &[f32], algorithm: Algorithm) -> LocalUpdate {
        let order = TrainOrder {
            algorithm,
            ..order(LocalWork::Steps(3), 0, Batches::InOrder)
        };
        let start = Params(start.to_vec());
        self.trainer
            .train(&start, &order, at(round as u32, 0))
            .unwrap()
    }

    fn state(&self, kind: StateKind) -> Vec<f32> {
        self.states.0.lock().unwrap()[&kind].values.clone()
    }
}

fn close(got: &[f32], expected: &[f32]) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() < 2e-6, "{got} is not {expected}");
    }
}

#[test]
fn two_rounds_of_fed_dyn() {
    let (mut hospital, alpha) = (Hospital::new(), 0.3);
    let mut h = [0.0; 3];
    for (round, start) in STARTS.into_iter().enumerate() {
        let w = hospital.walk(start, 3, |i, g, w| g - h[i] + alpha * (w - start[i]));
        let update = hospital.train(round, &start, Algorithm::FedDyn { alpha });
        close(&update.delta.0, &[0, 1, 2].map(|i| w[i] - start[i]));
        assert!(update.extras.is_empty());
        h = [0, 1, 2].map(|i| h[i] - alpha * (w[i] - start[i]));
        close(&hospital.state(StateKind::FedDyn), &h);
    }
}

#[test]
fn two_rounds_of_scaffold() {
    let mut hospital = Hospital::new();
    let mut own = [0.0; 3];
    for (round, start) in STARTS.into_iter().enumerate() {
        let control = [0.05, -0.1, 0.2].map(|c: f32| c * (round + 1) as f32);
        let w = hospital.walk(start, 3, |i, g, _| g - own[i] + control[i]);
        let update = hospital.train(round, &[start, control].concat(), Algorithm::Scaffold);
        close(&update.delta.0, &[0, 1, 2].map(|i| w[i] - start[i]));
        let after = [0, 1, 2].map(|i| own[i] - control[i] + (start[i] - w[i]) / (3.0 * RATE));
        close(&update.extras, &[0, 1, 2].map(|i| after[i] - own[i]));
        own = after;
        close(&hospital.state(StateKind::Scaffold), &own);
    }
}

#[test]
fn two_rounds_of_fed_nova_fed_exp_and_q_fed_avg() {
    let mut hospital = Hospital::new();
    for (round, start) in STARTS.into_iter().enumerate() {
        let w = hospital.walk(start, 3, |_, g, _| g);
        let update = [0, 1, 2].map(|i| w[i] - start[i]);
        let squares = update.iter().map(|d| f64::from(*d).powi(2)).sum::<f64>();
        let loss = hospital.loss(&start).0;
        let q = 2.0;
        for (algorithm, factor, extra) in [
            (Algorithm::FedNova, 1.0 / 3.0, 3.0),
            (Algorithm::FedExP, 1.0, squares),
            (
                Algorithm::QFedAvg {
                    q,
                    lipschitz: Some(4.0),
                },
                loss.powi(2),
                2.0 * loss * 4.0 * squares + loss.powi(2),
            ),
            (
                Algorithm::QFedAvg { q, lipschitz: None },
                loss.powi(2),
                2.0 * loss / f64::from(RATE) * squares + loss.powi(2),
            ),
        ] {
            let got = hospital.train(round, &start, algorithm);
            close(
                &got.delta.0,
                &update.map(|d| (f64::from(d) * factor) as f32),
            );
            assert!(
                (Wide::value(&got.extras).unwrap() - extra).abs() < 2e-6,
                "{algorithm:?}"
            );
        }
    }
}

#[test]
fn two_rounds_of_ifca() {
    let mut hospital = Hospital::new();
    let algorithm = Algorithm::Ifca { clusters: 3 };
    // The model that fits best stands in the middle, then last.
    let worse = [[-2.0, 1.0, 0.7], [1.0, 3.0, -1.0]];
    for (round, (start, models, place)) in [
        (STARTS[0], [worse[0], STARTS[0], worse[1]], 1),
        (STARTS[1], [worse[1], worse[0], STARTS[1]], 2),
    ]
    .into_iter()
    .enumerate()
    {
        let loss = |w: &[f32; 3]| hospital.loss(w).0;
        assert!(worse.iter().all(|worse| loss(&start) < loss(worse)));
        let w = hospital.walk(start, 3, |_, g, _| g);
        let update = hospital.train(round, &models.concat(), algorithm);
        let mut expected = [[0.0; 3]; 3];
        expected[place] = [0, 1, 2].map(|i| w[i] - start[i]);
        close(&update.delta.0, &expected.concat());
        let mut chosen = [0.0; 3];
        chosen[place] = 1.0;
        assert_eq!(update.extras, chosen);
        for (place, block) in expected.iter().enumerate() {
            if chosen[place] == 0.0 {
                assert_eq!(update.delta.0[3 * place..][..3], *block);
            }
        }
    }
}

#[test]
fn ifca_with_one_model_is_plain_training_to_the_bit() {
    let plain = Hospital::new().train(0, &STARTS[0], Algorithm::Plain);
    let one = Hospital::new().train(0, &STARTS[0], Algorithm::Ifca { clusters: 1 });
    assert_eq!(one.delta.0, plain.delta.0);
    assert_eq!((one.loss, one.extras), (plain.loss, vec![1.0]));
}

#[test]
fn a_hospital_of_ifca_scores_the_model_that_it_would_train() {
    let mut hospital = Hospital::new();
    let evaluate = |hospital: &mut Hospital, models: &[[f32; 3]], algorithm| {
        let order = TrainOrder {
            algorithm,
            ..order(LocalWork::Steps(3), 0, Batches::InOrder)
        };
        let models = Params(models.concat());
        hospital.trainer.evaluate(&models, &order, at(0, 0))
    };
    let ifca = Algorithm::Ifca { clusters: 2 };
    let alone = evaluate(&mut hospital, &STARTS[..1], Algorithm::Plain);
    let models = [[1.0, 3.0, -1.0], STARTS[0]];
    assert_eq!(evaluate(&mut hospital, &models, ifca), alone);
    let wrong = TrainError::WrongLength {
        got: 3,
        expected: 6,
    };
    assert_eq!(evaluate(&mut hospital, &models[..1], ifca), Err(wrong));
}

#[test]
fn orders_that_an_algorithm_is_not_defined_for_are_refused() {
    let mut hospital = Hospital::new();
    let adam = OptimizerSpec::Adam {
        learning_rate: 0.1,
        beta1: 0.9,
        beta2: 0.99,
        epsilon: 1e-8,
    };
    let momentum = OptimizerSpec::Sgd {
        learning_rate: 0.1,
        momentum: 0.5,
    };
    for (algorithm, optimizer, reason) in [
        (Algorithm::FedNova, adam, "FedNova is defined for SGD only"),
        (
            Algorithm::Scaffold,
            adam,
            "SCAFFOLD is defined for SGD only",
        ),
        (
            Algorithm::Scaffold,
            momentum,
            "SCAFFOLD is defined for SGD without momentum",
        ),
    ] {
        let order = TrainOrder {
            algorithm,
            optimizer,
            ..order(LocalWork::Steps(1), 0, Batches::InOrder)
        };
        let params = Params(vec![0.0; 3 + algorithm.extras_sent(3)]);
        let refused = hospital.trainer.train(&params, &order, at(0, 0));
        assert_eq!(refused, Err(TrainError::Order(reason.to_owned())));
    }
}

#[test]
fn extras_that_are_missing_are_missed() {
    let mut hospital = Hospital::new();
    let order = TrainOrder {
        algorithm: Algorithm::Scaffold,
        ..order(LocalWork::Steps(1), 0, Batches::InOrder)
    };
    let got = hospital
        .trainer
        .train(&Params(vec![0.0; 3]), &order, at(0, 0));
    let wrong = TrainError::WrongLength {
        got: 3,
        expected: 6,
    };
    assert_eq!(got, Err(wrong));
}
