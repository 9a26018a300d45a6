//! The laws of hospitals' own models, on logistic regression by hand.

mod beside;
mod private;

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
        ..NodeInfo::default()
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

fn batches() -> impl Strategy<Value = Batches> {
    prop_oneof![
        Just(Batches::Shuffled),
        Just(Batches::Stream),
        Just(Batches::Replacement),
        Just(Batches::InOrder)
    ]
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
