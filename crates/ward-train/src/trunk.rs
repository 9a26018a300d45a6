//! A model cut before its last layer: a trunk that stays as it is, and a head that is trained on the
//! features that the trunk makes of rows.

use ward_core::{Params, Scaling, TrainError};
use ward_data::Rows;

use crate::fused::Network;
use crate::learner::{check_rows, scaled};
use crate::model::{DenseSpec, Layers, ModelSpec};

/// Rows that are seen at once.
const BATCH: usize = 256;

/// All layers of a built-in model but the last, with parameters that nobody changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Trunk {
    spec: ModelSpec,
    layers: Layers,
    last: DenseSpec,
    params: Vec<f32>,
    head: Vec<f32>,
    scaling: Option<Scaling>,
}

impl Trunk {
    /// Features that the trunk of `spec` makes of a row; `None` where there is nothing before the last
    /// layer, or where the layers are not known.
    #[must_use]
    pub fn width(spec: &ModelSpec) -> Option<usize> {
        let layers = spec.layers()?;
        let before = !layers.convs.is_empty() || layers.dense.len() > 1;
        Some(layers.dense.last().filter(|_| before)?.inputs)
    }

    /// The trunk of the model `spec` with these parameters, which reads rows under `scaling`; `None` as
    /// with [`Self::width`].
    #[must_use]
    pub fn of(spec: &ModelSpec, params: &Params, scaling: Option<Scaling>) -> Option<Self> {
        Self::width(spec)?;
        let mut layers = spec.layers()?.clone();
        let last = layers.dense.pop()?;
        let length = spec.parameters() - (last.inputs + 1) * last.outputs;
        let (trunk, head) = params.0.split_at_checked(length)?;
        Some(Self {
            spec: spec.clone(),
            layers,
            last,
            params: trunk.to_vec(),
            head: head.to_vec(),
            scaling,
        })
    }

    /// The trunk's parameters.
    #[must_use]
    pub fn params(&self) -> Params {
        Params(self.params.clone())
    }

    /// The last layer's parameters, as logistic regression on the features has them: of two classes one
    /// logit, which is the difference of both.
    #[must_use]
    pub fn head(&self) -> Params {
        if self.last.outputs != 2 {
            return Params(self.head.clone());
        }
        let pairs = self.head.chunks_exact(2);
        Params(pairs.map(|pair| pair[1] - pair[0]).collect())
    }

    /// The features of `rows`, with their labels.
    ///
    /// # Errors
    /// [`TrainError`] when the rows are not those that the model reads.
    pub fn features(&self, rows: &Rows) -> Result<Rows, TrainError> {
        check_rows(&self.spec, rows)?;
        let rows = scaled(rows, self.scaling.as_ref())?;
        let width = self.last.inputs;
        let mut features = Rows {
            shape: vec![width],
            features: Vec::with_capacity(rows.len() * width),
            labels: rows.labels.clone(),
        };
        let mut network = Network::new(self.layers.clone());
        let batches = rows.features.chunks(BATCH * rows.width());
        for (batch, labels) in batches.zip(rows.labels.chunks(BATCH)) {
            let values = network.forward(&self.params, batch, labels.len());
            // The layer is the last here, and has no ReLU of its own.
            features
                .features
                .extend(values.iter().map(|value| value.max(0.0)));
        }
        Ok(features)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::model::{CnnConfig, LogisticConfig, MlpConfig, ModelConfig};
    use crate::{Engine, Learner};
    use rand::RngExt;
    use ward_core::{Seed, Summary};

    fn rows(shape: &[usize], count: usize) -> Rows {
        let mut rng = Seed::run(3).stream();
        let mut rows = Rows::empty(shape);
        let width = rows.width();
        for index in 0..count {
            let row: Vec<f32> = (0..width).map(|_| rng.random_range(-1.0..1.0)).collect();
            rows.push(&row, (index % 2) as u8);
        }
        rows
    }

    /// The head on the trunk's features says what the whole model says of the rows.
    #[test]
    fn trunk_and_head_are_the_model() {
        let cnn = ModelConfig::Cnn(CnnConfig::default());
        let mlp = ModelConfig::Mlp(MlpConfig { hidden: vec![7, 5] });
        for (config, shape, width) in [(cnn, &[1, 28, 28][..], 64), (mlp, &[9], 5)] {
            let rows = rows(shape, 300);
            let scaling = Summary::of(&rows.features, rows.width()).scaling();
            let whole = Arc::new(ModelSpec::resolve(&config, shape, 2).unwrap());
            let params = whole.initial_params(Seed::run(1));
            assert_eq!(Trunk::width(&whole), Some(width));
            let trunk = Trunk::of(&whole, &params, Some(scaling.clone())).unwrap();
            let logistic = ModelConfig::Logistic(LogisticConfig {});
            let head = Arc::new(ModelSpec::resolve(&logistic, &[width], 2).unwrap());
            let features = trunk.features(&rows).unwrap();
            assert_eq!((features.len(), features.width()), (300, width));
            assert_eq!(trunk.params().0.len() + 2 * (width + 1), whole.parameters());
            let by_parts = Learner::new(head, Engine::Fused)
                .evaluate(&trunk.head(), &features, None)
                .unwrap();
            let by_whole = Learner::new(whole, Engine::Fused)
                .evaluate(&params, &rows, Some(&scaling))
                .unwrap();
            for (a, b) in by_parts.positive.iter().zip(&by_whole.positive) {
                assert!((a - b).abs() < 1e-5, "{a} {b}");
            }
        }
    }

    #[test]
    fn a_model_of_one_layer_has_no_trunk() {
        let logistic = ModelConfig::Logistic(LogisticConfig {});
        let spec = ModelSpec::resolve(&logistic, &[3], 2).unwrap();
        assert_eq!(Trunk::width(&spec), None);
        assert_eq!(Trunk::of(&spec, &Params(vec![0.0; 4]), None), None);
    }
}
