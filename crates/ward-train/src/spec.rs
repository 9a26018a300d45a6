//! Models described: the config's words, resolved against the rows they are to read.

use rand::RngExt;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{Layout, Params, Purpose, Seed, TensorSpec};

/// Which model to train.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ModelConfig {
    /// Logistic regression: one logit for two classes, softmax for more.
    Logistic(LogisticConfig),
    /// A multi-layer perceptron with ReLU between its layers.
    Mlp(MlpConfig),
    /// Two convolutions, each with ReLU and 2 x 2 max-pooling, then one hidden layer.
    Cnn(CnnConfig),
}

/// Logistic regression has no settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(deny_unknown_fields)]
pub struct LogisticConfig {}

/// Settings of a multi-layer perceptron.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MlpConfig {
    /// Widths of the hidden layers, first to last, for example `[64, 32]`. Each 1 to 65,536.
    pub hidden: Vec<usize>,
}

/// Settings of the two-convolution network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CnnConfig {
    /// Output channels of the two convolutions. Default `[8, 16]`.
    pub channels: [usize; 2],
    /// Widths of their square kernels, without padding. Default `[3, 3]`.
    pub kernels: [usize; 2],
    /// Width of the hidden layer. Default 64.
    pub hidden: usize,
}

impl Default for CnnConfig {
    fn default() -> Self {
        Self {
            channels: [8, 16],
            kernels: [3, 3],
            hidden: 64,
        }
    }
}

/// A model that does not fit its rows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    /// A layer without numbers, or with absurdly many.
    #[error("`{field}` is {value}; a width is between 1 and {WIDEST}")]
    Width {
        /// The config's field.
        field: &'static str,
        /// What it says.
        value: usize,
    },
    /// A convolution on something that is no image.
    #[error("a cnn reads images (channels x height x width); these rows have shape {0:?}; use mlp")]
    NotAnImage(Vec<usize>),
    /// Nothing would be left after the kernels and the pooling.
    #[error("the images of {0:?} are too small for kernels of {1:?} and two poolings")]
    TooSmall(Vec<usize>, [usize; 2]),
    /// Fewer than two classes, or more than a label can say.
    #[error("a model tells 2 to 256 classes apart, not {0}")]
    Classes(usize),
    /// Rows without features.
    #[error("the rows have no features")]
    NoFeatures,
}

/// The widest layer that is accepted.
const WIDEST: usize = 65_536;

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

/// A model resolved against its rows: its layers, from which burn's module and the fused trainer
/// are both made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSpec {
    /// Shape of one row.
    pub input_shape: Vec<usize>,
    /// Classes to tell apart.
    pub classes: usize,
    /// Convolutions, first to last; none for tabular rows.
    pub convs: Vec<ConvSpec>,
    /// Dense layers, first to last; at least one.
    pub dense: Vec<DenseSpec>,
    layout: Layout,
}

impl ModelSpec {
    /// The model that `config` means for rows of `input_shape` and `classes` classes.
    ///
    /// # Errors
    /// [`ModelError`] says what does not fit.
    pub fn resolve(
        config: &ModelConfig,
        input_shape: &[usize],
        classes: usize,
    ) -> Result<Self, ModelError> {
        if !(2..=256).contains(&classes) {
            return Err(ModelError::Classes(classes));
        }
        let inputs: usize = input_shape.iter().product();
        if inputs == 0 {
            return Err(ModelError::NoFeatures);
        }
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
        };
        let dense = widths
            .windows(2)
            .map(|pair| DenseSpec {
                inputs: pair[0],
                outputs: pair[1],
            })
            .collect::<Vec<_>>();
        let layout = layout_of(&convs, &dense);
        Ok(Self {
            input_shape: input_shape.to_vec(),
            classes,
            convs,
            dense,
            layout,
        })
    }

    /// Names and shapes of the parameters: weights `[out, in, k, k]` of convolutions and
    /// `[in, out]` of dense layers, each followed by its bias.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// How many parameters there are.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.layout.len()
    }

    /// Logits of one row: 1 for a single-logit model, else the number of classes.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.dense.last().map_or(0, |layer| layer.outputs)
    }

    /// Whether two classes share one logit.
    #[must_use]
    pub fn single_logit(&self) -> bool {
        self.outputs() == 1
    }

    /// The first parameters: uniform within 1 / sqrt(fan in), weights and biases alike (PyTorch's
    /// default), drawn at `seed`'s [`Purpose::INITIAL_PARAMS`], one stream a tensor.
    #[must_use]
    pub fn initial_params(&self, seed: Seed) -> Params {
        let place = seed.purpose(Purpose::INITIAL_PARAMS);
        let fans = self
            .convs
            .iter()
            .map(ConvSpec::patch)
            .chain(self.dense.iter().map(|layer| layer.inputs))
            .flat_map(|fan| [fan, fan]);
        let values =
            self.layout
                .tensors
                .iter()
                .zip(fans)
                .enumerate()
                .flat_map(|(index, (tensor, fan))| {
                    let bound = 1.0 / (fan as f32).sqrt();
                    let mut rng = place.stream_of(index as u64);
                    (0..tensor.count())
                        .map(|_| rng.random_range(-bound..bound))
                        .collect::<Vec<f32>>()
                });
        Params(values.collect())
    }

    /// For each parameter, whether the L2 penalty leaves it alone: biases.
    #[must_use]
    pub(crate) fn biases(&self) -> Vec<std::ops::Range<usize>> {
        let mut at = 0;
        let mut found = Vec::new();
        for tensor in &self.layout.tensors {
            let next = at + tensor.count();
            if tensor.name.ends_with(".bias") {
                found.push(at..next);
            }
            at = next;
        }
        found
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

#[cfg(test)]
mod tests {
    use super::*;

    fn cnn() -> ModelConfig {
        ModelConfig::Cnn(CnnConfig::default())
    }

    #[test]
    fn the_benchmark_models_have_their_known_sizes() {
        let mlp = ModelConfig::Mlp(MlpConfig {
            hidden: vec![64, 32],
        });
        assert_eq!(
            ModelSpec::resolve(&mlp, &[20], 2).unwrap().parameters(),
            3_490
        );
        assert_eq!(
            ModelSpec::resolve(&cnn(), &[1, 28, 28], 2)
                .unwrap()
                .parameters(),
            27_042
        );
        let logistic = ModelConfig::Logistic(LogisticConfig {});
        assert_eq!(
            ModelSpec::resolve(&logistic, &[12], 2)
                .unwrap()
                .parameters(),
            13
        );
        assert_eq!(
            ModelSpec::resolve(&logistic, &[12], 31)
                .unwrap()
                .parameters(),
            13 * 31
        );
    }

    #[test]
    fn models_that_do_not_fit_are_refused_by_name() {
        assert_eq!(
            ModelSpec::resolve(&cnn(), &[20], 2),
            Err(ModelError::NotAnImage(vec![20]))
        );
        assert_eq!(
            ModelSpec::resolve(&cnn(), &[1, 8, 8], 2),
            Err(ModelError::TooSmall(vec![1, 8, 8], [3, 3]))
        );
        let empty = ModelConfig::Mlp(MlpConfig { hidden: vec![0] });
        let refused = Err(ModelError::Width {
            field: "model.mlp.hidden",
            value: 0,
        });
        assert_eq!(ModelSpec::resolve(&empty, &[20], 2), refused);
        assert_eq!(
            ModelSpec::resolve(&empty, &[20], 1),
            Err(ModelError::Classes(1))
        );
        assert_eq!(
            ModelSpec::resolve(&empty, &[0], 2),
            Err(ModelError::NoFeatures)
        );
    }

    #[test]
    fn first_parameters_depend_on_the_seed_and_stay_in_their_bounds() {
        let spec = ModelSpec::resolve(&cnn(), &[1, 28, 28], 2).unwrap();
        let params = spec.initial_params(Seed::run(1));
        assert_eq!(params, spec.initial_params(Seed::run(1)));
        assert_ne!(params, spec.initial_params(Seed::run(2)));
        assert!(params.0[..80].iter().all(|w| w.abs() <= 1.0 / 3.0));
        assert!(
            params.0[80..1_248]
                .iter()
                .all(|w| w.abs() <= 1.0 / 72_f32.sqrt())
        );
    }
}
