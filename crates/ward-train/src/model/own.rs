//! Burn modules of one's own: registered once, then named in the config.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::Rng as _;
use ward_core::{Layout, Seed};

use super::config::ModelError;
use crate::reference::{BurnModel, Reference};

/// A burn module that tells classes apart: all that a model of one's own needs.
///
/// Its float parameters are what is trained and sent, in visiting order. Layers that draw random
/// numbers in training (dropout) or keep statistics of their own (batch norm) are refused: the first
/// would make results depend on threads, the second are no parameters that could be averaged.
pub trait Classifier: Module + 'static {
    /// The logits `[batch, classes]` of flat rows `[batch, numbers in a row]`; for two classes also
    /// `[batch, 1]`, one logit being the other's mirror.
    fn forward(&self, rows: Tensor<2>) -> Tensor<2>;
}

type Make = dyn Fn(&[usize], usize, &Device) -> Box<dyn BurnModel> + Send + Sync;

/// A registered module.
#[derive(Clone)]
pub(crate) struct OwnModel {
    name: String,
    make: Arc<Make>,
}

/// What is known of a module once it has been tried.
pub(super) struct Probed {
    pub(super) outputs: usize,
    pub(super) layout: Layout,
}

static REGISTERED: RwLock<BTreeMap<String, Arc<Make>>> = RwLock::new(BTreeMap::new());

/// burn's random generator is the process's: modules that initialise themselves take turns.
static GENERATOR: Mutex<()> = Mutex::new(());

/// Lets experiments say `model.own.name = "NAME"`. `make` makes the module for rows of a shape and
/// a number of classes on a device; burn's initialisers may be used. Call it before the experiment is
/// read; a second module of the same name takes the place of the first.
///
/// Every process of a deployment must be a program that registers the same module.
pub fn register<M: Classifier>(
    name: &str,
    make: impl Fn(&[usize], usize, &Device) -> M + Send + Sync + 'static,
) {
    let make = move |shape: &[usize], classes: usize, device: &Device| -> Box<dyn BurnModel> {
        Box::new(Reference::new(make(shape, classes, device), device.clone()))
    };
    let mut registered = REGISTERED.write().unwrap_or_else(PoisonError::into_inner);
    registered.insert(name.to_owned(), Arc::new(make));
}

impl OwnModel {
    /// The module registered as `name`, tried on rows of `shape`.
    pub(super) fn find(
        name: &str,
        shape: &[usize],
        classes: usize,
    ) -> Result<(Self, Probed), ModelError> {
        let registered = REGISTERED.read().unwrap_or_else(PoisonError::into_inner);
        let Some(make) = registered.get(name) else {
            return Err(ModelError::Unknown {
                name: name.to_owned(),
                known: registered.keys().cloned().collect(),
            });
        };
        let own = Self {
            name: name.to_owned(),
            make: make.clone(),
        };
        drop(registered);
        // burn says what does not fit by panicking.
        let tried = catch_unwind(AssertUnwindSafe(|| own.probe(shape, classes)));
        let tried = tried.unwrap_or_else(|panic| Err(format!("it panicked: {}", told(&*panic))));
        let probed = tried.map_err(|reason| ModelError::Own {
            name: name.to_owned(),
            reason,
        })?;
        Ok((own, probed))
    }

    /// A module on `device`, its parameters still to be loaded.
    pub(crate) fn make(
        &self,
        shape: &[usize],
        classes: usize,
        device: &Device,
    ) -> Box<dyn BurnModel> {
        let _turn = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
        let model = (self.make)(shape, classes, device);
        // Parameters are drawn when they are first read: here, and not during somebody else's turn.
        let _ = model.params();
        model
    }

    /// The parameters that the module starts with.
    pub(super) fn initial(&self, shape: &[usize], classes: usize, place: Seed) -> Vec<f32> {
        let _turn = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
        let device = Device::flex();
        device.seed(place.stream().next_u64());
        (self.make)(shape, classes, &device).params()
    }

    fn probe(&self, shape: &[usize], classes: usize) -> Result<Probed, String> {
        const ROWS: usize = 3;
        let mut model = self.make(shape, classes, &Device::flex());
        let (params, layout) = (model.params(), model.layout());
        if params.is_empty() {
            return Err("it has no parameters".to_owned());
        }
        let width: usize = shape.iter().product();
        let rows: Vec<f32> = (0..ROWS * width).map(|i| (i as f32 * 0.7).sin()).collect();
        let logits = model.forward(&params, &rows, ROWS).len();
        let outputs = logits / ROWS;
        let one = classes == 2 && logits == ROWS;
        if logits != ROWS * classes && !one {
            return Err(format!(
                "it gives {logits} logits for {ROWS} rows of {classes} classes"
            ));
        }
        let mut gradients = [vec![0.0; params.len()], vec![0.0; params.len()]];
        for gradient in &mut gradients {
            model.gradient(&params, &rows, &[0, 1, 0], gradient);
        }
        if let Some(tensor) = model.untrained() {
            let name = &layout.tensors[tensor].name;
            return Err(format!(
                "the loss does not depend on `{name}`; a layer that keeps statistics, such as batch \
                 norm, cannot be averaged: use group or layer norm"
            ));
        }
        if gradients[0] != gradients[1] {
            return Err("it draws random numbers in training (dropout?)".to_owned());
        }
        Ok(Probed { outputs, layout })
    }
}

/// What a panic said.
fn told(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("without a word")
}

impl PartialEq for OwnModel {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for OwnModel {}

impl fmt::Debug for OwnModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OwnModel({})", self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batches::tests::{at, order};
    use crate::engine::{Engine, EngineError, TrainingDevice, TrainingEngine};
    use crate::learner::Learner;
    use crate::model::{ModelConfig, ModelSpec, OwnConfig};
    use burn::nn::{
        BatchNorm, BatchNormConfig, Dropout, DropoutConfig, LayerNorm, LayerNormConfig, Linear,
        LinearConfig,
    };
    use burn::tensor::activation;
    use ward_core::{Batches, LocalWork, OptimizerSpec, TrainOrder, metric::name};
    use ward_data::Rows;

    /// Whatever a module may be made of; what is `None` is left out.
    #[derive(Module, Debug)]
    struct Odd {
        first: Linear,
        norm: Option<LayerNorm>,
        batch_norm: Option<BatchNorm>,
        dropout: Option<Dropout>,
        last: Linear,
    }

    impl Odd {
        fn new(inputs: usize, outputs: usize, device: &Device) -> Self {
            Self {
                first: LinearConfig::new(inputs, 12).init(device),
                norm: None,
                batch_norm: None,
                dropout: None,
                last: LinearConfig::new(12, outputs).init(device),
            }
        }
    }

    impl Classifier for Odd {
        fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
            let mut hidden = activation::tanh(self.first.forward(rows));
            if let Some(norm) = &self.norm {
                hidden = norm.forward(hidden);
            }
            if let Some(norm) = &self.batch_norm {
                hidden = norm.forward(hidden);
            }
            if let Some(dropout) = &self.dropout {
                hidden = dropout.forward(hidden);
            }
            self.last.forward(hidden)
        }
    }

    fn spec(name: &str, classes: usize) -> Result<Arc<ModelSpec>, ModelError> {
        let name = name.to_owned();
        ModelSpec::resolve(&ModelConfig::Own(OwnConfig { name }), &[2], classes).map(Arc::new)
    }

    fn registered(name: &str) -> Arc<ModelSpec> {
        register(name, |shape, classes, device| Odd {
            norm: Some(LayerNormConfig::new(12).init(device)),
            ..Odd::new(shape[0], classes, device)
        });
        spec(name, 2).unwrap()
    }

    /// Positive where the two numbers have one sign: no straight line tells the classes apart.
    fn quadrants(count: usize) -> Rows {
        let mut rows = Rows::empty(&[2]);
        for i in 0..count {
            let point = [(i as f32 * 0.7).sin(), (i as f32 * 1.3).cos()];
            rows.push(&point, u8::from(point[0] * point[1] > 0.0));
        }
        rows
    }

    const BURN: Engine = Engine::Burn(TrainingDevice::Cpu);

    #[test]
    fn a_module_of_ones_own_learns_and_burn_trains_it() {
        let spec = registered("learns");
        let engine = TrainingEngine::Auto.resolve(TrainingDevice::Cpu, &spec);
        assert_eq!(engine, Ok(BURN));
        let fused = TrainingEngine::Fused.resolve(TrainingDevice::Cpu, &spec);
        assert_eq!(fused, Err(EngineError::CannotFuse));
        let names: Vec<&str> = spec
            .layout()
            .tensors
            .iter()
            .map(|t| t.name.as_str())
            .collect();
        assert_eq!(names[..3], ["first.weight", "first.bias", "norm.gamma"]);
        let order = TrainOrder {
            optimizer: OptimizerSpec::Adam {
                learning_rate: 0.02,
                beta1: 0.9,
                beta2: 0.999,
                epsilon: 1e-8,
            },
            ..order(LocalWork::Epochs(40), 16, Batches::Shuffled)
        };
        let mut learner = Learner::new(spec.clone(), BURN);
        let first = spec.initial_params(Seed::run(3));
        let rows = quadrants(200);
        let auc = |learner: &mut Learner, params| {
            let scores = learner.evaluate(params, &rows, None).unwrap();
            scores.evaluation.get(name::AUC).unwrap().value
        };
        assert!(auc(&mut learner, &first) < 0.9);
        let fitted = learner.train(&first, &rows, &order, at(0, 0)).unwrap();
        assert!(auc(&mut learner, &fitted.params) > 0.97);
    }

    #[test]
    fn it_starts_and_trains_the_same_whatever_other_threads_do() {
        let spec = registered("starts");
        let work = |seed: u64| {
            let params = spec.initial_params(Seed::run(seed));
            let order = order(LocalWork::Steps(5), 8, Batches::Shuffled);
            let mut learner = Learner::new(spec.clone(), BURN);
            let fitted = learner
                .train(&params, &quadrants(40), &order, at(0, 0))
                .unwrap();
            (params, fitted.params)
        };
        let alone: Vec<_> = (0..8).map(work).collect();
        assert_ne!(alone[0], alone[1]);
        let together: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8).map(|seed| scope.spawn(move || work(seed))).collect();
            threads
                .into_iter()
                .map(|thread| thread.join().unwrap())
                .collect()
        });
        assert_eq!(alone, together);
    }

    #[test]
    fn one_logit_is_enough_for_two_classes() {
        register("one", |shape, _, device| Odd::new(shape[0], 1, device));
        assert_eq!(spec("one", 2).unwrap().outputs(), 1);
        let refused = spec("one", 3).unwrap_err().to_string();
        assert!(
            refused.ends_with("it gives 3 logits for 3 rows of 3 classes"),
            "{refused}"
        );
    }

    #[test]
    fn what_cannot_be_trained_is_refused_with_the_reason() {
        register("batch-norm", |shape, classes, device| Odd {
            batch_norm: Some(BatchNormConfig::new(12).init(device)),
            ..Odd::new(shape[0], classes, device)
        });
        register("dropout", |shape, classes, device| Odd {
            dropout: Some(DropoutConfig::new(0.5).init()),
            ..Odd::new(shape[0], classes, device)
        });
        register("wide", |shape, classes, device| {
            Odd::new(shape[0] + 1, classes, device)
        });
        for (name, reason) in [
            (
                "batch-norm",
                "the loss does not depend on `batch_norm.running_mean`",
            ),
            ("dropout", "it draws random numbers in training"),
            ("wide", "it panicked: "),
            (
                "nobody",
                "this program has no model `nobody` of its own; it has ",
            ),
        ] {
            let refused = spec(name, 2).unwrap_err().to_string();
            assert!(refused.contains(reason), "{refused}");
        }
    }
}
