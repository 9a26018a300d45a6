//! What is private never leaves: looked for in the sealed words themselves.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use ward_core::{
    Address, Algorithm, LocalWork, NodeId, NodeInfo, NodeState, NodeStates, OptimizerSpec, Params,
    Personalisation, RingSpec, RoundId, RunId, Seed, StateKind, TrainOrder, Upload,
};
use ward_data::{HospitalData, Rows};
use ward_privacy::Guard;
use ward_round::{NodeEffect, NodeInput};
use ward_train::{Engine, HospitalTrainer, Learners, MlpConfig, ModelConfig, ModelSpec};

const RING: RingSpec = RingSpec {
    fraction_bits: 32,
    range: 128.0,
    most_weight: 1_000,
};
const NODE: NodeId = NodeId(0);

/// Remembers the states of one hospital.
#[derive(Debug, Default)]
struct Memory(Mutex<BTreeMap<&'static str, NodeState>>);

impl NodeStates for Memory {
    fn recall(&self, _: RunId, _: Address, kind: StateKind) -> Result<Option<NodeState>, String> {
        Ok(self.0.lock().unwrap().get(kind.name()).cloned())
    }

    fn keep(&self, _: RunId, _: Address, state: &NodeState) -> Result<(), String> {
        let mut states = self.0.lock().unwrap();
        states.insert(state.kind.name(), state.clone());
        Ok(())
    }
}

fn spec() -> Arc<ModelSpec> {
    let config = ModelConfig::Mlp(MlpConfig { hidden: vec![3] });
    Arc::new(ModelSpec::resolve(&config, &[2], 2).unwrap())
}

fn hospital() -> HospitalTrainer {
    let rows = Rows {
        shape: vec![2],
        features: (0..16).map(|i| (i as f32 * 0.7).sin()).collect(),
        labels: vec![0, 1, 1, 0, 1, 0, 0, 1],
    };
    let info = NodeInfo {
        node: NODE,
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
    let memory = Arc::new(Memory::default());
    HospitalTrainer::new(data, Learners::new(spec(), Engine::Fused)).remembering(memory)
}

fn order(algorithm: Algorithm, tensors: &[&str], head_first: Option<LocalWork>) -> TrainOrder {
    let optimizer = OptimizerSpec::Sgd {
        learning_rate: 0.2,
        momentum: 0.0,
    };
    TrainOrder {
        proximal_mu: 0.1,
        l2: 0.01,
        algorithm,
        personalisation: Personalisation::Private {
            tensors: tensors.iter().map(|name| (*name).to_owned()).collect(),
            head_first,
        },
        ..TrainOrder::new(LocalWork::Epochs(3), 3, optimizer, RING, Seed::run(5))
    }
}

fn upload(
    trainer: &mut HospitalTrainer,
    round: u32,
    params: &[f32],
    order: &Arc<TrainOrder>,
) -> Upload {
    let job = NodeEffect::Train {
        round: RoundId(round),
        params: Arc::new(Params(params.to_vec())),
        order: order.clone(),
        masked: None,
    };
    match job.carry_out(NODE, trainer, &mut Guard::open()) {
        Some(NodeInput::Trained { result, .. }) => result.unwrap(),
        other => panic!("training came to {other:?}"),
    }
}

#[test]
fn words_at_private_places_are_zero_in_every_round_of_every_algorithm() {
    let layout = spec().layout().clone();
    let parameters = layout.len();
    for algorithm in [
        Algorithm::Plain,
        Algorithm::FedDyn { alpha: 0.1 },
        Algorithm::Scaffold,
    ] {
        for (tensors, head_first) in [
            (&["dense2.weight", "dense2.bias"][..], None),
            (&["dense2.weight", "dense2.bias"], Some(LocalWork::Steps(2))),
            (&["dense1.bias", "dense2.bias"], None),
        ] {
            let places: Vec<Range<usize>> = tensors
                .iter()
                .map(|name| layout.place(name).unwrap())
                .collect();
            let order = Arc::new(order(algorithm, tensors, head_first));
            let mut trainer = hospital();
            let mut sent = spec().initial_params(Seed::run(1)).0;
            sent.resize(parameters + algorithm.extras_sent(parameters), 0.0);
            for round in 0..3 {
                let words = upload(&mut trainer, round, &sent, &order).words;
                // Behind the update there may be as many extras.
                for block in words.chunks_exact(parameters) {
                    for (at, word) in block.iter().enumerate() {
                        let private = places.iter().any(|place| place.contains(&at));
                        assert_eq!(*word == 0, private, "{algorithm:?}, {tensors:?}, {at}");
                    }
                }
                // One hospital's mean is what it sent: 8 rows, steps of 2^-32.
                for (sent, word) in sent.iter_mut().zip(words.iter()) {
                    *sent += (*word as i64 as f64 / 8.0 / 2_f64.powi(32)) as f32;
                }
            }
        }
    }
}
