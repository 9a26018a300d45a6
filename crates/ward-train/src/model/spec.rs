//! A model resolved against the rows it is to read.

use rand::RngExt;
use ward_core::{Layout, Params, Purpose, Seed};

use super::config::{ModelConfig, ModelError};
use super::layers::Layers;
use super::own::OwnModel;

/// A model resolved against its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSpec {
    /// Shape of one row.
    pub input_shape: Vec<usize>,
    /// Classes to tell apart.
    pub classes: usize,
    pub(crate) body: Body,
    outputs: usize,
    layout: Layout,
}

/// What a model is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Body {
    /// A built-in model.
    Layers(Layers),
    /// A burn module of one's own.
    Own(OwnModel),
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
        if input_shape.iter().product::<usize>() == 0 {
            return Err(ModelError::NoFeatures);
        }
        let (body, outputs, layout) = match (config, Layers::resolve(config, input_shape, classes)?)
        {
            (ModelConfig::Own(own), _) => {
                let (own, probed) = OwnModel::find(&own.name, input_shape, classes)?;
                (Body::Own(own), probed.outputs, probed.layout)
            }
            (_, Some(layers)) => {
                let (outputs, layout) = (layers.outputs(), layers.layout());
                (Body::Layers(layers), outputs, layout)
            }
            (_, None) => return Err(ModelError::NoFeatures),
        };
        Ok(Self {
            input_shape: input_shape.to_vec(),
            classes,
            body,
            outputs,
            layout,
        })
    }

    /// The layers of a built-in model.
    #[must_use]
    pub fn layers(&self) -> Option<&Layers> {
        match &self.body {
            Body::Layers(layers) => Some(layers),
            Body::Own(_) => None,
        }
    }

    /// Names and shapes of the parameters: for a built-in model weights `[out, in, k, k]` of
    /// convolutions and `[in, out]` of dense layers, each followed by its bias.
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
        self.outputs
    }

    /// The first parameters, drawn at `seed`'s [`Purpose::INITIAL_PARAMS`]. Of a built-in model:
    /// uniform within 1 / sqrt(fan in), weights and biases alike (PyTorch's default), one stream a
    /// tensor. A module of one's own initialises itself.
    #[must_use]
    pub fn initial_params(&self, seed: Seed) -> Params {
        let place = seed.purpose(Purpose::INITIAL_PARAMS);
        let layers = match &self.body {
            Body::Layers(layers) => layers,
            Body::Own(own) => return Params(own.initial(&self.input_shape, self.classes, place)),
        };
        let values = self
            .layout
            .tensors
            .iter()
            .zip(layers.fans())
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
            if tensor.name.ends_with("bias") {
                found.push(at..next);
            }
            at = next;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CnnConfig, LogisticConfig, MlpConfig};

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
