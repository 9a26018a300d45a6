use super::super::tests::hospital;
use super::*;
use std::sync::Arc;
use ward_core::{NodeId, RingSpec, Seed};
use ward_observe::result_row::find;
use ward_train::{Engine, MlpConfig, ModelConfig, ModelSpec};

const RING: RingSpec = RingSpec {
    fraction_bits: 20,
    range: 64.0,
    most_weight: 1_000,
};

/// 64 rows of eight numbers, all unlike each other.
fn rows() -> Rows {
    let mut rows = Rows::empty(&[8]);
    for row in 0..64_u32 {
        let number = |k: u32| (row * 37 + k * 101 + row * k * 13) % 97;
        let features: Vec<f32> = (0..8).map(|k| number(k) as f32 / 20.0 - 2.4).collect();
        rows.push(&features, (row % 2) as u8);
    }
    rows
}

fn spec(model: &ModelConfig, shape: &[usize]) -> Arc<ModelSpec> {
    Arc::new(ModelSpec::resolve(model, shape, 2).unwrap())
}

fn found(batches: &[u32], protection: Protection) -> Vec<Inverted> {
    let mlp = ModelConfig::Mlp(MlpConfig { hidden: vec![32] });
    let spec = spec(&mlp, &[8]);
    let initial = spec.initial_params(Seed::run(3));
    let like = TrainOrder {
        example_clip_norm: 1.0,
        protection,
        ..gradient_of(&TrainOrder::new(
            LocalWork::Steps(1),
            0,
            OptimizerSpec::Sgd {
                learning_rate: 0.1,
                momentum: 0.0,
            },
            RING,
            Seed::run(3),
        ))
    };
    let config = InversionConfig {
        batches: batches.to_vec(),
        rows: 64,
    };
    let place = Address {
        round: RoundId(0),
        node: NodeId(0),
    };
    let mut learner = Learner::new(spec, Engine::Fused);
    Inverted::attack(&mut learner, &config, &initial, &rows(), &like, place).unwrap()
}

#[test]
fn one_row_is_given_away_and_many_hide_each_other() {
    let found = found(&[1, 4, 64], Protection::None);
    let shares: Vec<f64> = found
        .iter()
        .map(|f| f.recovered as f64 / f.rows as f64)
        .collect();
    assert_eq!(found.iter().map(|f| f.rows).collect::<Vec<_>>(), [64; 3]);
    assert_eq!(found[0].recovered, 64);
    assert!(shares[1] > 0.1 && shares[1] < 1.0, "{shares:?}");
    assert!(shares[2] < shares[1], "{shares:?}");
}

#[test]
fn noise_leaves_nothing_to_divide() {
    let noise = PatientNoise {
        draws: Draws::Poisson { rate: 0.5 },
        noise_multiplier: 1.0,
        sizes_are_public: true,
    };
    let found = found(&[1], Protection::Patient(noise));
    let [plain, noised] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!((plain.noised, plain.recovered), (false, 64));
    assert!(noised.noised && noised.recovered < 4, "{noised:?}");
}

#[test]
fn a_convolution_has_no_quotient() {
    let cnn = ModelConfig::Cnn(ward_train::CnnConfig::default());
    let spec = spec(&cnn, &[1, 28, 28]);
    assert!(FirstLayer::of(spec.layout()).is_none());
}

#[test]
fn groups_are_sums_of_rows() {
    let infos = [hospital(0, "a", "tertiary"), hospital(1, "b", "township")];
    let of = |rows, recovered| {
        vec![Inverted {
            batch: 4,
            noised: false,
            rows,
            recovered,
        }]
    };
    let inverted: Vec<_> = infos.iter().zip([of(32, 16), of(8, 0)]).collect();
    let answer = examine(&inverted, Protection::None, true);
    let share = |group| {
        let metric = "recovered_at_batch_4";
        find(&answer.rows, group, Model::Federated, metric)
            .unwrap()
            .value
    };
    assert_eq!(
        [share("all"), share("tertiary"), share("township")],
        [0.4, 0.5, 0.0]
    );
    assert!(
        answer.words.last().unwrap().contains("under masks"),
        "{:?}",
        answer.words
    );
    let nothing = examine(&[], Protection::None, false);
    assert!(nothing.rows.is_empty() && nothing.words.len() == 2);
}
