//! The models as burn modules, made from their description.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, TensorData, activation};

use crate::spec::ModelSpec;

/// Any of the built-in models: convolutions, then dense layers.
#[derive(Module, Debug)]
pub struct Network {
    convs: Vec<Conv2d>,
    pool: MaxPool2d,
    dense: Vec<Linear>,
}

impl Network {
    /// The module of `spec` holding `params`, on `device`.
    #[must_use]
    pub fn new(spec: &ModelSpec, params: &[f32], device: &Device) -> Self {
        let zeros = burn::nn::Initializer::Zeros;
        let convs = spec.convs.iter().map(|conv| {
            Conv2dConfig::new([conv.channels_in, conv.channels_out], [conv.kernel; 2])
                .with_initializer(zeros.clone())
                .init(device)
        });
        let dense = spec.dense.iter().map(|layer| {
            LinearConfig::new(layer.inputs, layer.outputs)
                .with_initializer(zeros.clone())
                .init(device)
        });
        let network = Self {
            convs: convs.collect(),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            dense: dense.collect(),
        };
        network.map(&mut Load {
            params,
            at: 0,
            device,
        })
    }

    /// The logits `[batch, outputs]` of flat rows `[batch, width]`.
    #[must_use]
    pub fn forward(&self, rows: Tensor<2>, spec: &ModelSpec) -> Tensor<2> {
        let batch = rows.dims()[0];
        let mut hidden = rows;
        if let &[channels, height, width] = spec.input_shape.as_slice()
            && !self.convs.is_empty()
        {
            let mut planes = hidden.reshape([batch, channels, height, width]);
            for conv in &self.convs {
                planes = self.pool.forward(activation::relu(conv.forward(planes)));
            }
            hidden = planes.flatten(1, 3);
        }
        for (index, layer) in self.dense.iter().enumerate() {
            hidden = layer.forward(hidden);
            if index + 1 < self.dense.len() {
                hidden = activation::relu(hidden);
            }
        }
        hidden
    }

    /// The parameters, flat, in the order of the layout.
    #[must_use]
    pub fn params(&self) -> Vec<f32> {
        let mut save = Save(Vec::new());
        self.visit(&mut save);
        save.0
    }
}

/// Fills a module from flat parameters, in visiting order.
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

/// Flattens a module, in visiting order.
struct Save(Vec<f32>);

impl ModuleVisitor for Save {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let data = param.val().inner().into_data();
        self.0
            .extend_from_slice(data.as_slice::<f32>().unwrap_or_default());
    }
}
