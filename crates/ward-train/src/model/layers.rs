//! The built-in models as layers: convolutions, then dense layers.

use ward_core::{Layout, TensorSpec};

use super::config::{CnnConfig, ModelConfig, ModelError, WIDEST};

/// A convolution without padding, followed by ReLU and 2 x 2 max-pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConvSpec {
    /// Input channels.
    pub channels_in: usize,
    /// Output channels.
    pub channels_out: usize,
    /// Width of the square kernel.
    pub kernel: usize,
    /// Height and width of the input.
    pub size_in: [usize; 2],
}

impl ConvSpec {
    /// Height and width after the convolution.
    #[must_use]
    pub fn size_out(&self) -> [usize; 2] {
        self.size_in.map(|side| side + 1 - self.kernel)
    }

    /// Height and width after the pooling, which drops an odd last row and column.
    #[must_use]
    pub fn size_pooled(&self) -> [usize; 2] {
        self.size_out().map(|side| side / 2)
    }

    /// Numbers in one patch.
    #[must_use]
    pub fn patch(&self) -> usize {
        self.channels_in * self.kernel * self.kernel
    }
}

/// A dense layer; ReLU follows all but the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DenseSpec {
    /// Width of the input.
    pub inputs: usize,
    /// Width of the output.
    pub outputs: usize,
}

/// The layers of a built-in model, from which burn's module and the fused trainer are both made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layers {
    /// Convolutions, first to last; none for tabular rows.
    pub convs: Vec<ConvSpec>,
    /// Dense layers, first to last; at least one.
    pub dense: Vec<DenseSpec>,
}

impl Layers {
    /// The layers that `config` means for rows of `input_shape` and `classes` classes; `None` for a
    /// module of one's own.
    ///
    /// # Errors
    /// [`ModelError`] says what does not fit.
    pub(super) fn resolve(
        config: &ModelConfig,
        input_shape: &[usize],
        classes: usize,
    ) -> Result<Option<Self>, ModelError> {
        let inputs: usize = input_shape.iter().product();
        let (convs, widths) = match config {
            // Two classes need one logit: the other is its mirror.
            ModelConfig::Logistic(_) if classes == 2 => (vec![], vec![inputs, 1]),
            ModelConfig::Logistic(_) => (vec![], vec![inputs, classes]),
            ModelConfig::Mlp(mlp) => {
                for &width in &mlp.hidden {
                    check_width("model.mlp.hidden", width)?;
                }
                (vec![], [&[inputs][..], &mlp.hidden, &[classes]].concat())
            }
            ModelConfig::Cnn(cnn) => {
                let convs = convolutions(cnn, input_shape)?;
                let last = convs[1];
                let flat = last.channels_out * last.size_pooled().iter().product::<usize>();
                (convs, vec![flat, cnn.hidden, classes])
            }
            ModelConfig::Own(_) => return Ok(None),
        };
        let dense = widths
            .windows(2)
            .map(|pair| DenseSpec {
                inputs: pair[0],
                outputs: pair[1],
            })
            .collect();
        Ok(Some(Self { convs, dense }))
    }

    /// Logits of one row.
    pub(crate) fn outputs(&self) -> usize {
        self.dense.last().map_or(0, |layer| layer.outputs)
    }

    /// How many numbers each output is made of, for weights and biases in turn.
    pub(super) fn fans(&self) -> impl Iterator<Item = usize> + '_ {
        let convs = self.convs.iter().map(ConvSpec::patch);
        let dense = self.dense.iter().map(|layer| layer.inputs);
        convs.chain(dense).flat_map(|fan| [fan, fan])
    }

    /// Names and shapes of the parameters.
    pub(super) fn layout(&self) -> Layout {
        layout_of(&self.convs, &self.dense)
    }
}

fn check_width(field: &'static str, value: usize) -> Result<(), ModelError> {
    if (1..=WIDEST).contains(&value) {
        Ok(())
    } else {
        Err(ModelError::Width { field, value })
    }
}

fn convolutions(cnn: &CnnConfig, input_shape: &[usize]) -> Result<Vec<ConvSpec>, ModelError> {
    let &[channels, height, width] = input_shape else {
        return Err(ModelError::NotAnImage(input_shape.to_vec()));
    };
    cnn.channels
        .iter()
        .try_for_each(|&w| check_width("model.cnn.channels", w))?;
    cnn.kernels
        .iter()
        .try_for_each(|&w| check_width("model.cnn.kernels", w))?;
    check_width("model.cnn.hidden", cnn.hidden)?;
    let mut convs = Vec::new();
    let (mut channels_in, mut size_in) = (channels, [height, width]);
    for (&channels_out, &kernel) in cnn.channels.iter().zip(&cnn.kernels) {
        if size_in.iter().any(|&side| side < kernel + 1) {
            return Err(ModelError::TooSmall(input_shape.to_vec(), cnn.kernels));
        }
        let conv = ConvSpec {
            channels_in,
            channels_out,
            kernel,
            size_in,
        };
        (channels_in, size_in) = (channels_out, conv.size_pooled());
        convs.push(conv);
    }
    Ok(convs)
}

fn layout_of(convs: &[ConvSpec], dense: &[DenseSpec]) -> Layout {
    let mut tensors = Vec::new();
    let mut add = |name: String, shape: Vec<usize>| tensors.push(TensorSpec { name, shape });
    for (i, conv) in convs.iter().enumerate() {
        let k = conv.kernel;
        add(
            format!("conv{}.weight", i + 1),
            vec![conv.channels_out, conv.channels_in, k, k],
        );
        add(format!("conv{}.bias", i + 1), vec![conv.channels_out]);
    }
    for (i, layer) in dense.iter().enumerate() {
        add(
            format!("dense{}.weight", i + 1),
            vec![layer.inputs, layer.outputs],
        );
        add(format!("dense{}.bias", i + 1), vec![layer.outputs]);
    }
    Layout { tensors }
}
