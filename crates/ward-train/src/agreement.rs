//! The engines agree: fused, burn and finite differences, for every model.

use std::sync::Arc;

use burn::tensor::Device;
use rand::RngExt;
use ward_core::{Address, Batches, LocalWork, OptimizerSpec, Params, Seed, TrainOrder};
use ward_data::Rows;

use crate::batches::tests::{at, order};
use crate::engine::{Engine, TrainingDevice};
use crate::fit::Differentiate;
use crate::flat;
use crate::fused::Network;
use crate::learner::{Fitted, Learner};
use crate::model::{CnnConfig, LogisticConfig, MlpConfig, ModelConfig, ModelSpec};
use crate::reference::Reference;

const BURN: Engine = Engine::Burn(TrainingDevice::Cpu);

fn fused(spec: &ModelSpec) -> Network {
    Network::new(spec.layers().unwrap().clone())
}

fn reference(spec: &ModelSpec) -> Reference<crate::Network> {
    let device = Device::flex();
    let network = crate::Network::new(spec.layers().unwrap(), &device);
    Reference::new(network, device)
}

fn models() -> Vec<ModelSpec> {
    let logistic = ModelConfig::Logistic(LogisticConfig {});
    let mlp = |hidden: &[usize]| {
        ModelConfig::Mlp(MlpConfig {
            hidden: hidden.to_vec(),
        })
    };
    let cnn = |channels, kernels, hidden| {
        ModelConfig::Cnn(CnnConfig {
            channels,
            kernels,
            hidden,
        })
    };
    let spec = |config: &ModelConfig, shape: &[usize], classes| {
        ModelSpec::resolve(config, shape, classes).unwrap()
    };
    vec![
        spec(&logistic, &[12], 2),
        spec(&logistic, &[5], 3),
        spec(&mlp(&[64, 32]), &[20], 2),
        spec(&mlp(&[7]), &[3], 4),
        spec(&mlp(&[5, 9, 3]), &[33], 2),
        spec(&mlp(&[]), &[6], 2),
        spec(&cnn([8, 16], [3, 3], 64), &[1, 28, 28], 2),
        spec(&cnn([8, 16], [5, 3], 64), &[1, 28, 28], 2),
        spec(&cnn([3, 5], [2, 3], 7), &[2, 13, 11], 3),
    ]
}

fn rows(spec: &ModelSpec, count: usize, seed: u64) -> Rows {
    let width: usize = spec.input_shape.iter().product();
    let mut rng = Seed::run(seed).stream();
    Rows {
        shape: spec.input_shape.clone(),
        features: (0..count * width)
            .map(|_| rng.random_range(-1.5..1.5))
            .collect(),
        labels: (0..count)
            .map(|_| rng.random_range(0..spec.classes as u32) as u8)
            .collect(),
    }
}

fn gradient(model: &mut dyn Differentiate, params: &Params, rows: &Rows) -> (f64, Vec<f32>) {
    let mut gradient = vec![f32::NAN; params.0.len()];
    let loss = model.gradient(&params.0, &rows.features, &rows.labels, &mut gradient);
    (loss, gradient)
}

fn close(a: &[f32], b: &[f32], tolerance: f64, what: &str) {
    let size = b
        .iter()
        .map(|v| f64::from(*v).powi(2))
        .sum::<f64>()
        .sqrt()
        .max(1e-6);
    let apart = a
        .iter()
        .zip(b)
        .map(|(a, b)| f64::from(a - b).powi(2))
        .sum::<f64>()
        .sqrt();
    assert!(
        apart <= tolerance * size,
        "{what}: {} relative",
        apart / size
    );
}

#[test]
fn fused_and_burn_gradients_agree_to_a_hundred_thousandth() {
    for spec in models() {
        for batch in [1, 2, 5, 32, 33] {
            let params = spec.initial_params(Seed::run(3));
            let rows = rows(&spec, batch, 11 + batch as u64);
            let (loss, ours) = gradient(&mut fused(&spec), &params, &rows);
            let (reference, burns) = gradient(&mut reference(&spec), &params, &rows);
            let what = format!("{spec:?}, batch {batch}");
            assert!(
                (loss - reference).abs() < 1e-5,
                "{what}: loss {loss} against {reference}"
            );
            close(&ours, &burns, 1e-5, &what);
        }
    }
}

/// Gradients of a batch, clipped row by row.
fn clipped(
    model: &mut dyn Differentiate,
    params: &Params,
    rows: &Rows,
    norm: f32,
) -> (f64, Vec<f32>) {
    let mut gradient = vec![f32::NAN; params.0.len()];
    let loss = model.clipped_gradient(&params.0, &rows.features, &rows.labels, norm, &mut gradient);
    (loss, gradient)
}

fn norm(values: &[f32]) -> f64 {
    values
        .iter()
        .map(|v| f64::from(*v).powi(2))
        .sum::<f64>()
        .sqrt()
}

#[test]
fn closed_form_clipping_is_the_loop_over_rows() {
    for spec in models() {
        let params = spec.initial_params(Seed::run(3));
        let mut ours = fused(&spec);
        for batch in [1, 2, 5, 33] {
            let rows = rows(&spec, batch, 41 + batch as u64);
            let own: Vec<f64> = (0..batch)
                .map(|i| {
                    let mut one = Rows::empty(&rows.shape);
                    one.push(rows.row(i), rows.labels[i]);
                    norm(&gradient(&mut ours, &params, &one).1)
                })
                .collect();
            let (least, most) = own
                .iter()
                .fold((f64::INFINITY, 0.0_f64), |(least, most), n| {
                    (least.min(*n), most.max(*n))
                });
            // All rows clipped, some of them, none.
            for clip_norm in [least * 0.5, f64::midpoint(least, most), most * 2.0] {
                let (loss, got) = clipped(&mut ours, &params, &rows, clip_norm as f32);
                let mut burns = reference(&spec);
                let (expected, loops) = clipped(&mut burns, &params, &rows, clip_norm as f32);
                let what = format!("{spec:?}, batch {batch}, clipped to {clip_norm}");
                assert!((loss - expected).abs() < 1e-5, "{what}");
                close(&got, &loops, 1e-5, &what);
                assert!(norm(&got) <= clip_norm * 1.000_01, "{what}");
            }
            let (_, whole) = gradient(&mut ours, &params, &rows);
            let (_, never) = clipped(&mut ours, &params, &rows, f32::MAX);
            close(&never, &whole, 1e-6, "a bound that nothing reaches");
        }
    }
}

/// The loss in `f64`, written down once more without any of the trainers' code.
fn plain_loss(spec: &ModelSpec, params: &[f64], rows: &Rows) -> f64 {
    let mut total = 0.0;
    for i in 0..rows.len() {
        let mut at = 0;
        let mut take = |count: usize| {
            at += count;
            &params[at - count..at]
        };
        let mut hidden: Vec<f64> = rows.row(i).iter().map(|&v| f64::from(v)).collect();
        let layers = spec.layers().unwrap();
        for conv in &layers.convs {
            let (k, [_, w]) = (conv.kernel, conv.size_in);
            let ([ho, wo], [hp, wp]) = (conv.size_out(), conv.size_pooled());
            let weight = take(conv.channels_out * conv.patch());
            let bias = take(conv.channels_out);
            let area = conv.size_in[0] * w;
            let at_position = |o: usize, y: usize, x: usize| {
                let mut sum = bias[o];
                for c in 0..conv.channels_in {
                    for dy in 0..k {
                        for dx in 0..k {
                            sum += weight[((o * conv.channels_in + c) * k + dy) * k + dx]
                                * hidden[c * area + (y + dy) * w + x + dx];
                        }
                    }
                }
                assert!(y < ho && x < wo);
                sum
            };
            let mut pooled = Vec::new();
            for o in 0..conv.channels_out {
                for y in 0..hp {
                    for x in 0..wp {
                        let four = [(0, 0), (0, 1), (1, 0), (1, 1)]
                            .map(|(dy, dx)| at_position(o, 2 * y + dy, 2 * x + dx));
                        pooled.push(four.into_iter().fold(0.0, f64::max));
                    }
                }
            }
            hidden = pooled;
        }
        for (index, layer) in layers.dense.iter().enumerate() {
            let weight = take(layer.inputs * layer.outputs);
            let bias = take(layer.outputs);
            hidden = (0..layer.outputs)
                .map(|o| {
                    let sum: f64 = hidden
                        .iter()
                        .enumerate()
                        .map(|(j, v)| v * weight[j * layer.outputs + o])
                        .sum();
                    let z = sum + bias[o];
                    if index + 1 < layers.dense.len() {
                        z.max(0.0)
                    } else {
                        z
                    }
                })
                .collect();
        }
        let label = usize::from(rows.labels[i]);
        total += match hidden.as_slice() {
            [z] => (1.0 + (if label > 0 { -z } else { *z }).exp()).ln(),
            logits => logits.iter().map(|z| z.exp()).sum::<f64>().ln() - logits[label],
        };
    }
    total / rows.len() as f64
}

#[test]
fn fused_gradients_are_the_slopes_of_the_loss() {
    for spec in models() {
        let params = spec.initial_params(Seed::run(5));
        let rows = rows(&spec, 3, 17);
        let (loss, gradient) = gradient(&mut fused(&spec), &params, &rows);
        let exact: Vec<f64> = params.0.iter().map(|&w| f64::from(w)).collect();
        assert!((loss - plain_loss(&spec, &exact, &rows)).abs() < 1e-5);
        let step = 1e-5;
        let stride = (params.0.len() / 60).max(1);
        for index in (0..params.0.len()).step_by(stride) {
            let shifted = |by: f64| {
                let mut shifted = exact.clone();
                shifted[index] += by;
                plain_loss(&spec, &shifted, &rows)
            };
            let slope = (shifted(step) - shifted(-step)) / (2.0 * step);
            let got = f64::from(gradient[index]);
            assert!(
                (got - slope).abs() < 2e-5,
                "{spec:?} parameter {index}: {got} is not {slope}"
            );
        }
    }
}

fn orders() -> Vec<TrainOrder> {
    let base = |optimizer| TrainOrder {
        optimizer,
        proximal_mu: 0.3,
        l2: 0.01,
        ..order(LocalWork::Epochs(2), 7, Batches::Shuffled)
    };
    vec![
        base(OptimizerSpec::Sgd {
            learning_rate: 0.1,
            momentum: 0.0,
        }),
        base(OptimizerSpec::Sgd {
            learning_rate: 0.05,
            momentum: 0.9,
        }),
        base(OptimizerSpec::Adam {
            learning_rate: 0.01,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-3,
        }),
        TrainOrder {
            example_clip_norm: 0.4,
            ..base(OptimizerSpec::Sgd {
                learning_rate: 0.1,
                momentum: 0.5,
            })
        },
        TrainOrder {
            gradient_clip_norm: 0.2,
            ..base(OptimizerSpec::Sgd {
                learning_rate: 0.1,
                momentum: 0.5,
            })
        },
    ]
}

/// What a learner of its own makes of `rows`.
fn trained(
    spec: &ModelSpec,
    engine: Engine,
    params: &Params,
    rows: &Rows,
    order: &TrainOrder,
    address: Address,
) -> Fitted {
    let mut learner = Learner::new(Arc::new(spec.clone()), engine);
    learner.train(params, rows, order, address).unwrap()
}

#[test]
fn both_engines_train_to_the_same_place() {
    for spec in models() {
        let params = spec.initial_params(Seed::run(1));
        let rows = rows(&spec, 23, 29);
        for order in orders() {
            let after = |engine| trained(&spec, engine, &params, &rows, &order, at(2, 1));
            let (fused, burn) = (after(Engine::Fused), after(BURN));
            close(
                &fused.params.0,
                &burn.params.0,
                1e-4,
                &format!("{:?} of {spec:?}", order.optimizer),
            );
            assert!((fused.loss - burn.loss).abs() < 1e-4);
        }
    }
}

#[test]
fn training_is_the_same_bits_on_any_number_of_threads() {
    for engine in [Engine::Fused, BURN] {
        let specs: Vec<ModelSpec> = models().into_iter().take(3).collect();
        for spec in specs {
            let params = spec.initial_params(Seed::run(1));
            let rows = rows(&spec, 40, 31);
            let order = &orders()[1];
            let train = |node| trained(&spec, engine, &params, &rows, order, at(0, node)).params;
            let alone: Vec<Params> = (0..8).map(train).collect();
            let together: Vec<Params> = std::thread::scope(|scope| {
                let train = &train;
                let handles: Vec<_> = (0..8)
                    .map(|node| scope.spawn(move || train(node)))
                    .collect();
                handles
                    .into_iter()
                    .map(|handle| handle.join().unwrap())
                    .collect()
            });
            assert_eq!(alone, together);
        }
    }
}

#[test]
fn the_module_gives_back_the_parameters_it_was_given() {
    for spec in models() {
        let params = spec.initial_params(Seed::run(9));
        let device = Device::flex();
        let network = crate::Network::new(spec.layers().unwrap(), &device);
        assert_eq!(flat::layout(&network).len(), params.0.len());
        assert_eq!(network.load(&params.0, &device).params(), params.0);
    }
}

/// Needs a GPU, or a driver that plays one: `cargo test -p ward-train --features wgpu gpu`.
#[cfg(feature = "wgpu")]
#[test]
fn a_gpu_trains_to_the_same_place() {
    for spec in models() {
        let gpu = Engine::Burn(TrainingDevice::Gpu);
        let params = spec.initial_params(Seed::run(1));
        let rows = rows(&spec, 23, 29);
        for order in orders() {
            let after = |engine| trained(&spec, engine, &params, &rows, &order, at(2, 1));
            let (cpu, gpu) = (after(Engine::Fused), after(gpu));
            let what = format!("{:?} of {spec:?}", order.optimizer);
            close(&gpu.params.0, &cpu.params.0, 1e-3, &what);
        }
    }
}
