//! The built-in models as burn modules, made from their layers.

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor, activation};

use crate::flat;
use crate::model::{Classifier, Layers};

/// Any of the built-in models: convolutions, then dense layers.
#[derive(Module, Debug)]
pub struct Network {
    convs: Vec<Conv2d>,
    pool: MaxPool2d,
    dense: Vec<Linear>,
    /// Channels, height and width of the images that the convolutions read.
    #[module(skip)]
    image: [usize; 3],
}

impl Network {
    /// The module of `layers`, on `device`, its parameters all 0.
    #[must_use]
    pub fn new(layers: &Layers, device: &Device) -> Self {
        let zeros = burn::nn::Initializer::Zeros;
        let convs = layers.convs.iter().map(|conv| {
            Conv2dConfig::new([conv.channels_in, conv.channels_out], [conv.kernel; 2])
                .with_initializer(zeros.clone())
                .init(device)
        });
        let dense = layers.dense.iter().map(|layer| {
            LinearConfig::new(layer.inputs, layer.outputs)
                .with_initializer(zeros.clone())
                .init(device)
        });
        let first = layers.convs.first();
        Self {
            convs: convs.collect(),
            pool: MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init(),
            dense: dense.collect(),
            image: first.map_or([0; 3], |conv| {
                let [height, width] = conv.size_in;
                [conv.channels_in, height, width]
            }),
        }
    }

    /// The same module holding `params`, flat, in the order of the layout.
    #[must_use]
    pub fn load(self, params: &[f32], device: &Device) -> Self {
        flat::load(self, params, device)
    }

    /// The parameters, flat, in the order of the layout.
    #[must_use]
    pub fn params(&self) -> Vec<f32> {
        flat::params(self)
    }
}

impl Classifier for Network {
    fn forward(&self, rows: Tensor<2>) -> Tensor<2> {
        let batch = rows.dims()[0];
        let mut hidden = rows;
        if !self.convs.is_empty() {
            let [channels, height, width] = self.image;
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
}
