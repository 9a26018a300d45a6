//! Models described: the config's words, resolved against the rows they are to read.

mod config;
mod layers;
mod own;
mod spec;

pub use config::{CnnConfig, LogisticConfig, MlpConfig, ModelConfig, ModelError, OwnConfig};
pub use layers::{ConvSpec, DenseSpec, Layers};
pub use own::{Classifier, register};
pub use spec::ModelSpec;

pub(crate) use spec::Body;
