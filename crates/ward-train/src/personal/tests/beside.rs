//! Models beside the common one: Ditto, APFL, fine-tuning.

use super::*;

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
    for (adaptive, most) in [(false, 0.0), (true, 0.0), (true, 0.01)] {
        let (mut trainer, memory) = hospital(logistic());
        let order = TrainOrder {
            gradient_clip_norm: most,
            ..two_steps(Personalisation::Apfl {
                alpha: 0.4,
                adaptive,
            })
        };
        // Both models' gradients are longer than the norm, where there is one.
        let shortened = |g: [f64; 3]| {
            let norm = g.map(|g| g * g).iter().sum::<f64>().sqrt();
            assert!(norm > f64::from(most));
            let share = match most {
                0.0 => 1.0,
                most => f64::from(most) / norm,
            };
            g.map(|g| g * share)
        };
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
                let of_v = shortened(of_mixture.map(|g| before * g));
                let of_w = shortened(of_w);
                for i in 0..3 {
                    v[i] -= RATE * of_v[i];
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
            gradient_clip_norm: 0.1,
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
}
