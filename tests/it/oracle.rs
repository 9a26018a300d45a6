//! The product against slow, plain definitions, on random inputs.

use std::sync::Arc;

use proptest::prelude::*;
use ward_core::{
    Address, Batches, Delta, LocalUpdate, LocalWork, NodeId, OptimizerSpec, Params, RingSpec,
    RoundId, Seed, Summary, TrainOrder, Weighting, metric,
};
use ward_data::Rows;
use ward_oracle::{Mlp, Rule, Server, Sgd};
use ward_privacy::ring::RingSum;
use ward_privacy::seal::{trial, trial_order};
use ward_round::strategy::{Adaptive, Move, ServerAdaptive, ServerSgd};
use ward_round::{OptimizerState, ServerOptimizer};
use ward_train::{Engine, Learner, MlpConfig, ModelConfig, ModelSpec, TrainingDevice};

const RING: RingSpec = RingSpec {
    fraction_bits: 30,
    range: 8.0,
    most_weight: 1_000,
};

fn values(len: usize) -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(-2.0_f32..2.0, len)
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

fn close(ours: &[f32], known: &[f64], room: f64) {
    assert_eq!(ours.len(), known.len());
    for (o, k) in ours.iter().zip(known) {
        assert!(
            (f64::from(*o) - k).abs() <= room * (1.0 + k.abs()),
            "{o} is not {k}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_auc_is_the_share_of_pairs_won(
        cases in prop::collection::vec((0_u8..20, any::<bool>()), 1..80),
    ) {
        let scores: Vec<f32> = cases.iter().map(|(score, _)| f32::from(*score) / 4.0).collect();
        let labels: Vec<u8> = cases.iter().map(|(_, label)| u8::from(*label)).collect();
        let positive: Vec<bool> = cases.iter().map(|(_, label)| *label).collect();
        let ours = metric::auc(&scores, &labels).map(|auc| auc.value);
        match (ours, ward_oracle::auc(&wide(&scores), &positive)) {
            (Some(ours), Some(known)) => prop_assert!((ours - known).abs() < 1e-12),
            (ours, known) => prop_assert_eq!(ours, known),
        }
    }

    #[test]
    fn the_ring_s_mean_is_the_weighted_mean(
        updates in prop::collection::vec((values(5), 1_u64..1_000), 1..12),
    ) {
        let mut sum = RingSum::new(5, RING);
        for (delta, examples) in &updates {
            let update = LocalUpdate {
                delta: Delta(delta.clone()),
                extras: Vec::new(),
                examples: *examples,
                noised: None,
                loss: 0.5,
            };
            sum.add(&trial(update, &trial_order(Weighting::Examples, RING)).unwrap());
        }
        let updates: Vec<_> = updates.iter().map(|(u, weight)| (wide(u), *weight)).collect();
        close(&sum.mean().0, &ward_oracle::weighted_mean(&updates), 1e-7);
    }

    #[test]
    fn server_optimizers_follow_their_papers(
        rounds in prop::collection::vec(values(4), 1..6),
        tau in 1e-3_f32..0.1,
    ) {
        let adaptive = |rule, beta1, beta2| {
            ServerAdaptive {
                rule,
                learning_rate: 0.1.into(),
                beta1,
                beta2,
                adaptivity: tau,
                weight_decay: 0.0,
            }
        };
        let ours = [
            (Rule::Sgd, (0.9, 0.0)),
            (Rule::Adagrad, (0.0, 0.0)),
            (Rule::Yogi, (0.9, 0.99)),
            (Rule::Adam, (0.9, 0.99)),
        ];
        for (rule, betas) in ours {
            let (beta1, beta2) = (betas.0 as f32, betas.1 as f32);
            let optimizer: Box<dyn ServerOptimizer> = match rule {
                Rule::Sgd => Box::new(ServerSgd { learning_rate: 0.1.into(), momentum: beta1 }),
                Rule::Adagrad => Box::new(adaptive(Adaptive::Adagrad, beta1, beta2)),
                Rule::Yogi => Box::new(adaptive(Adaptive::Yogi, beta1, beta2)),
                Rule::Adam => Box::new(adaptive(Adaptive::Adam, beta1, beta2)),
            };
            let mut state = OptimizerState::default();
            let mut params = Params(vec![0.5; 4]);
            let mut known = Server::new(rule, 0.1, betas, f64::from(tau), 4);
            let mut w = vec![0.5; 4];
            for delta in &rounds {
                let step = Move {
                    round: RoundId(0),
                    rounds: 1,
                    share: 1.0,
                    aggregate: &Delta(delta.clone()),
                    extras: &[],
                };
                optimizer.apply(&mut state, &mut params, &step);
                known.step(&mut w, &wide(delta));
            }
            close(&params.0, &w, 1e-4);
        }
    }

    #[test]
    fn federated_scaling_is_the_scaling_of_all_rows_together(
        hospitals in prop::collection::vec(prop::collection::vec(values(3), 1..9), 1..5),
    ) {
        let mut total = Summary::default();
        for rows in &hospitals {
            total.add(&Summary::of(&rows.concat(), 3));
        }
        let all: Vec<Vec<f64>> = hospitals.iter().flatten().map(|row| wide(row)).collect();
        let mut row = hospitals[0][0].clone();
        let known: Vec<f64> = ward_oracle::columns(&all)
            .iter()
            .zip(&row)
            .map(|((mean, sd), v)| (f64::from(*v) - mean) / if *sd > 1e-6 { *sd } else { 1.0 })
            .collect();
        total.scaling().apply(&mut row);
        close(&row, &known, 1e-4);
    }

    #[test]
    fn local_training_is_plain_gradient_descent(
        seed in any::<u32>(),
        rows in prop::collection::vec((values(3), 0_u8..2), 1..20),
        batch in 1_u32..7,
        momentum in prop::sample::select(vec![0.0_f32, 0.9]),
        l2 in prop::sample::select(vec![0.0_f32, 0.01]),
        mu in prop::sample::select(vec![0.0_f32, 0.1]),
    ) {
        let config = ModelConfig::Mlp(MlpConfig { hidden: vec![5, 4] });
        let spec = Arc::new(ModelSpec::resolve(&config, &[3], 2).unwrap());
        let initial = spec.initial_params(Seed::run(u64::from(seed)));
        let optimizer = OptimizerSpec::Sgd { learning_rate: 0.05, momentum };
        let order = TrainOrder {
            batches: Batches::InOrder,
            proximal_mu: mu,
            l2,
            ..TrainOrder::new(LocalWork::Epochs(2), batch, optimizer, RING, Seed::run(1))
        };
        let ours = Rows {
            shape: vec![3],
            features: rows.iter().flat_map(|(x, _)| x.clone()).collect(),
            labels: rows.iter().map(|(_, y)| *y).collect(),
        };
        let mlp = Mlp { widths: vec![3, 5, 4, 2] };
        let mut w = wide(&initial.0);
        assert_eq!(mlp.parameters(), w.len());
        let plain: Vec<_> = rows.iter().map(|(x, y)| (wide(x), usize::from(*y))).collect();
        let sgd = Sgd { rate: 0.05, momentum: momentum.into(), l2: l2.into(), mu: mu.into() };
        mlp.train(&mut w, &plain, batch as usize, 2, sgd);
        let place = Address { round: RoundId(0), node: NodeId(0) };
        for engine in [Engine::Fused, Engine::Burn(TrainingDevice::Cpu)] {
            let mut learner = Learner::new(spec.clone(), engine);
            let fitted = learner.train(&initial, &ours, &order, place).unwrap();
            close(&fitted.params.0, &w, 2e-5);
        }
    }
}
