//! The config's words for a model, and why one does not fit.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
    /// A burn module that this program was built with (see [`crate::register`]).
    Own(OwnConfig),
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

/// Settings of a module of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnConfig {
    /// The name it was registered under.
    pub name: String,
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
    /// No module of that name was registered.
    #[error("this program has no model `{name}` of its own; {}", registered(.known))]
    Unknown {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A registered module cannot be trained.
    #[error("the model `{name}` cannot be trained: {reason}")]
    Own {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Rows without features.
    #[error("the rows have no features")]
    NoFeatures,
}

/// The widest layer that is accepted.
pub(super) const WIDEST: usize = 65_536;

fn registered(known: &[String]) -> String {
    if known.is_empty() {
        return "none was registered (see `crates/wardround/examples/own_model.rs`)".to_owned();
    }
    format!("it has {}", known.join(", "))
}
