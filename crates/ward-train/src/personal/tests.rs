//! The laws of hospitals' own models, on logistic regression by hand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use ward_core::metric::name;
use ward_core::{
    Address, Batches, Evaluation, LocalWork, NodeId, NodeInfo, NodeState, NodeStates,
    OptimizerSpec, Params, Personalisation, RoundId, RunId, StateKind, TrainError, TrainOrder,
    Trainer,
};
use ward_data::{HospitalData, Rows};

use super::own_order;
use crate::batches::tests::{at, order};
use crate::engine::Engine;
use crate::hospital::HospitalTrainer;
use crate::learner::Learner;
use crate::learners::Learners;
use crate::model::{LogisticConfig, MlpConfig, ModelConfig, ModelSpec};

const RATE: f64 = 0.1;
const STARTS: [[f32; 3]; 2] = [[0.3, -0.2, 0.1], [0.4, 0.0, -0.5]];

/// Remembers states by kind and round.
#[derive(Debug, Default)]
struct Memory(Mutex<BTreeMap<(&'static str, RoundId), NodeState>>);

impl NodeStates for Memory {
    fn recall(
        &self,
        _: RunId,
        address: Address,
        kind: StateKind,
    ) -> Result<Option<NodeState>, String> {
        let states = self.0.lock().unwrap();
        let earlier = states.range((kind.name(), RoundId(0))..(kind.name(), address.round));
        Ok(earlier.last().map(|(_, state)| state.clone()))
    }

    fn keep(&self, _: RunId, address: Address, state: &NodeState) -> Result<(), String> {
        let key = (state.kind.name(), address.round);
        self.0.lock().unwrap().insert(key, state.clone());
        Ok(())
    }
}

impl Memory {
    fn after(&self, round: u32, kind: StateKind) -> Vec<f32> {
        let state = self.recall(RunId::UNNAMED, at(round + 1, 0), kind);
        state.unwrap().unwrap().values
    }
}

fn rows() -> Rows {
    Rows {
        shape: vec![2],
        features: (0..20).map(|i| (i as f32 * 0.37).sin()).collect(),
        labels: vec![0, 1, 1, 0, 1, 1, 0, 1, 0, 1],
    }
}

fn spec(config: &ModelConfig) -> Arc<ModelSpec> {
    Arc::new(ModelSpec::resolve(config, &[2], 2).unwrap())
}

fn logistic() -> Arc<ModelSpec> {
    spec(&ModelConfig::Logistic(LogisticConfig {}))
}

fn hospital(spec: Arc<ModelSpec>) -> (HospitalTrainer, Arc<Memory>) {
    let info = NodeInfo {
        node: NodeId(0),
        name: "a".into(),
        tier: "all".into(),
    };
    let data = HospitalData {
        info,
        train: rows(),
        test: rows(),
        facts: vec![],
    };
    let memory = Arc::new(Memory::default());
    let trainer = HospitalTrainer::new(data, Learners::new(spec, Engine::Fused));
    (trainer.remembering(memory.clone()), memory)
}

/// Two full steps, of which every number can be reckoned by hand.
fn two_steps(personalisation: Personalisation) -> TrainOrder {
    TrainOrder {
        personalisation,
        ..order(LocalWork::Steps(2), 0, Batches::InOrder)
    }
}

fn start(round: usize) -> Params {
    Params(STARTS[round].to_vec())
}

/// The gradient of the mean loss at `w`, and the loss.
fn slope(w: [f64; 3]) -> ([f64; 3], f64) {
    let rows = rows();
    let n = rows.len() as f64;
    let (mut gradient, mut loss) = ([0.0; 3], 0.0);
    for (i, &label) in rows.labels.iter().enumerate() {
        let x = [rows.row(i)[0].into(), rows.row(i)[1].into(), 1.0];
        let z: f64 = w.iter().zip(x).map(|(w, x)| w * x).sum();
        let share = 1.0 / (1.0 + (-z).exp());
        loss -= if label > 0 { share } else { 1.0 - share }.ln() / n;
        for (g, x) in gradient.iter_mut().zip(x) {
            *g += (share - f64::from(label)) * x / n;
        }
    }
    (gradient, loss)
}

fn double(w: [f32; 3]) -> [f64; 3] {
    w.map(f64::from)
}

fn close(got: &[f32], expected: &[f64]) {
    assert_eq!(got.len(), expected.len());
    for (got, expected) in got.iter().zip(expected) {
        let off = (f64::from(*got) - expected).abs();
        assert!(off < 1e-6, "{got} is not {expected}");
    }
}

fn loss(evaluation: &Evaluation) -> (f64, f64) {
    let (common, own) = evaluation.apart();
    [common, own]
        .map(|scores| scores.get(name::LOSS).unwrap().value)
        .into()
}

/// Scores after a round whose outcome is `params`: of the common model, and of the hospital's own.
fn scores(
    trainer: &mut HospitalTrainer,
    params: &Params,
    order: &TrainOrder,
    round: u32,
) -> (Evaluation, Evaluation) {
    let evaluation = trainer.evaluate(params, order, at(round, 0)).unwrap();
    evaluation.apart()
}

fn bias_is_private(head_first: Option<LocalWork>) -> Personalisation {
    Personalisation::Private {
        tensors: vec!["dense1.bias".to_owned()],
        head_first,
    }
}

#[test]
fn two_rounds_of_ditto_are_its_equations() {
    let (mut trainer, memory) = hospital(logistic());
    let lambda = 0.3;
    let order = two_steps(Personalisation::Ditto { lambda });
    let mut v = double(STARTS[0]);
    for (round, first) in STARTS.into_iter().enumerate() {
        trainer
            .train(&start(round), &order, at(round as u32, 0))
            .unwrap();
        let w = double(first);
        for _ in 0..2 {
            let (g, _) = slope(v);
            for i in 0..3 {
                v[i] -= RATE * (g[i] + f64::from(lambda) * (v[i] - w[i]));
            }
        }
        close(&memory.after(round as u32, StateKind::Ditto), &v);
    }
    let evaluation = trainer.evaluate(&start(0), &order, at(1, 0)).unwrap();
    let (common, own) = loss(&evaluation);
    assert!((common - slope(double(STARTS[0])).1).abs() < 1e-6);
    assert!((own - slope(v).1).abs() < 1e-6);
}

#[test]
fn ditto_without_pull_is_training_alone_from_the_same_start() {
    let (mut trainer, memory) = hospital(logistic());
    let order = TrainOrder {
        personalisation: Personalisation::Ditto { lambda: 0.0 },
        ..order(LocalWork::Epochs(2), 3, Batches::Shuffled)
    };
    let mut learner = Learner::new(logistic(), Engine::Fused);
    let mut alone = start(0);
    for round in 0..2 {
        let place = at(round, 0);
        trainer
            .train(&start(round as usize), &order, place)
            .unwrap();
        let own = own_order(&order, order.work);
        alone = learner.train(&alone, &rows(), &own, place).unwrap().params;
        assert_eq!(memory.after(round, StateKind::Ditto), alone.0);
    }
}

#[test]
fn ditto_with_a_very_strong_pull_stays_at_the_common_model() {
    let (mut trainer, memory) = hospital(logistic());
    let order = TrainOrder {
        optimizer: OptimizerSpec::Sgd {
            learning_rate: 1e-4,
            momentum: 0.0,
        },
        ..two_steps(Personalisation::Ditto { lambda: 1e4 })
    };
    for (round, first) in STARTS.into_iter().enumerate() {
        trainer
            .train(&start(round), &order, at(round as u32, 0))
            .unwrap();
        // A step ends within the gradient's norm / lambda of the model that it is pulled to, and
        // no row's gradient is longer than the row and its 1.
        let own = memory.after(round as u32, StateKind::Ditto);
        for (v, w) in own.iter().zip(first) {
            assert!((v - w).abs() <= 1.8e-4, "{v} is far from {w}");
        }
    }
}

#[test]
fn two_rounds_of_apfl_are_its_equations() {
    for adaptive in [false, true] {
        let (mut trainer, memory) = hospital(logistic());
        let order = two_steps(Personalisation::Apfl {
            alpha: 0.4,
            adaptive,
        });
        let (mut v, mut alpha) = (double(STARTS[0]), f64::from(0.4_f32));
        for (round, first) in STARTS.into_iter().enumerate() {
            trainer
                .train(&start(round), &order, at(round as u32, 0))
                .unwrap();
            let mut w = double(first);
            for _ in 0..2 {
                let mixture = [0, 1, 2].map(|i| alpha * v[i] + (1.0 - alpha) * w[i]);
                let ((of_w, _), (of_mixture, _)) = (slope(w), slope(mixture));
                let before = alpha;
                if adaptive {
                    let along: f64 = (0..3).map(|i| (v[i] - w[i]) * of_mixture[i]).sum();
                    alpha = (alpha - RATE * along).clamp(0.0, 1.0);
                }
                for i in 0..3 {
                    v[i] -= RATE * before * of_mixture[i];
                    w[i] -= RATE * of_w[i];
                }
            }
            let kept = memory.after(round as u32, StateKind::Apfl);
            close(&kept, &[v[0], v[1], v[2], alpha]);
        }
        assert_eq!(alpha != f64::from(0.4_f32), adaptive);
        let evaluation = trainer.evaluate(&start(0), &order, at(1, 0)).unwrap();
        let w = double(STARTS[0]);
        let mixture = [0, 1, 2].map(|i| alpha * v[i] + (1.0 - alpha) * w[i]);
        assert!((loss(&evaluation).1 - slope(mixture).1).abs() < 1e-6);
    }
}

#[test]
fn apfl_is_the_common_model_at_0_and_the_own_at_1() {
    let apfl = |alpha| TrainOrder {
        personalisation: Personalisation::Apfl {
            alpha,
            adaptive: false,
        },
        ..order(LocalWork::Epochs(2), 3, Batches::Shuffled)
    };
    let (mut trainer, _) = hospital(logistic());
    for round in 0..2 {
        let place = at(round, 0);
        trainer
            .train(&start(round as usize), &apfl(0.0), place)
            .unwrap();
        let (common, own) = scores(&mut trainer, &start(1), &apfl(0.0), round);
        assert_eq!(common, own);
    }
    let (mut trainer, memory) = hospital(logistic());
    let mut learner = Learner::new(logistic(), Engine::Fused);
    let mut alone = start(0);
    for round in 0..2 {
        let (place, order) = (at(round, 0), apfl(1.0));
        trainer
            .train(&start(round as usize), &order, place)
            .unwrap();
        alone = learner
            .train(&alone, &rows(), &order, place)
            .unwrap()
            .params;
        let kept = memory.after(round, StateKind::Apfl);
        assert_eq!(kept, [&alone.0[..], &[1.0]].concat());
    }
}

#[test]
fn two_rounds_with_a_private_intercept_are_its_equations() {
    let (mut trainer, memory) = hospital(logistic());
    let order = two_steps(bias_is_private(None));
    let mut intercept = f64::from(STARTS[0][2]);
    for (round, first) in STARTS.into_iter().enumerate() {
        let update = trainer.train(&start(round), &order, at(round as u32, 0));
        let mut w = double(first);
        w[2] = intercept;
        for _ in 0..2 {
            let (g, _) = slope(w);
            (0..3).for_each(|i| w[i] -= RATE * g[i]);
        }
        intercept = w[2];
        let from = double(first);
        close(
            &update.unwrap().delta.0,
            &[w[0] - from[0], w[1] - from[1], 0.0],
        );
        close(
            &memory.after(round as u32, StateKind::Private(1)),
            &[intercept],
        );
    }
    let evaluation = trainer.evaluate(&start(0), &order, at(1, 0)).unwrap();
    let [a, b, _] = double(STARTS[0]);
    assert!((loss(&evaluation).1 - slope([a, b, intercept]).1).abs() < 1e-6);
}

#[test]
fn two_rounds_of_fedrep_are_its_equations() {
    let (mut trainer, memory) = hospital(logistic());
    let order = two_steps(bias_is_private(Some(LocalWork::Steps(3))));
    let mut head = f64::from(STARTS[0][2]);
    for (round, first) in STARTS.into_iter().enumerate() {
        let update = trainer.train(&start(round), &order, at(round as u32, 0));
        let mut w = double(first);
        w[2] = head;
        for _ in 0..3 {
            w[2] -= RATE * slope(w).0[2];
        }
        head = w[2];
        for _ in 0..2 {
            let (g, _) = slope(w);
            (0..2).for_each(|i| w[i] -= RATE * g[i]);
        }
        let from = double(first);
        close(
            &update.unwrap().delta.0,
            &[w[0] - from[0], w[1] - from[1], 0.0],
        );
        close(&memory.after(round as u32, StateKind::Private(1)), &[head]);
    }
}

#[test]
fn fine_tuning_takes_its_own_steps_at_its_own_rate() {
    let (mut trainer, memory) = hospital(logistic());
    let tuned = |steps, learning_rate| {
        two_steps(Personalisation::FineTuning {
            work: LocalWork::Steps(steps),
            learning_rate,
        })
    };
    for (rate, learning_rate) in [(RATE, None), (0.5, Some(0.5))] {
        for params in STARTS {
            let mut w = double(params);
            for _ in 0..3 {
                let (g, _) = slope(w);
                (0..3).for_each(|i| w[i] -= rate * g[i]);
            }
            let (params, order) = (Params(params.to_vec()), tuned(3, learning_rate));
            let evaluation = trainer.evaluate(&params, &order, at(0, 0)).unwrap();
            assert!((loss(&evaluation).1 - slope(w).1).abs() < 1e-6);
        }
    }
    let (common, own) = scores(&mut trainer, &start(0), &tuned(0, None), 0);
    assert_eq!(common, own);
    assert!(memory.0.lock().unwrap().is_empty());
}

#[test]
fn with_no_private_tensor_it_is_plain_training() {
    let config = ModelConfig::Mlp(MlpConfig { hidden: vec![4] });
    let (mut trainer, _) = hospital(spec(&config));
    let params = spec(&config).initial_params(ward_core::Seed::run(1));
    let plain = order(LocalWork::Epochs(2), 3, Batches::Shuffled);
    let nothing = TrainOrder {
        personalisation: Personalisation::Private {
            tensors: vec![],
            head_first: None,
        },
        ..plain.clone()
    };
    for round in 0..2 {
        let expected = trainer.train(&params, &plain, at(round, 0));
        assert_eq!(trainer.train(&params, &nothing, at(round, 0)), expected);
    }
    let (common, own) = scores(&mut trainer, &params, &nothing, 1);
    assert_eq!(common, own);
}

#[test]
fn a_hospital_that_never_took_part_has_the_common_model() {
    let (mut trainer, _) = hospital(logistic());
    for personalisation in [
        bias_is_private(None),
        Personalisation::Ditto { lambda: 1.0 },
        Personalisation::Apfl {
            alpha: 0.25,
            adaptive: true,
        },
    ] {
        let params = Params(vec![0.5, -0.25, 0.125]);
        let (common, own) = scores(&mut trainer, &params, &two_steps(personalisation), 7);
        assert_eq!(common, own);
    }
}

#[test]
fn a_private_tensor_that_is_not_there_or_there_twice_is_refused() {
    let (mut trainer, _) = hospital(logistic());
    for (names, reason) in [
        (
            &["dense9.bias"][..],
            "the private tensor `dense9.bias` is not in this hospital's model",
        ),
        (
            &["dense1.bias", "dense1.bias"],
            "a private tensor is named twice",
        ),
    ] {
        let order = two_steps(Personalisation::Private {
            tensors: names.iter().map(|name| (*name).to_owned()).collect(),
            head_first: None,
        });
        let refused = Err(TrainError::Order(reason.to_owned()));
        assert_eq!(trainer.train(&start(0), &order, at(0, 0)), refused);
    }
}

fn batches() -> impl Strategy<Value = Batches> {
    prop_oneof![
        Just(Batches::Shuffled),
        Just(Batches::Stream),
        Just(Batches::Replacement),
        Just(Batches::InOrder)
    ]
}

fn beside() -> impl Strategy<Value = Personalisation> {
    prop_oneof![
        (0.0_f32..5.0).prop_map(|lambda| Personalisation::Ditto { lambda }),
        (0.0_f32..=1.0, any::<bool>())
            .prop_map(|(alpha, adaptive)| Personalisation::Apfl { alpha, adaptive }),
        (0_u32..5).prop_map(|steps| Personalisation::FineTuning {
            work: LocalWork::Steps(steps),
            learning_rate: None,
        }),
    ]
}

proptest! {
    #[test]
    fn a_model_beside_changes_no_bit_of_what_leaves(
        batches in batches(),
        personalisation in beside(),
        steps in 1_u32..6,
        momentum in 0.0_f32..0.9,
    ) {
        let (mut trainer, _) = hospital(logistic());
        let optimizer = OptimizerSpec::Sgd { learning_rate: 0.1, momentum };
        let plain = TrainOrder {
            optimizer,
            proximal_mu: 0.1,
            l2: 0.01,
            example_clip_norm: 1.0,
            ..order(LocalWork::Steps(steps), 3, batches)
        };
        let beside = TrainOrder { personalisation, ..plain.clone() };
        for round in 0..2 {
            let place = at(round, 0);
            let expected = trainer.train(&start(0), &plain, place).unwrap();
            prop_assert_eq!(trainer.train(&start(0), &beside, place).unwrap(), expected);
            let plain_scores = trainer.evaluate(&start(1), &plain, place).unwrap();
            let (common, _) = scores(&mut trainer, &start(1), &beside, round);
            prop_assert_eq!(common, plain_scores);
        }
    }

    #[test]
    fn private_places_of_an_update_are_zeros_whatever_is_trained(
        batches in batches(),
        layer in 1_usize..=2,
        head in prop::option::of(1_u32..4),
        momentum in 0.0_f32..0.9,
    ) {
        let config = ModelConfig::Mlp(MlpConfig { hidden: vec![4] });
        let (mut trainer, memory) = hospital(spec(&config));
        let params = spec(&config).initial_params(ward_core::Seed::run(3));
        let tensors = ["weight", "bias"].map(|word| format!("dense{layer}.{word}"));
        let layout = spec(&config).layout().clone();
        let private = layout.place(&tensors[0]).unwrap().start
            ..layout.place(&tensors[1]).unwrap().end;
        let order = TrainOrder {
            optimizer: OptimizerSpec::Sgd { learning_rate: 0.1, momentum },
            l2: 0.01,
            personalisation: Personalisation::Private {
                tensors: tensors.to_vec(),
                head_first: head.map(LocalWork::Steps),
            },
            ..order(LocalWork::Steps(3), 3, batches)
        };
        for round in 0..2 {
            let update = trainer.train(&params, &order, at(round, 0)).unwrap().delta.0;
            prop_assert!(update[private.clone()].iter().all(|d| *d == 0.0));
            prop_assert!(update.iter().any(|d| *d != 0.0));
            let kept = memory.after(round, StateKind::Private(private.len()));
            prop_assert!(kept != params.0[private.clone()]);
        }
    }
}
