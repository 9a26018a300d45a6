//! Tensors that stay in the hospital.

use super::*;

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

proptest! {
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
