//! Any burn module as flat numbers, in visiting order: parameters in and out, layout, gradients.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use ward_core::{Layout, TensorSpec};

/// `module` holding `params`, on `device`; on an autodiff device they ask for gradients.
pub(crate) fn load<M: Module>(module: M, params: &[f32], device: &Device) -> M {
    module.map(&mut Load {
        params,
        at: 0,
        device,
    })
}

/// The parameters of `module`.
pub(crate) fn params<M: Module>(module: &M) -> Vec<f32> {
    let mut save = Save(Vec::new());
    module.visit(&mut save);
    save.0
}

/// Names and shapes of the parameters of `module`.
pub(crate) fn layout<M: Module>(module: &M) -> Layout {
    let mut name = Name::default();
    module.visit(&mut name);
    Layout {
        tensors: name.tensors,
    }
}

/// Writes the gradients of `module`'s parameters to `out`, 0 where there is none; says which tensor
/// was the first without.
pub(crate) fn gradients<M: Module>(
    module: &M,
    gradients: &Gradients,
    out: &mut [f32],
) -> Option<usize> {
    let mut flatten = Flatten {
        gradients,
        out,
        at: 0,
        tensor: 0,
        missing: None,
    };
    module.visit(&mut flatten);
    flatten.missing
}

/// The numbers of a tensor.
pub(crate) fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let data = tensor.into_data();
    data.as_slice::<f32>().unwrap_or_default().to_vec()
}

struct Load<'a> {
    params: &'a [f32],
    at: usize,
    device: &'a Device,
}

impl ModuleMapper for Load<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let shape = param.lazy_shape();
        let count = shape.num_elements();
        let values = self.params[self.at..self.at + count].to_vec();
        self.at += count;
        let tensor = Tensor::<D>::from_data(TensorData::new(values, shape), self.device);
        let tensor = if self.device.is_autodiff() {
            tensor.require_grad()
        } else {
            tensor
        };
        let (id, _, mapper) = param.consume();
        Param::from_mapped_value(id, tensor, mapper)
    }
}

struct Save(Vec<f32>);

impl ModuleVisitor for Save {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.extend(numbers(param.val().inner()));
    }
}

#[derive(Default)]
struct Name {
    path: Vec<String>,
    tensors: Vec<TensorSpec>,
}

impl ModuleVisitor for Name {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.tensors.push(TensorSpec {
            name: self.path.join("."),
            shape: param.lazy_shape().to_vec(),
        });
    }
}

struct Flatten<'a> {
    gradients: &'a Gradients,
    out: &'a mut [f32],
    at: usize,
    tensor: usize,
    missing: Option<usize>,
}

impl ModuleVisitor for Flatten<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let tensor = param.val();
        let count = tensor.shape().num_elements();
        let target = &mut self.out[self.at..self.at + count];
        self.at += count;
        match tensor.grad(self.gradients) {
            Some(gradient) => target.copy_from_slice(&numbers(gradient)),
            None => {
                target.fill(0.0);
                self.missing.get_or_insert(self.tensor);
            }
        }
        self.tensor += 1;
    }
}
